//! Sizes of the `unet` arm.

use serde::{Deserialize, Serialize};
use twirl_harness::TaskError;

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

/// Convolution of stride 2 and padding 1 that halves the lattice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnetDown {
    /// Kernel 3, as published. On an even lattice no weights make it commute with the 24 turns.
    #[default]
    K3S2,
    /// Kernel 4: symmetric about the centre of an even lattice, so symmetric weights do.
    K4S2,
}

impl UnetDown {
    /// Size of the kernel.
    #[must_use]
    pub fn kernel(self) -> usize {
        match self {
            Self::K3S2 => 3,
            Self::K4S2 => 4,
        }
    }
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
    /// How the lattice is halved.
    pub down: UnetDown,
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

    /// Trainable scalars of a network for `channels` elements, in closed form.
    ///
    /// With `c(i, o, k) = i o k^3 + o` for a convolution, a residual block has
    /// `r(i, o) = c(i, o, 3) + c(o, o, 3) + 2 i + 2 o`, and `c(i, o, 1)` more where `i != o`; an
    /// attention has `a(w) = 4 w^2 + 5 w` (its keys have no bias).
    #[must_use]
    pub fn parameters(&self, channels: usize) -> usize {
        self.sizes().parameters(channels, self.down.kernel())
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

    fn parameters(&self, channels: usize, halving: usize) -> usize {
        let conv = |inputs, outputs, size: usize| inputs * outputs * size.pow(3) + outputs;
        let residual = |inputs, outputs| {
            let shortcut = if inputs == outputs {
                0
            } else {
                conv(inputs, outputs, 1)
            };
            conv(inputs, outputs, 3) + conv(outputs, outputs, 3) + 2 * (inputs + outputs) + shortcut
        };
        let attention = |width| 4 * width * width + 5 * width;
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
                sum += conv(width, width, halving);
            }
            if level > 0 {
                sum += conv(before, before, 4);
            }
        }
        sum
    }

    pub(super) fn validate(&self) -> Result<(), TaskError> {
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
