//! Standard output and standard error, either of which may go away while a command works.
//!
//! The macros of the standard library panic then. Here a command goes on in silence and keeps its
//! exit code: a reader that has seen enough (`twirlbench tasks | head -1`) is no error.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

/// What ended the printing.
static ENDED: Mutex<Option<io::Error>> = Mutex::new(None);

fn ended() -> std::sync::MutexGuard<'static, Option<io::Error>> {
    ENDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints, unless printing has failed before.
pub(crate) fn out(text: fmt::Arguments<'_>) {
    let mut ended = ended();
    if ended.is_none() {
        *ended = io::stdout().lock().write_fmt(text).err();
    }
}

/// Prints to standard error. If that fails nobody is left to be told.
pub(crate) fn err(text: fmt::Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(text);
}

/// Prints what is still held back.
///
/// # Errors
/// What ended the printing, unless the reader went away.
pub(crate) fn finish() -> io::Result<()> {
    let error = ended().take().or(io::stdout().flush().err());
    match error {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// A line on standard output, like `println!`.
macro_rules! say {
    ($($part:tt)*) => { crate::print::out(format_args!("{}\n", format_args!($($part)*))) };
}

/// A line on standard error, like `eprintln!`.
macro_rules! tell {
    ($($part:tt)*) => { crate::print::err(format_args!("{}\n", format_args!($($part)*))) };
}

pub(crate) use {say, tell};
