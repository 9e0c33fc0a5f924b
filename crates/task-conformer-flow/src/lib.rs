//! Conformers of a molecule from its bond graph, by flow matching.
//!
//! A source sample `x0` is drawn from a prior, a state `x_t` lies between it and a conformer `x1`,
//! and a network predicts `x1` or the velocity from `x_t`, the time and the bond graph. Source,
//! noise, time and the alignment of source and conformer are drawn in the batch, before any
//! rotation; a rotation turns state and target together. One skeleton in four versions: see
//! [`ENTRIES`]. Lengths are in angstrom.
//!
//! Bond graphs hold no marks of stereo centres, so mirror images of one graph are conformers alike.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod arms;
mod automorphism;
mod baseline;
mod batch;
mod bayes;
mod closing;
mod config;
mod conformer_flow;
mod features;
mod generate;
pub mod geometry;
mod layout;
mod posterior;
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
pub use batch::{Batch, Graphs, Host, Output, State};
pub use config::{FlowConfig, Method, Preset};
pub use conformer_flow::ConformerFlow;
pub use layout::Layout;
pub use size::Shape;
pub use topology::Topology;

/// The arms of this task.
pub const ENTRIES: &[Entry] = &[
    Entry::generative::<ConformerFlow, Plain>(
        "plain",
        Training::Augmented,
        "diffusion transformer on coordinates, trained on random poses",
    ),
    Entry::generative::<ConformerFlow, Plain>(
        "plain-unaugmented",
        Training::Unaugmented,
        "the same, trained on the stored poses",
    )
    .control_of("plain"),
    Entry::generative::<ConformerFlow, Equivariant>(
        "equivariant",
        Training::Equivariant,
        "the same skeleton with scalars and vectors; SO(3)-equivariant",
    ),
    Entry::generative::<ConformerFlow, FrameAveraged>(
        "frame-averaged",
        Training::Equivariant,
        "plain averaged over four principal-axis frames; SO(3)-equivariant",
    ),
];
