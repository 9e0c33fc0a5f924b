//! Symmetry-agnostic building blocks of networks on burn, shared by every arm.
//!
//! - All weights come from [`Init`], a host-side stream of its own: the same seed gives the same
//!   weights and parameter ids on every device, whatever other threads draw.
//! - Dense layers flatten their input to `[rows, channels]`: on the CPU device a 2-D matrix
//!   product is twice as fast as one with a broadcast weight.
//! - Wrong shapes are programming errors and panic at the first line of `forward`.

mod attention;
mod circular;
mod convolution;
mod dense;
mod exponential;
mod flex;
mod flops;
mod gated;
mod group_norm;
mod init;
mod lookup;
mod norm;
pub mod own;
mod parts;
mod pointwise;
mod precision;
mod product;
mod radial;
mod rounded;
mod scope;
mod slots;

pub use attention::{Bias, Spans, attend, attention};
pub use convolution::{conv_transpose3d, conv3d};
pub use dense::{Dense, Mlp};
pub use flops::{count_flops, matmul, matmul_full};
pub use gated::gated;
pub use group_norm::GroupNorm;
pub use init::Init;
pub use lookup::{Embedding, MAX_ATOMIC_NUMBER, gather};
pub use norm::{LayerNorm, RmsNorm, modulated_norm};
pub use parts::{divide, parts};
pub use pointwise::{Activation, cosine, gaussian, sine};
pub use precision::with_precision;
pub use radial::{BesselBasis, GaussianBasis, cutoff};
pub use slots::{Piece, Slots};

/// The README's example, compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
