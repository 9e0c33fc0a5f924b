//! The reference: it knows the answer.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use twirl_harness::{Arm, ExactSymmetry, TaskError};

use crate::{Batch, Output, VoxelDenoise};

/// No settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CleanGridConfig {}

/// Predicts the densities of the atoms themselves.
///
/// Under the 24 turns its `L_equiv` is 0. Under other rotations its grid is made anew in every
/// pose and interpolated back, so its `L_equiv` is what interpolation alone does to a perfect
/// prediction: the floor of every figure under SO(3).
#[derive(Module, Debug)]
pub struct CleanGrid {
    #[module(skip)]
    none: (),
}

impl Arm<VoxelDenoise> for CleanGrid {
    type Config = CleanGridConfig;

    fn symmetry(_config: &CleanGridConfig) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::Octahedral)
    }

    fn init(
        _config: &CleanGridConfig,
        _task: &VoxelDenoise,
        _seed: u64,
        _device: &Device,
    ) -> Result<Self, TaskError> {
        Ok(Self { none: () })
    }

    fn predict(&self, batch: &Batch) -> Output {
        Output::of(batch, batch.clean())
    }
}
