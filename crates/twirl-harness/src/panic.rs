//! What a panic or a failing device was about.

use std::any::Any;

use crate::error::RunError;

/// What a panic said.
#[must_use]
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("panic without a message")
}

/// The error that a panic of model or task code stands for.
pub(crate) fn classify(panic: &(dyn Any + Send)) -> RunError {
    failure(panic_text(panic))
}

/// The line of a message that says what went wrong: of one that lists causes the innermost, else the first.
#[must_use]
pub fn cause(text: &str) -> &str {
    let listed = text.rsplit_once("Caused by:\n").map(|(_, causes)| causes);
    listed
        .unwrap_or(text)
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
}

/// The error that a message of a device or a panic stands for: out of memory, or what it says in a line.
/// Backends have types for want of memory, but burn hands on their text alone.
pub(crate) fn failure(text: &str) -> RunError {
    let line = cause(text).to_owned();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_is_told() {
        let text = "Error while reading data: Execution(An error happened\nCaused by:\n  Several failures\n  skipped \
                    `ReduceKernel`\nCaused by:\n  can't allocate buffer of size: 268435456\nNo backtrace available";
        assert_eq!(cause(text), "can't allocate buffer of size: 268435456");
        assert!(matches!(failure(text), RunError::OutOfMemory(line) if line == cause(text)));
        assert_eq!(cause("index out of bounds\nat here"), "index out of bounds");
    }
}
