//! The `mace` arm.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use twirl_equivariant::{Mace, MaceConfig, ScalarHead, VectorHead};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::Init;

use super::read_out;
use crate::{Batch, ForceField, Output};

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MaceArmConfig {
    /// Channels of each degree.
    pub width: usize,
    /// Interaction layers.
    pub layers: usize,
    /// Radial functions.
    pub radial: usize,
    /// Hidden channels of the perceptron that makes weights of messages out of them.
    pub hidden: usize,
    /// Numbers by which an element chooses its weights: as free as weights of its own where a data
    /// set has no more elements than that.
    pub elements: usize,
}

impl Default for MaceArmConfig {
    fn default() -> Self {
        Self {
            width: 24,
            layers: 2,
            radial: 12,
            hidden: 16,
            elements: 8,
        }
    }
}

/// Products of up to three equivariant sums over neighbours (MACE-like, arXiv 2206.07697), with direct
/// read-outs: MACE differentiates its energy to get forces, here they are read from vectors.
#[derive(Module, Debug)]
pub struct MaceArm {
    backbone: Mace,
    vector_head: VectorHead,
    scalar_head: ScalarHead,
}

impl Arm<ForceField> for MaceArm {
    type Config = MaceArmConfig;

    /// `tiny` and `medium` have half and twice the width of `small`; `128-l2` has the channels, layers,
    /// radial functions and perceptron of the published models of two layers.
    fn sizes() -> Vec<(&'static str, MaceArmConfig)> {
        let small = MaceArmConfig::default;
        let wide = |width| MaceArmConfig { width, ..small() };
        let published = MaceArmConfig {
            width: 128,
            layers: 2,
            radial: 8,
            hidden: 64,
            elements: 16,
        };
        vec![
            ("tiny", wide(12)),
            ("small", small()),
            ("medium", wide(48)),
            ("128-l2", published),
        ]
    }

    fn symmetry(_config: &MaceArmConfig) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::O3)
    }

    fn init(
        config: &MaceArmConfig,
        task: &ForceField,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let mut init = Init::new(seed, device);
        let backbone = MaceConfig {
            width: config.width,
            layers: config.layers,
            radial: config.radial,
            hidden: config.hidden,
            elements: config.elements,
            cutoff: task.config().cutoff,
            mean_neighbours: task.mean_neighbours(),
        };
        Ok(Self {
            backbone: backbone
                .init(&mut init)
                .map_err(|error| TaskError::arm("mace", &error))?,
            vector_head: VectorHead::new(&mut init, config.width),
            scalar_head: ScalarHead::new(&mut init, config.width),
        })
    }

    fn predict(&self, batch: &Batch) -> Output {
        let features = self.backbone.forward(&batch.cloud);
        read_out(&features, &self.vector_head, &self.scalar_head, batch)
    }

    fn parameter_roles(&self) -> ParameterRoles {
        let [features, elements] = self.backbone.embeddings();
        ParameterRoles::default()
            .embedding(features)
            .embedding(elements)
            .read_out(&self.vector_head)
            .read_out(&self.scalar_head)
    }
}
