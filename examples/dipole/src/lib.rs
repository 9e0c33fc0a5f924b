//! Dipole of a molecule, predicted from atomic numbers and positions: a task outside the workspace.
//!
//! What the dipole is stands in `label.rs`, its charges in `charges.rs`; the rest is what
//! `twirlbench new-task dipole` wrote. `docs/adding-a-task.md` walks through it.

mod arms;
mod charges;
mod config;
mod label;
mod task;

use twirl_harness::{Entry, Training};

pub use arms::painn::{PainnArm, PainnArmConfig};
pub use arms::plain::{Plain, PlainConfig};
pub use charges::charges;
pub use config::DipoleConfig;
pub use label::{UNIT, label};
pub use task::{Batch, Dipole, Host};

/// The arms of this task.
pub const ENTRIES: &[Entry] = &[
    Entry::of::<Dipole, Plain>(
        "plain",
        Training::Augmented,
        "a perceptron on every atom's coordinates, averaged",
    ),
    Entry::of::<Dipole, Plain>(
        "plain-unaugmented",
        Training::Unaugmented,
        "the same, trained on the stored poses",
    )
    .control_of("plain"),
    Entry::of::<Dipole, PainnArm>(
        "painn",
        Training::Equivariant,
        "scalars and vectors exchange messages; O(3)-equivariant",
    ),
];
