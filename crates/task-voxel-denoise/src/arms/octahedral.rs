//! The `octahedral-unet` arm.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use twirl_equivariant::voxel::{OctahedralUnet, OctahedralUnetConfig};
use twirl_harness::{Arm, ExactSymmetry, TaskError};
use twirl_layers::Init;

use super::check_grid;
use crate::{Batch, Output, VoxelDenoise};

/// Sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OctahedralUnetArmConfig {
    /// Channels of each level, finest first; each stands for 24 feature maps.
    pub widths: Vec<usize>,
    /// Residual blocks of each level on the way down, and again on the way up.
    pub blocks: Vec<usize>,
    /// Odd size of the kernels, in voxels.
    pub kernel: usize,
}

impl Default for OctahedralUnetArmConfig {
    fn default() -> Self {
        Self {
            widths: vec![1, 2, 4],
            blocks: vec![0, 1, 1],
            kernel: 3,
        }
    }
}

/// Every kernel in its 24 turned forms; no attention.
#[derive(Module, Debug)]
pub struct OctahedralUnetArm {
    network: OctahedralUnet,
}

impl Arm<VoxelDenoise> for OctahedralUnetArm {
    type Config = OctahedralUnetArmConfig;

    /// `medium`, `large` and `wide` have twice, four and eight times the width of `small`, which has the
    /// least there is: each channel stands for 24 feature maps.
    fn sizes() -> Vec<(&'static str, OctahedralUnetArmConfig)> {
        let times = |factor: usize| {
            let small = OctahedralUnetArmConfig::default();
            OctahedralUnetArmConfig {
                widths: small.widths.iter().map(|width| width * factor).collect(),
                ..small
            }
        };
        vec![
            ("small", times(1)),
            ("medium", times(2)),
            ("large", times(4)),
            ("wide", times(8)),
        ]
    }

    fn symmetry(_config: &OctahedralUnetArmConfig) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::Octahedral)
    }

    fn init(
        config: &OctahedralUnetArmConfig,
        task: &VoxelDenoise,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        check_grid(task, config.widths.len())?;
        let channels = task.elements().len();
        let network = OctahedralUnetConfig {
            inputs: channels,
            outputs: channels,
            widths: config.widths.clone(),
            blocks: config.blocks.clone(),
            kernel: config.kernel,
            scale: super::FIRST_SCALE,
        };
        let network = network
            .init(&mut Init::new(seed, device))
            .map_err(|error| TaskError::arm("octahedral-unet", &error))?;
        Ok(Self { network })
    }

    fn predict(&self, batch: &Batch) -> Output {
        Output::of(batch, self.network.forward(batch.noisy()))
    }
}
