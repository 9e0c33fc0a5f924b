//! A model in training, opened for study: its weights, gradients and residuals, without its types.

mod bench;
mod linear;
mod stack;
mod weights;

use std::ops::Range;

use twirl_core::{Design, Loss, Symmetry};
use twirl_data::Split;

use crate::{Role, RunError};

pub(crate) use bench::open;
pub use linear::{LinearSplit, Projection};
pub use twirl_core::Part;

/// Where a parameter lies in the flat vector of weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Path in the model, for example `edge_head.weight`.
    pub name: String,
    /// Extents.
    pub shape: Vec<usize>,
    /// Place in the flat vector, row-major.
    pub range: Range<usize>,
}

/// The values of a loss and its parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// `L`, mean over molecules.
    pub loss: f64,
    /// `L_mean`.
    pub mean: f64,
    /// `L_equiv`.
    pub equiv: f64,
}

/// What a model is looked at with: molecules, rotations and noise, all fixed.
///
/// Rotations are functions of `(seed, item)` and noise of `(noise, item)`, the same as those of a
/// measurement where both are its seed. Two probes that differ in `seed` alone see one noise under
/// independent rotations.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Items, by their number in the data set.
    pub items: Vec<usize>,
    /// Rotations of each.
    pub design: Design,
    /// Proper rotations only, or their negatives too.
    pub symmetry: Symmetry,
    /// Seed of rotations.
    pub seed: u64,
    /// Seed of everything else that is random: flow time, source sample, voxel noise.
    pub noise: u64,
    /// Most rotated molecules evaluated at once, which bounds memory.
    pub batch: usize,
}

/// Residuals and predictions of one term of one molecule, at every rotation.
#[derive(Debug, Clone, PartialEq)]
pub struct TermSamples {
    /// Name of the term.
    pub name: &'static str,
    /// Trained on, or reported only.
    pub role: Role,
    /// Function of a residual's length.
    pub loss: Loss,
    /// Blocks and components of each.
    pub extent: [usize; 2],
    /// `[rotations][blocks][dim]`, untwisted.
    pub residuals: Vec<f64>,
    /// `[blocks]`.
    pub weights: Vec<f64>,
}

/// The terms of one molecule.
#[derive(Debug, Clone, PartialEq)]
pub struct MoleculeSamples {
    /// Number of the item.
    pub item: usize,
    /// Its molecule, the unit of a bootstrap.
    pub molecule: usize,
    /// Every term of the loss.
    pub terms: Vec<TermSamples>,
}

/// Derivatives of single untwisted outputs with respect to all weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Jacobian {
    /// Rotations.
    pub rotations: usize,
    /// Outputs looked at, the same for every rotation.
    pub outputs: usize,
    /// Outputs of the probe that have weight in the loss, from which they were drawn.
    pub of: usize,
    /// `[rotations][outputs]` rows, each scaled by the square root of the output's weight in the
    /// loss, so that `rows rows^T` is the Gauss-Newton kernel of `L` up to a constant.
    pub rows: Vec<Vec<f64>>,
}

/// One arm, trained by the ordinary steps of a run and looked at in between.
///
/// Weights are one flat vector in the order of the module; every question takes them as an
/// argument, so that a question never changes the model in training.
pub trait Lab {
    /// Where each parameter lies.
    fn parameters(&self) -> &[ParameterInfo];

    /// Linear layers with an equivariant part, as the arm names them.
    ///
    /// # Errors
    /// If the arm names a parameter that it does not have, or of the wrong shape.
    fn linear_splits(&self) -> Result<Vec<LinearSplit>, RunError>;

    /// Items of a part of the data.
    fn items(&self, split: Split) -> Vec<usize>;

    /// Steps taken.
    fn step(&self) -> u64;

    /// Device seconds spent on them.
    fn seconds(&self) -> f64;

    /// The weights in training, not their average.
    fn weights(&self) -> Vec<f64>;

    /// Trains on until step `to`, with the batches, rotations and schedule of a run of the same
    /// job. A search for the learning rate is not made.
    ///
    /// # Errors
    /// If a batch cannot be made, or loss or gradient are not finite.
    fn advance(&mut self, to: u64) -> Result<(), RunError>;

    /// The loss and its parts, for any loss.
    ///
    /// # Errors
    /// If the probe or the weights do not fit, or a prediction is not finite.
    fn parts(&self, weights: &[f64], probe: &Probe) -> Result<Parts, RunError>;

    /// Gradient of the unbiased estimate that [`Lab::parts`] returns.
    ///
    /// # Errors
    /// If a trained term is not squared, and as [`Lab::parts`].
    fn gradient(&self, weights: &[f64], probe: &Probe, part: Part) -> Result<Vec<f64>, RunError>;

    /// Residuals at every rotation.
    ///
    /// # Errors
    /// As [`Lab::parts`].
    fn samples(&self, weights: &[f64], probe: &Probe) -> Result<Vec<MoleculeSamples>, RunError>;

    /// Rows of the Jacobian of the probe's first item, for `outputs` components of its
    /// predictions drawn at random (all of them, if there are fewer).
    ///
    /// # Errors
    /// As [`Lab::parts`].
    fn jacobian(
        &self,
        weights: &[f64],
        probe: &Probe,
        outputs: usize,
    ) -> Result<Jacobian, RunError>;
}
