//! What a panic or a failing device was about.

use std::any::Any;

use crate::error::RunError;

/// The error that a panic of model or task code stands for.
pub(crate) fn classify(panic: &(dyn Any + Send)) -> RunError {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("panic without a message");
    failure(text)
}

/// The error that a message of a device or a panic stands for: out of memory, or its first line.
/// Backends have types for want of memory, but burn hands on their text alone.
pub(crate) fn failure(text: &str) -> RunError {
    let line = text.lines().next().unwrap_or_default().to_owned();
    let lower = text.to_lowercase();
    let words = [
        "out of memory",
        "outofmemory",
        "out-of-memory",
        "out of device memory",
        "failed to allocate",
        "can't allocate",
        "memory allocation",
    ];
    if words.iter().any(|words| lower.contains(words)) {
        RunError::OutOfMemory(line)
    } else {
        RunError::Panic(line)
    }
}
