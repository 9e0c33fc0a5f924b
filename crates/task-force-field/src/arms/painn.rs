//! The `painn` arm.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use twirl_equivariant::{Painn, PainnConfig, ScalarHead, VectorHead};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::Init;

use super::read_out;
use crate::{Batch, ForceField, Output};

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PainnArmConfig {
    /// Channels of scalars and of vectors.
    pub width: usize,
    /// Interaction layers.
    pub layers: usize,
    /// Radial functions. The fastest has slope `radial * pi / cutoff`, by which the rounding of
    /// distances in f32 is amplified.
    pub radial: usize,
}

impl Default for PainnArmConfig {
    fn default() -> Self {
        Self {
            width: 48,
            layers: 3,
            radial: 12,
        }
    }
}

/// Scalars and vectors that exchange messages (arXiv 2102.03150), with direct read-outs.
#[derive(Module, Debug)]
pub struct PainnArm {
    backbone: Painn,
    vector_head: VectorHead,
    scalar_head: ScalarHead,
}

impl Arm<ForceField> for PainnArm {
    type Config = PainnArmConfig;

    /// `tiny` and `medium` have half and twice the width of `small`; the others are named after their
    /// trainable parameters.
    fn sizes() -> Vec<(&'static str, PainnArmConfig)> {
        let small = PainnArmConfig::default;
        let wide = |width| PainnArmConfig { width, ..small() };
        let deep = |width| PainnArmConfig {
            width,
            layers: 6,
            radial: 20,
        };
        vec![
            ("tiny", wide(24)),
            ("small", small()),
            ("medium", wide(96)),
            ("1m", deep(128)),
            ("6m", deep(304)),
            ("30m", deep(672)),
        ]
    }

    fn symmetry(_config: &PainnArmConfig) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::O3)
    }

    fn init(
        config: &PainnArmConfig,
        task: &ForceField,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let mut init = Init::new(seed, device);
        let backbone = PainnConfig {
            width: config.width,
            layers: config.layers,
            radial: config.radial,
            cutoff: task.config().cutoff,
            mean_neighbours: task.mean_neighbours(),
        };
        Ok(Self {
            backbone: backbone
                .init(&mut init)
                .map_err(|error| TaskError::arm("painn", &error))?,
            vector_head: VectorHead::new(&mut init, config.width),
            scalar_head: ScalarHead::new(&mut init, config.width),
        })
    }

    fn predict(&self, batch: &Batch) -> Output {
        let features = self.backbone.forward(&batch.cloud);
        read_out(&features, &self.vector_head, &self.scalar_head, batch)
    }

    fn parameter_roles(&self) -> ParameterRoles {
        ParameterRoles::default()
            .embedding(self.backbone.embedding())
            .read_out(&self.vector_head)
            .read_out(&self.scalar_head)
    }
}
