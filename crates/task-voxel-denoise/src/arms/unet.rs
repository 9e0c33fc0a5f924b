//! The `unet` arm: symmetry-agnostic.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use twirl_harness::{Arm, ExactSymmetry, TaskError};
use twirl_layers::{GroupNorm, Init};

use super::unet_blocks::{Attention, Conv, Residual, Up};
use super::unet_sizes::UnetConfig;
use super::{FIRST_SCALE, check_grid};
use crate::{Batch, Output, VoxelDenoise};

/// A residual block, with attention at the coarsest levels.
#[derive(Module, Debug)]
struct Stage {
    residual: Residual,
    attention: Option<Attention>,
}

impl Stage {
    fn new(init: &mut Init, widths: [usize; 2], sizes: &UnetConfig, level: usize) -> Self {
        let attends = level + sizes.attention >= sizes.multipliers.len();
        Self {
            residual: Residual::new(init, widths, sizes.groups),
            attention: attends.then(|| Attention::new(init, widths[1], sizes.groups, sizes.heads)),
        }
    }

    fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let field = self.residual.forward(field);
        match &self.attention {
            Some(attention) => attention.forward(field),
            None => field,
        }
    }
}

/// The U-Net of `VoxMol` (arXiv 2306.07473) without its dropout: a prediction must be a
/// deterministic function of weights and batch, or the randomness would be counted as symmetry
/// error.
///
/// Skips are taken after the first convolution, after every block and after every halving; on the
/// way up every block sees one of them.
///
/// Part of its `L_equiv` is architectural: with kernel 3, stride 2 and padding 1, as published, a
/// halving of an even lattice looks at voxels 0, 2, 4 and so on, which the turns do not map onto
/// each other, and breaks even the 24 turns whatever its weights. With [`super::unet_sizes::UnetDown::K4S2`] weights
/// exist with which the network is exact under the 24 turns, and all of it is learnt.
#[derive(Module, Debug)]
pub struct Unet {
    first: Conv,
    down: Vec<Vec<Stage>>,
    halve: Vec<Conv>,
    middle: [Residual; 2],
    middle_attention: Attention,
    /// Coarsest level first.
    up: Vec<Vec<Stage>>,
    double: Vec<Up>,
    norm: GroupNorm,
    last: Conv,
}

impl Unet {
    fn new(init: &mut Init, sizes: &UnetConfig, channels: usize) -> Self {
        let widths = sizes.widths();
        let levels = widths.len();
        let before = |level: usize| {
            if level == 0 {
                sizes.base
            } else {
                widths[level - 1]
            }
        };
        let first = Conv::new(init, [channels, sizes.base], 3, 1, 1.0);
        let down = (0..levels).map(|level| {
            let inputs = |block| {
                if block == 0 {
                    before(level)
                } else {
                    widths[level]
                }
            };
            (0..sizes.blocks)
                .map(|block| Stage::new(init, [inputs(block), widths[level]], sizes, level))
                .collect()
        });
        let down = down.collect();
        let halve = widths[..levels - 1].iter();
        let halve = halve
            .map(|&width| Conv::new(init, [width, width], sizes.down.kernel(), 2, 1.0))
            .collect();
        let deepest = widths[levels - 1];
        let middle = [(); 2].map(|()| Residual::new(init, [deepest, deepest], sizes.groups));
        let middle_attention = Attention::new(init, deepest, sizes.groups, sizes.heads);
        let up = (0..levels).rev().map(|level| {
            let width = widths[level];
            let mut stages: Vec<Stage> = (0..sizes.blocks)
                .map(|_| Stage::new(init, [2 * width, width], sizes, level))
                .collect();
            let last = [width + before(level), before(level)];
            stages.push(Stage::new(init, last, sizes, level));
            stages
        });
        let up = up.collect();
        let double = (1..levels).rev().map(|level| Up::new(init, before(level)));
        let double = double.collect();
        Self {
            first,
            down,
            halve,
            middle,
            middle_attention,
            up,
            double,
            norm: GroupNorm::new(init, sizes.base, sizes.groups),
            last: Conv::new(init, [sizes.base, channels], 3, 1, FIRST_SCALE),
        }
    }

    /// `[batch, channels, n, n, n]` to the same shape.
    #[must_use]
    pub fn forward(&self, noisy: Tensor<5>) -> Tensor<5> {
        let mut field = self.first.forward(noisy);
        let mut skips = vec![field.clone()];
        for (level, stages) in self.down.iter().enumerate() {
            for stage in stages {
                field = stage.forward(field);
                skips.push(field.clone());
            }
            if let Some(halve) = self.halve.get(level) {
                field = halve.forward(field);
                skips.push(field.clone());
            }
        }
        field = self.middle[0].forward(field);
        field = self.middle[1].forward(self.middle_attention.forward(field));
        for (place, stages) in self.up.iter().enumerate() {
            for (stage, skip) in stages.iter().zip(
                skips
                    .split_off(skips.len() - stages.len())
                    .into_iter()
                    .rev(),
            ) {
                field = stage.forward(Tensor::cat(vec![field, skip], 1));
            }
            if let Some(double) = self.double.get(place) {
                field = double.forward(field);
            }
        }
        self.last.forward(self.norm.forward_silu(field))
    }
}

impl Arm<VoxelDenoise> for Unet {
    type Config = UnetConfig;

    fn sizes() -> Vec<(&'static str, UnetConfig)> {
        UnetConfig::sizes()
    }

    fn symmetry(_config: &UnetConfig) -> Option<ExactSymmetry> {
        None
    }

    fn init(
        config: &UnetConfig,
        task: &VoxelDenoise,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        config.validate()?;
        check_grid(task, config.multipliers.len())?;
        let mut init = Init::new(seed, device);
        let channels = task.elements().len();
        Ok(Self::new(&mut init, config, channels))
    }

    fn predict(&self, batch: &Batch) -> Output {
        Output::of(batch, self.forward(batch.noisy()))
    }
}
