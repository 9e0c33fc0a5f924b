//! The `tensor-field` arm.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use twirl_core::Symmetry;
use twirl_equivariant::{ScalarHead, TensorField, TensorFieldConfig, VectorHead};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::Init;

use super::read_out;
use crate::{Batch, ForceField, Output};

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TensorFieldArmConfig {
    /// Channels of each degree.
    pub width: usize,
    /// Interaction layers.
    pub layers: usize,
    /// Radial functions.
    pub radial: usize,
    /// `o3` uses the 11 parity-even coupling paths, `so3` all 15.
    pub symmetry: Symmetry,
}

impl Default for TensorFieldArmConfig {
    fn default() -> Self {
        Self {
            width: 24,
            layers: 2,
            radial: 12,
            symmetry: Symmetry::O3,
        }
    }
}

/// Irreducible features up to degree 2 coupled by Clebsch-Gordan products (NequIP-like, arXiv
/// 2101.03164), with direct read-outs.
#[derive(Module, Debug)]
pub struct TensorFieldArm {
    backbone: TensorField,
    vector_head: VectorHead,
    scalar_head: ScalarHead,
}

impl Arm<ForceField> for TensorFieldArm {
    type Config = TensorFieldArmConfig;

    /// `tiny`, `medium` and `large` have half, twice and four times the width of `small`; `deep` has
    /// four layers of 128 channels.
    fn sizes() -> Vec<(&'static str, TensorFieldArmConfig)> {
        let small = TensorFieldArmConfig::default;
        let wide = |width| TensorFieldArmConfig { width, ..small() };
        let deep = TensorFieldArmConfig {
            layers: 4,
            radial: 16,
            ..wide(128)
        };
        vec![
            ("tiny", wide(12)),
            ("small", small()),
            ("medium", wide(48)),
            ("large", wide(96)),
            ("deep", deep),
        ]
    }

    fn symmetry(config: &TensorFieldArmConfig) -> Option<ExactSymmetry> {
        Some(config.symmetry.into())
    }

    fn init(
        config: &TensorFieldArmConfig,
        task: &ForceField,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let mut init = Init::new(seed, device);
        let backbone = TensorFieldConfig {
            width: config.width,
            layers: config.layers,
            radial: config.radial,
            cutoff: task.config().cutoff,
            mean_neighbours: task.mean_neighbours(),
            symmetry: config.symmetry,
        };
        Ok(Self {
            backbone: backbone
                .init(&mut init)
                .map_err(|error| TaskError::arm("tensor-field", &error))?,
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
