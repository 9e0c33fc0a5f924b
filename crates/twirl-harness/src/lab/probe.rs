//! What a model is asked, and what it answers.

use twirl_core::{Design, Loss, Symmetry};

use crate::term::Role;

/// The values of a loss and its parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// `L`, mean over molecules.
    pub loss: f64,
    /// `L_mean`.
    pub mean: f64,
    /// `L_equiv`.
    pub equiv: f64,
    /// The loss of predicting zero for the same molecules.
    pub zero: f64,
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
    /// Labels in the unrotated pose, `[blocks][dim]`.
    pub target: Vec<f64>,
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
    /// Outputs looked at, of all items together, the same for every rotation.
    pub outputs: usize,
    /// Outputs of the items that have weight in the loss, from which they were drawn.
    pub of: usize,
    /// `[rotations][outputs]` rows, item after item, each scaled by the square root of the output's
    /// weight in the loss, so that `rows rows^T` is the Gauss-Newton kernel of `L` up to a constant.
    pub rows: Vec<Vec<f64>>,
}
