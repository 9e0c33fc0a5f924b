//! The terms of a loss, and figures beside it.

use burn::tensor::Tensor;
use twirl_core::Loss;

/// Whether a term is trained on or only reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Part of the training loss, and so of `loss`, `L_mean` and `L_equiv`.
    Train,
    /// Measured beside the training loss, for example the squared error of a model trained on
    /// the L2 norm.
    Report,
}

/// One term of a loss: `sum over blocks of weight * loss(|prediction - target|)` per molecule.
///
/// The residual is affine in the prediction, which fixes the training loss, `L`, `L_mean` and
/// `L_equiv` at once. A block is what the loss takes the length of: an atom's force, a molecule's
/// energy, a voxel grid.
#[derive(Debug, Clone)]
pub struct Term {
    /// Name in records, for example `force`.
    pub name: &'static str,
    /// Trained on or reported.
    pub role: Role,
    /// Convex function of the residual's length.
    pub loss: Loss,
    /// `[batch, blocks, dim]`.
    pub prediction: Tensor<3>,
    /// `[batch, blocks, dim]`.
    pub target: Tensor<3>,
    /// `[batch, blocks]`; 0 at padding.
    pub weight: Tensor<2>,
}

impl Term {
    /// Value per molecule, `[batch]`.
    ///
    /// Padded blocks have weight 0; the square root is taken of at least `1e-24`, so that a
    /// residual of exactly zero has gradient zero and not infinity.
    pub fn value(&self) -> Tensor<1> {
        let residual = self.prediction.clone() - self.target.clone();
        let squared: Tensor<2> = (residual.clone() * residual).sum_dim(2).squeeze_dim(2);
        let value = match self.loss {
            Loss::Squared => squared,
            Loss::Norm => squared.clamp_min(1e-24).sqrt(),
            Loss::Huber { delta } => {
                let length = squared.clone().clamp_min(1e-24).sqrt();
                let far = length.clone().greater_elem(delta);
                let outside = (length - delta / 2.0) * delta;
                (squared * 0.5).mask_where(far, outside)
            }
        };
        (value * self.weight.clone()).sum_dim(1).squeeze_dim(1)
    }
}

/// The training loss of a batch: the mean over molecules of the sum of the trained terms.
///
/// # Panics
/// If no term has [`Role::Train`].
pub fn training_loss(terms: &[Term]) -> Tensor<1> {
    terms
        .iter()
        .filter(|term| term.role == Role::Train)
        .map(Term::value)
        .reduce(|sum, value| sum + value)
        .expect("a task has a term to train on")
        .mean()
}

/// A figure that is not a loss, for example a force error in meV/A.
///
/// The value over a data set is `sum(numerator) / sum(denominator)`, under a square root if
/// `root`.
#[derive(Debug, Clone)]
pub struct Score {
    /// Name, for example `force-mae`.
    pub name: &'static str,
    /// Unit, for example `meV/A`.
    pub unit: &'static str,
    /// `[batch]`.
    pub numerator: Tensor<1>,
    /// `[batch]`.
    pub denominator: Tensor<1>,
    /// Whether the square root of the ratio is reported.
    pub root: bool,
}
