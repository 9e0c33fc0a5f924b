//! Damaged files for every reader: none may panic, abort, hang, or be refused in more than one line.

mod mutate;
mod range;
mod scratch;
mod target;
mod targets;

pub use range::{Counts, run};
pub use scratch::Scratch;
pub use target::{Outcome, SEED, Target};
pub use targets::TARGETS;
