//! The precision of the products that begin on a thread.

use std::cell::Cell;

use twirl_core::Precision;

use crate::scope::within;

thread_local! {
    static CURRENT: Cell<Precision> = const { Cell::new(Precision::F32) };
}

/// Runs a function whose products round their operands, and so do the backward passes of what it makes.
pub fn with_precision<R>(precision: Precision, run: impl FnOnce() -> R) -> R {
    within(&CURRENT, precision, run)
}

/// The precision of products that begin on this thread.
pub(crate) fn current() -> Precision {
    CURRENT.get()
}
