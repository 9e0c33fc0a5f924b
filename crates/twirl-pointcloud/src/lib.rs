#![doc = include_str!("../README.md")]

mod arms;
mod batch;
mod config;
mod label;
mod point_cloud;
mod scale;
mod task;

use twirl_harness::{Entry, Training};

pub use arms::painn::{PainnArm, PainnArmConfig};
pub use arms::plain::{Plain, PlainConfig};
pub use batch::{Batch, Host};
pub use config::PointCloudConfig;
pub use label::{Kind, Label, Labels, Per};
pub use point_cloud::PointCloud;
pub use scale::Scale;

/// The arms of a task.
pub const fn entries<L: Labels>() -> [Entry; 3] {
    [
        Entry::of::<PointCloud<L>, Plain>(
            "plain",
            Training::Augmented,
            "a perceptron on every atom's coordinates and those of its neighbours",
        ),
        Entry::of::<PointCloud<L>, Plain>(
            "plain-unaugmented",
            Training::Unaugmented,
            "the same, trained on the stored poses",
        )
        .control_of("plain"),
        Entry::of::<PointCloud<L>, PainnArm>(
            "painn",
            Training::Equivariant,
            "scalars and vectors exchange messages; O(3)-equivariant",
        ),
    ]
}
