//! What a task is: batches, their rotation, and the residuals of its loss.

use burn::tensor::{Device, Tensor};
use serde::{Serialize, de::DeserializeOwned};
use twirl_core::{Loss, Purpose, Stream};
use twirl_data::{DataSet, Embedded, Split};

use crate::{Arm, Closing, Rotations, TaskError};

/// The source of everything random in a batch: flow time, source sample, voxel noise.
///
/// A pure function of `(seed, step, item)`: threads, batch composition and restarts change
/// nothing. All measurements of a run share one step number, so noise is the same for every
/// rotation and for every checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    seed: u64,
    step: u64,
}

impl Draw {
    /// The draw of a training step.
    pub fn training(seed: u64, step: u64) -> Self {
        Self { seed, step }
    }

    /// The draw of every measurement of a run.
    pub fn measuring(seed: u64) -> Self {
        Self {
            seed,
            step: u64::MAX,
        }
    }

    /// Whether the batch is seen at several rotations that must share its randomness.
    pub fn is_measuring(&self) -> bool {
        self.step == u64::MAX
    }

    /// The random stream of one item.
    pub fn stream(&self, item: usize) -> Stream {
        Stream::new(self.seed, Purpose::Batch, [self.step, item as u64])
    }
}

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

/// A molecular learning problem whose symmetry can be measured.
///
/// Laws, checked by `twirl-testkit` for every task:
///
/// 1. `rotate(b, identity) = b`, and rotations compose;
/// 2. `untwist(_, g)` inverts the action of `g` on outputs;
/// 3. the terms of `(output, batch)` do not change when both are turned;
/// 4. a batch is a function of `(items, draw)` alone, item by item;
/// 5. an exactly equivariant arm measures at the numerical floor.
pub trait Task: Sized + Send + Sync + 'static {
    /// Name on the command line and in paths, for example `force-field`.
    const NAME: &'static str;
    /// One line for `twirlbench tasks`.
    const ABOUT: &'static str;
    /// The data set that `embedded` stands for.
    const EMBEDDED: Embedded;
    /// Settings. Strict: `#[serde(default, deny_unknown_fields)]`.
    type Config: Default + Clone + Serialize + DeserializeOwned;
    /// A batch on the host: what a loading thread makes while the device computes.
    type Host: Send + 'static;
    /// A batch on the device, in the stored pose, with everything random in it already drawn.
    type Batch: Clone;
    /// What an arm predicts.
    type Output: Clone;
    /// The exactly equivariant arm that measures the numerical floor.
    type Reference: Arm<Self>;

    /// Prepares a data set for this task.
    ///
    /// # Errors
    /// One line: what is missing in the data or wrong in the settings, and the remedy.
    fn open(config: &Self::Config, data: &DataSet) -> Result<Self, TaskError>;

    /// The data set behind the task.
    fn data(&self) -> &DataSet;

    /// Items of a split, by their number in the data set.
    fn items(&self, split: Split) -> &[usize] {
        self.data().split(split)
    }

    /// Makes a batch. Reads nothing random but `draw`.
    ///
    /// # Errors
    /// If an item cannot be made into a batch.
    fn batch(&self, items: &[usize], draw: Draw) -> Result<Self::Host, TaskError>;

    /// Copies a batch to the device.
    fn load(&self, host: &Self::Host, device: &Device) -> Self::Batch;

    /// Turns everything in the batch that turns, inputs and targets and noise alike.
    fn rotate(&self, batch: &Self::Batch, rotations: &Rotations) -> Self::Batch;

    /// Turns an output back.
    fn untwist(&self, output: Self::Output, rotations: &Rotations) -> Self::Output;

    /// The loss of an output against a batch in the same pose.
    fn terms(&self, output: &Self::Output, batch: &Self::Batch) -> Vec<Term>;

    /// Figures beside the loss.
    fn scores(&self, output: &Self::Output, batch: &Self::Batch) -> Vec<Score>;

    /// Figures of a finished model that are not losses, made once after training and off the
    /// clock; everything random comes from `seed`. None by default.
    ///
    /// # Errors
    /// One line with the remedy.
    fn closing<A: Arm<Self>>(
        &self,
        _model: &A,
        _seed: u64,
        _device: &Device,
    ) -> Result<Closing, TaskError> {
        Ok(Closing::default())
    }
}
