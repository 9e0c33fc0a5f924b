//! What an arm is: one model for a task.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Serialize, de::DeserializeOwned};
use twirl_record::ExactSymmetry;

use crate::{LinearSplit, Task, TaskError};

/// One model for a task.
///
/// `predict` must be a deterministic function of parameters and batch.
pub trait Arm<T: Task>: Module + 'static {
    /// Settings. Strict: `#[serde(default, deny_unknown_fields)]`.
    type Config: Default + Clone + Serialize + DeserializeOwned;

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

    /// Linear layers whose weights divide into an equivariant part and a rest. Empty where inputs
    /// or features of a layer change with the pose in no known way.
    fn linear_splits(&self) -> Vec<LinearSplit> {
        Vec::new()
    }
}
