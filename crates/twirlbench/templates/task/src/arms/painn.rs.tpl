//! The `painn` arm: exactly O(3)-equivariant.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use twirl_equivariant::{Painn, PainnConfig, VectorHead};
use twirl_harness::{Arm, ExactSymmetry, TaskError};
use twirl_layers::Init;

use crate::{__TYPE__, Batch};

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PainnArmConfig {
    /// Channels of scalars and of vectors.
    pub width: usize,
    /// Interaction layers.
    pub layers: usize,
    /// Radial functions.
    pub radial: usize,
    /// Neighbours of a usual atom, by which sums over neighbours are scaled.
    pub mean_neighbours: f64,
}

impl Default for PainnArmConfig {
    fn default() -> Self {
        Self {
            width: 32,
            layers: 3,
            radial: 12,
            mean_neighbours: 12.0,
        }
    }
}

/// Scalars and vectors that exchange messages (arXiv 2102.03150); the vectors are averaged.
#[derive(Module, Debug)]
pub struct PainnArm {
    backbone: Painn,
    head: VectorHead,
}

impl Arm<__TYPE__> for PainnArm {
    type Config = PainnArmConfig;

    fn symmetry(_config: &PainnArmConfig) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::O3)
    }

    fn init(
        config: &PainnArmConfig,
        task: &__TYPE__,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let mut init = Init::new(seed, device);
        let backbone = PainnConfig {
            width: config.width,
            layers: config.layers,
            radial: config.radial,
            cutoff: task.config().cutoff,
            mean_neighbours: config.mean_neighbours,
        };
        let backbone = backbone.init(&mut init).map_err(|error| {
            TaskError::setting("painn", error.to_string(), "correct the arm's settings")
        })?;
        Ok(Self {
            backbone,
            head: VectorHead::new(&mut init, config.width),
        })
    }

    fn predict(&self, batch: &Batch) -> Tensor<3> {
        let features = self.backbone.forward(&batch.cloud);
        batch.cloud.mean(self.head.forward(&features))
    }
}
