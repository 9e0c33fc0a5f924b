//! The `unet` arm: symmetry-agnostic.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use twirl_harness::{Arm, ExactSymmetry, TaskError};
use twirl_layers::{GroupNorm, Init};

use super::unet_blocks::{Attention, Conv, Residual, Up};
use super::{FIRST_SCALE, check_grid};
use crate::{Batch, Output, VoxelDenoise};

/// Sizes by name. The three large ones are those of `VoxMol` (arXiv 2306.07473).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum UnetPreset {
    /// 0.37 million parameters, for a grid of 16.
    #[default]
    #[serde(rename = "small")]
    Small,
    /// 1.0 million.
    #[serde(rename = "1m")]
    M1,
    /// 27.9 million: base width 16.
    #[serde(rename = "28m")]
    M28,
    /// 111.5 million: base width 32, the published default.
    #[serde(rename = "111m")]
    M111,
    /// 446 million: base width 64.
    #[serde(rename = "446m")]
    M446,
}

/// Sizes of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnetSizes {
    /// Channels after the first convolution.
    pub base: usize,
    /// Factor of the width at each level over that of the level before, finest first.
    pub multipliers: Vec<usize>,
    /// Residual blocks of each level on the way down; one more on the way up.
    pub blocks: usize,
    /// Coarsest levels with attention after every block.
    pub attention: usize,
    /// Heads of an attention.
    pub heads: usize,
    /// Groups of a norm.
    pub groups: usize,
}

/// Settings of the arm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnetConfig {
    /// Sizes by name.
    pub preset: UnetPreset,
    /// Sizes one by one, in place of the preset's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizes: Option<UnetSizes>,
}

impl UnetPreset {
    /// The sizes.
    #[must_use]
    pub fn sizes(self) -> UnetSizes {
        let sizes = |base, multipliers: &[usize], blocks, attention, heads, groups| UnetSizes {
            base,
            multipliers: multipliers.to_vec(),
            blocks,
            attention,
            heads,
            groups,
        };
        match self {
            Self::Small => sizes(8, &[1, 2, 2], 1, 1, 2, 4),
            Self::M1 => sizes(8, &[1, 2, 2, 1], 2, 2, 2, 4),
            Self::M28 => sizes(16, &[1, 2, 2, 4], 2, 2, 4, 16),
            Self::M111 => sizes(32, &[1, 2, 2, 4], 2, 2, 4, 16),
            Self::M446 => sizes(64, &[1, 2, 2, 4], 2, 2, 4, 16),
        }
    }
}

impl UnetConfig {
    /// The sizes in force.
    #[must_use]
    pub fn sizes(&self) -> UnetSizes {
        self.sizes.clone().unwrap_or_else(|| self.preset.sizes())
    }
}

impl UnetSizes {
    /// Channels of each level, finest first.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let widths = self.multipliers.iter().scan(self.base, |width, factor| {
            *width *= factor;
            Some(*width)
        });
        widths.collect()
    }

    /// Trainable scalars of a network for `channels` elements, in closed form.
    ///
    /// With `c(i, o, k) = i o k^3 + o` for a convolution, a residual block has
    /// `r(i, o) = c(i, o, 3) + c(o, o, 3) + 2 i + 2 o`, and `c(i, o, 1)` more where `i != o`; an
    /// attention has `a(w) = 4 w^2 + 6 w`.
    #[must_use]
    pub fn parameters(&self, channels: usize) -> usize {
        let conv = |inputs, outputs, size: usize| inputs * outputs * size.pow(3) + outputs;
        let residual = |inputs, outputs| {
            let shortcut = if inputs == outputs {
                0
            } else {
                conv(inputs, outputs, 1)
            };
            conv(inputs, outputs, 3) + conv(outputs, outputs, 3) + 2 * (inputs + outputs) + shortcut
        };
        let attention = |width| 4 * width * width + 6 * width;
        let widths = self.widths();
        let levels = widths.len();
        let seen = |level: usize, width| {
            if level + self.attention >= levels {
                attention(width)
            } else {
                0
            }
        };
        let deepest = widths[levels - 1];
        let mut sum = conv(channels, self.base, 3) + 2 * self.base + conv(self.base, channels, 3);
        sum += 2 * residual(deepest, deepest) + attention(deepest);
        for (level, &width) in widths.iter().enumerate() {
            let before = if level == 0 {
                self.base
            } else {
                widths[level - 1]
            };
            sum += residual(before, width) + seen(level, width);
            sum += (self.blocks - 1) * (residual(width, width) + seen(level, width));
            sum += self.blocks * (residual(2 * width, width) + seen(level, width));
            sum += residual(width + before, before) + seen(level, before);
            if level + 1 < levels {
                sum += conv(width, width, 3);
            }
            if level > 0 {
                sum += conv(before, before, 4);
            }
        }
        sum
    }

    fn validate(&self) -> Result<(), TaskError> {
        let refuse = |name: &str, problem: String, remedy: &str| {
            Err(TaskError::setting(
                &format!("sizes.{name}"),
                problem,
                remedy,
            ))
        };
        if self.multipliers.is_empty() || self.multipliers.contains(&0) || self.base == 0 {
            let problem = format!("are {:?} on base {}", self.multipliers, self.base);
            return refuse("multipliers", problem, "give at least one, all above 0");
        }
        if self.blocks == 0 {
            return refuse("blocks", "is 0".into(), "give at least 1");
        }
        for (name, value) in [("groups", self.groups), ("heads", self.heads)] {
            if value == 0 || !self.base.is_multiple_of(value) {
                let problem = format!("{value} do not divide base width {}", self.base);
                return refuse(name, problem, "give a divisor of base");
            }
        }
        Ok(())
    }
}

/// A residual block, with attention at the coarsest levels.
#[derive(Module, Debug)]
struct Stage {
    residual: Residual,
    attention: Option<Attention>,
}

impl Stage {
    fn new(init: &mut Init, widths: [usize; 2], sizes: &UnetSizes, level: usize) -> Self {
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
    fn new(init: &mut Init, sizes: &UnetSizes, channels: usize) -> Self {
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
            .map(|&width| Conv::new(init, [width, width], 3, 2, 1.0))
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

    fn symmetry(_config: &UnetConfig) -> Option<ExactSymmetry> {
        None
    }

    fn init(
        config: &UnetConfig,
        task: &VoxelDenoise,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let sizes = config.sizes();
        sizes.validate()?;
        check_grid(task, sizes.multipliers.len())?;
        let mut init = Init::new(seed, device);
        Ok(Self::new(&mut init, &sizes, task.elements().len()))
    }

    fn predict(&self, batch: &Batch) -> Output {
        Output::of(batch, self.forward(batch.noisy()))
    }
}
