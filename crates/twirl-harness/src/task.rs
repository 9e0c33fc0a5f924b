//! What a task is, and what an arm of it is.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Serialize, de::DeserializeOwned};
use twirl_core::{Design, Symmetry};
use twirl_data::{DataError, DataSet, Split};
use twirl_record::{BayesError, ExactSymmetry, FinalFigures};

use crate::draw::Draw;
use crate::error::TaskError;
use crate::linear::LinearSplit;
use crate::part::BatchPart;
use crate::roles::ParameterRoles;
use crate::rotations::Rotations;
use crate::term::{Score, Term};

/// A molecular learning problem whose symmetry can be measured.
///
/// Laws, checked by `twirl-testkit` for every task:
///
/// 1. `rotate(b, identity) = b`, rotations compose, and every part that turns does turn;
/// 2. `untwist(_, g)` inverts the action of `g` on outputs;
/// 3. the terms of `(output, batch)` do not change when both are turned;
/// 4. a batch is a function of `(items, draw)` alone, item by item;
/// 5. an exactly equivariant arm measures at the numerical floor;
/// 6. the Bayes error, where it is known, is a mean over items and draws.
pub trait Task: Sized + Send + Sync + 'static {
    /// Name on the command line and in paths, for example `force-field`.
    const NAME: &'static str;
    /// One line for `twirlbench tasks`.
    const ABOUT: &'static str;
    /// Whether every target is a function of what models are given, so that the Bayes error is 0. Studies
    /// then count an arm as one that has learned where its loss is at most half of that of predicting zero.
    const NOISELESS: bool = false;
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

    /// The data set that `embedded` stands for: one of [`twirl_data::Embedded`], or the bytes of the
    /// task's own by [`DataSet::from_bytes`].
    ///
    /// # Errors
    /// If it cannot be read.
    fn embedded() -> Result<DataSet, DataError>;

    /// Whether a batch can be turned by the rotations of a design, with one and the same randomness
    /// at all of them. Asked before a run begins. Any rotation, by default.
    ///
    /// # Errors
    /// One line: the setting that forbids it, and the remedy.
    fn carries(
        _config: &Self::Config,
        _design: &Design,
        _symmetry: Symmetry,
    ) -> Result<(), TaskError> {
        Ok(())
    }

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
    ///
    /// # Errors
    /// If an item cannot be represented there.
    fn load(&self, host: &Self::Host, device: &Device) -> Result<Self::Batch, TaskError>;

    /// Turns everything in the batch that turns, inputs and targets and noise alike.
    ///
    /// # Errors
    /// If the batch cannot be turned so, which [`Task::carries`] says beforehand.
    fn rotate(&self, batch: &Self::Batch, rotations: &Rotations) -> Result<Self::Batch, TaskError>;

    /// What [`Task::rotate`] turns, by name: inputs, targets and noise, and what is made of them.
    ///
    /// For the laws of `twirl-testkit` alone, which leave out each part in turn and hold that a law is
    /// then broken.
    fn turning<'a>(&self, batch: &'a mut Self::Batch)
    -> Vec<(&'static str, &'a mut dyn BatchPart)>;

    /// Turns an output back.
    fn untwist(&self, output: Self::Output, rotations: &Rotations) -> Self::Output;

    /// The loss of an output against a batch in the same pose.
    fn terms(&self, output: &Self::Output, batch: &Self::Batch) -> Vec<Term>;

    /// Figures beside the loss.
    fn scores(&self, output: &Self::Output, batch: &Self::Batch) -> Vec<Score>;

    /// How far the training loss can fall in expectation, the mean over `items` in each of `draws`, on the
    /// host and off the clock. By default 0 for a task that is [`NOISELESS`](Task::NOISELESS), else unknown.
    ///
    /// # Errors
    /// If an item cannot be made into a batch.
    fn bayes_error(&self, _items: &[usize], _draws: &[Draw]) -> Result<BayesError, TaskError> {
        Ok(if Self::NOISELESS {
            BayesError::Exact { loss: 0.0 }
        } else {
            let why = "the task does not state it".into();
            BayesError::Unknown { why }
        })
    }

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
    ) -> Result<FinalFigures, TaskError> {
        Ok(FinalFigures::default())
    }
}

/// One model for a task.
///
/// `predict` must be a deterministic function of parameters and batch.
pub trait Arm<T: Task>: Module + 'static {
    /// Settings. Strict: `#[serde(default, deny_unknown_fields)]`.
    type Config: Default + Clone + Serialize + DeserializeOwned;

    /// Settings by name, smallest first: what the setting `size` can be. Studies take their ladder of
    /// sizes from here. By default there is one, `small`.
    fn sizes() -> Vec<(&'static str, Self::Config)> {
        vec![("small", Self::Config::default())]
    }

    /// The symmetry that the model has exactly, by construction.
    fn symmetry(config: &Self::Config) -> Option<ExactSymmetry>;

    /// A model with initial parameters drawn from `seed` alone.
    ///
    /// # Errors
    /// One line if the settings cannot be built, for example a width that heads do not divide.
    fn init(config: &Self::Config, task: &T, seed: u64, device: &Device)
    -> Result<Self, TaskError>;

    /// Predicts for a batch in its present pose.
    ///
    /// Matrix products and convolutions go through [`twirl_layers::matmul`],
    /// [`twirl_layers::conv3d`] and [`twirl_layers::conv_transpose3d`], as in all of its layers, or they
    /// are missing from the operations by which arms are compared.
    fn predict(&self, batch: &T::Batch) -> T::Output;

    /// Which parameters are embeddings and which belong to read-outs; none by default.
    fn parameter_roles(&self) -> ParameterRoles {
        ParameterRoles::default()
    }

    /// Linear layers whose weights divide into an equivariant part and a rest. Empty where inputs
    /// or features of a layer change with the pose in no known way.
    fn linear_splits(&self) -> Vec<LinearSplit> {
        Vec::new()
    }
}
