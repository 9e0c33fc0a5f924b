//! Conformers of a molecule from its bond graph, by flow matching.
//!
//! A source sample `x0` is drawn from a prior, a state `x_t` lies between it and a conformer `x1`,
//! and a network predicts `x1` or the velocity from `x_t`, the time and the bond graph. Source,
//! noise, time and the alignment of source and conformer are drawn in the batch, before any
//! rotation; a rotation turns state and target together. One skeleton in four versions: see
//! [`ENTRIES`]. Lengths are in angstrom.
//!
//! Bond graphs hold no marks of stereo centres, so mirror images of one graph are conformers alike.

mod arms;
mod automorphism;
mod baseline;
mod batch;
mod closing;
mod config;
mod generate;
pub mod geometry;
mod layout;
pub mod quality;
pub mod sampler;
pub mod schedule;
mod scores;
mod size;
mod task;
mod topology;

use twirl_harness::{Entry, Training};

pub use arms::equivariant::Equivariant;
pub use arms::frame_averaged::{FRAMES, FrameAveraged, frames};
pub use arms::plain::Plain;
pub use automorphism::Automorphisms;
pub use batch::{Batch, Graphs, Host, State};
pub use config::{FlowConfig, Preset};
pub use layout::Layout;
pub use size::{Shape, Size, SkeletonConfig};
pub use task::{ConformerFlow, Output};
pub use topology::Topology;

/// The arms of this task.
pub const ENTRIES: &[Entry] = &[
    Entry::of::<ConformerFlow, Plain>(
        "plain",
        Training::Augmented,
        "diffusion transformer on coordinates, trained on random poses",
    )
    .generating::<ConformerFlow, Plain>(),
    Entry::of::<ConformerFlow, Plain>(
        "plain-unaugmented",
        Training::Unaugmented,
        "the same, trained on the stored poses",
    )
    .generating::<ConformerFlow, Plain>(),
    Entry::of::<ConformerFlow, Equivariant>(
        "equivariant",
        Training::Equivariant,
        "the same skeleton with scalars and vectors; SO(3)-equivariant",
    )
    .generating::<ConformerFlow, Equivariant>(),
    Entry::of::<ConformerFlow, FrameAveraged>(
        "frame-averaged",
        Training::Equivariant,
        "plain averaged over four principal-axis frames; SO(3)-equivariant",
    )
    .generating::<ConformerFlow, FrameAveraged>(),
];
