//! The `steerable-unet` arm.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use twirl_equivariant::voxel::{Channels, Down, SteerableUnet, SteerableUnetConfig};
use twirl_harness::{Arm, ExactSymmetry, TaskError};
use twirl_layers::Init;

use super::check_grid;
use crate::{Batch, Output, VoxelDenoise};

/// Sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SteerableUnetArmConfig {
    /// Scalar channels of each level, finest first.
    pub scalars: Vec<usize>,
    /// Vector channels of each level.
    pub vectors: Vec<usize>,
    /// Residual blocks of each level on the way down, and again on the way up.
    pub blocks: Vec<usize>,
    /// Odd size of the kernels, in voxels.
    pub kernel: usize,
    /// Radial functions of a kernel.
    pub radial: usize,
    /// How the grid is made coarser. `k3-s2` breaks the symmetry, and is there to show it.
    pub down: Down,
}

impl Default for SteerableUnetArmConfig {
    fn default() -> Self {
        Self {
            scalars: vec![6, 16, 24],
            vectors: vec![3, 6, 8],
            blocks: vec![1, 1, 1],
            kernel: 3,
            radial: 3,
            down: Down::AveragePool,
        }
    }
}

/// Scalar and vector fields, kernels sampled on the lattice, norm gates; no attention.
#[derive(Module, Debug)]
pub struct SteerableUnetArm {
    network: SteerableUnet,
}

impl SteerableUnetArmConfig {
    /// Widths of the default times `factor / 2`.
    fn halves(factor: usize) -> Self {
        let small = Self::default();
        let times = |widths: &[usize]| {
            widths
                .iter()
                .map(|width| (width * factor).div_ceil(2))
                .collect()
        };
        Self {
            scalars: times(&small.scalars),
            vectors: times(&small.vectors),
            ..small
        }
    }
}

impl Arm<VoxelDenoise> for SteerableUnetArm {
    type Config = SteerableUnetArmConfig;

    /// `tiny`, `medium`, `large` and `wide` have half, twice, four and eight times the width of `small`.
    fn sizes() -> Vec<(&'static str, SteerableUnetArmConfig)> {
        vec![
            ("tiny", SteerableUnetArmConfig::halves(1)),
            ("small", SteerableUnetArmConfig::default()),
            ("medium", SteerableUnetArmConfig::halves(4)),
            ("large", SteerableUnetArmConfig::halves(8)),
            ("wide", SteerableUnetArmConfig::halves(16)),
        ]
    }

    /// Claimed with `k3-s2` too, which the laws then refute.
    fn symmetry(_config: &SteerableUnetArmConfig) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::Octahedral)
    }

    fn init(
        config: &SteerableUnetArmConfig,
        task: &VoxelDenoise,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        check_grid(task, config.scalars.len())?;
        if config.vectors.len() != config.scalars.len() {
            let problem = format!("has {} levels", config.vectors.len());
            let remedy = format!("give {}, as scalars has", config.scalars.len());
            return Err(TaskError::setting("vectors", problem, remedy));
        }
        let channels = task.elements().len();
        let widths = config.scalars.iter().zip(&config.vectors);
        let network = SteerableUnetConfig {
            inputs: channels,
            outputs: channels,
            widths: widths
                .map(|(&scalars, &vectors)| Channels { scalars, vectors })
                .collect(),
            blocks: config.blocks.clone(),
            kernel: config.kernel,
            radial: config.radial,
            down: config.down,
            scale: super::FIRST_SCALE,
        };
        let network = network
            .init(&mut Init::new(seed, device))
            .map_err(|error| TaskError::arm("steerable-unet", &error))?;
        Ok(Self { network })
    }

    fn predict(&self, batch: &Batch) -> Output {
        Output::of(batch, self.network.forward(batch.noisy()))
    }
}
