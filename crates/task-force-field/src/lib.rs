//! Force fields: energy and forces of a molecule from atomic numbers and positions.
//!
//! Forces are predicted directly by every arm, not as a gradient of the energy. Units inside are
//! those of the training set's spread (see [`Scale`]); scores are in meV and angstrom.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod arms;
mod batch;
mod closing;
mod config;
mod data;
mod force_field;
mod scores;
mod task;

use twirl_harness::{Entry, Training};

pub use arms::coordinate_transformer::{CoordinateTransformer, CoordinateTransformerConfig};
pub use arms::mace::{MaceArm, MaceArmConfig};
pub use arms::neighbour_attention::{Direct, NeighbourAttention, NeighbourAttentionConfig};
pub use arms::painn::{PainnArm, PainnArmConfig};
pub use arms::tensor_field::{TensorFieldArm, TensorFieldArmConfig};
pub use batch::{Batch, Host, Output};
pub use config::ForceFieldConfig;
pub use data::Scale;
pub use force_field::ForceField;

/// The arms of this task.
pub const ENTRIES: &[Entry] = &[
    Entry::of::<ForceField, NeighbourAttention>(
        "neighbour-attention",
        Training::Augmented,
        "attention over neighbours, invariant but for its force head (EScAIP-like)",
    ),
    Entry::of::<ForceField, NeighbourAttention>(
        "neighbour-attention-unaugmented",
        Training::Unaugmented,
        "the same, trained on the stored poses",
    )
    .control_of("neighbour-attention"),
    Entry::of::<ForceField, CoordinateTransformer>(
        "coordinate-transformer",
        Training::Augmented,
        "plain transformer on atoms with coordinates as input",
    ),
    Entry::of::<ForceField, CoordinateTransformer>(
        "coordinate-transformer-unaugmented",
        Training::Unaugmented,
        "the same, trained on the stored poses",
    )
    .control_of("coordinate-transformer"),
    Entry::of::<ForceField, PainnArm>(
        "painn",
        Training::Equivariant,
        "scalars and vectors exchange messages; O(3)-equivariant",
    ),
    Entry::of::<ForceField, TensorFieldArm>(
        "tensor-field",
        Training::Equivariant,
        "Clebsch-Gordan products up to degree 2; O(3)- or SO(3)-equivariant",
    ),
    Entry::of::<ForceField, MaceArm>(
        "mace",
        Training::Equivariant,
        "products of up to three sums over neighbours, up to degree 2; O(3)-equivariant (MACE-like)",
    ),
];
