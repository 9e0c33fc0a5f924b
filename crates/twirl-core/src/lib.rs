//! The mathematics of splitting a loss into twirled error and equivariance error.
//!
//! A group G (rotations, or rotations and inversion) acts on inputs and, by an orthogonal
//! representation, on outputs. For a predictor `f`:
//!
//! - twist: `f_g(x) = g^-1 f(g x)`;
//! - twirl: `fbar(x) = E_g f_g(x)` under the Haar measure, the nearest equivariant predictor;
//! - `L = E l(f_g(x), y)`, `L_mean = E l(fbar(x), y)`, `L_equiv = L - L_mean`, which is not
//!   negative for a rotation-invariant loss that is convex in the prediction.
//!
//! The decomposition is that of arXiv 2512.02303. Everything random except `g` (noise, flow time,
//! dropout) must be held fixed across `g`, or it is counted as symmetry error.
//!
//! A measurement has four steps: an [`Estimator`], usually a [`Design`], draws rotations; the caller
//! evaluates the model and untwists its outputs; [`measure_molecule`] gives everything that is said
//! of one molecule ([`split`] the three losses alone); a [`Tally`] averages over molecules and gives
//! intervals. This crate does no input or output and
//! knows no tensor library: it reads host slices of f64.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod angle;
mod cotangent;
mod design;
mod error;
mod estimator;
mod group;
mod interval;
mod law;
mod logits;
mod loss;
mod molecule;
mod precision;
mod resultant;
mod rotation;
mod samples;
mod spectrum;
mod split;
mod stream;
mod symmetry;
mod tally;
pub mod tolerance;
mod wigner;

pub use angle::{AnglePairs, by_angle};
pub use cotangent::{Part, cotangent};
pub use design::Design;
pub use error::CoreError;
pub use estimator::{Coverage, Estimator, Nodes, Powers, Units};
pub use group::FiniteGroup;
pub use interval::{Interval, NORMAL, student, widening};
pub use law::Law;
pub use logits::{equiv_cross_entropy, log_sum_exp, split_cross_entropy};
pub use loss::{Criterion, Loss};
pub use molecule::{Molecule, MoleculeFigures, measure_molecule};
pub use precision::Precision;
pub use resultant::Resultant;
pub use rotation::Rotation;
pub use samples::Samples;
pub use spectrum::{character, lie_derivative_error, spectrum};
pub use split::{
    Split, energy, parity_error, plug_in, plug_in_with, split, split_with, twirled_loss,
};
pub use stream::{Purpose, Stream};
pub use symmetry::Symmetry;
pub use tally::Tally;
pub use wigner::wigner;
