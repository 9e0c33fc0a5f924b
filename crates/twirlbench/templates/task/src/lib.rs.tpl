//! __NAME__: one vector per molecule, predicted from atomic numbers and positions.
//!
//! What the vector is stands in `label.rs` alone.

mod arms;
mod config;
mod label;
mod task;

use twirl_harness::{Entry, Training};

pub use arms::painn::{PainnArm, PainnArmConfig};
pub use arms::plain::{Plain, PlainConfig};
pub use config::__TYPE__Config;
pub use label::{UNIT, label};
pub use task::{__TYPE__, Batch, Host};

/// The arms of this task.
pub const ENTRIES: &[Entry] = &[
    Entry::of::<__TYPE__, Plain>(
        "plain",
        Training::Augmented,
        "a perceptron on every atom's coordinates, averaged",
    ),
    Entry::of::<__TYPE__, Plain>(
        "plain-unaugmented",
        Training::Unaugmented,
        "the same, trained on the stored poses",
    )
    .control_of("plain"),
    Entry::of::<__TYPE__, PainnArm>(
        "painn",
        Training::Equivariant,
        "scalars and vectors exchange messages; O(3)-equivariant",
    ),
];
