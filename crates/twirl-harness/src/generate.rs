//! Molecules that a trained model makes.

use burn::tensor::Device;

use crate::error::TaskError;
use crate::task::{Arm, Task};

/// Molecules that are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// The molecule, if the task takes one.
    pub smiles: Option<String>,
    /// How many geometries.
    pub count: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Name of the sampler; `None`: the task's default.
    pub method: Option<String>,
    /// Steps of the sampler; `None`: the task's default.
    pub steps: Option<usize>,
}

/// A molecule made by a model, in angstrom.
pub type Generated = twirl_data::Geometry;

/// A task whose trained arms make molecules.
pub trait Generate: Task {
    /// Makes molecules with a trained model.
    ///
    /// # Errors
    /// If the request cannot be met: one line with the remedy.
    fn generate<A: Arm<Self>>(
        &self,
        model: &A,
        request: &GenerateRequest,
        device: &Device,
    ) -> Result<Vec<Generated>, TaskError>;
}
