//! Sizes of the `unet` arm.

use serde::{Deserialize, Serialize};
use twirl_harness::TaskError;

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

/// Settings of the arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnetConfig {
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
    /// How the lattice is halved.
    pub down: UnetDown,
}

impl Default for UnetConfig {
    fn default() -> Self {
        Self::sized(8, &[1, 2, 2], 1, 1, 2, 4)
    }
}

impl UnetConfig {
    fn sized(
        base: usize,
        multipliers: &[usize],
        blocks: usize,
        attention: usize,
        heads: usize,
        groups: usize,
    ) -> Self {
        Self {
            base,
            multipliers: multipliers.to_vec(),
            blocks,
            attention,
            heads,
            groups,
            down: UnetDown::default(),
        }
    }

    /// Settings by name, smallest first. `small` has 0.37 million parameters, for a grid of 16;
    /// `tiny` and `medium` have half and twice its width; the others are named after their
    /// parameters. The last three are those of `VoxMol` (arXiv 2306.07473), of base width 16, 32
    /// (the published default) and 64.
    #[must_use]
    pub fn sizes() -> Vec<(&'static str, Self)> {
        vec![
            ("tiny", Self::sized(4, &[1, 2, 2], 1, 1, 2, 4)),
            ("small", Self::default()),
            ("1m", Self::sized(8, &[1, 2, 2, 1], 2, 2, 2, 4)),
            ("medium", Self::sized(16, &[1, 2, 2], 1, 1, 2, 4)),
            ("28m", Self::sized(16, &[1, 2, 2, 4], 2, 2, 4, 16)),
            ("111m", Self::sized(32, &[1, 2, 2, 4], 2, 2, 4, 16)),
            ("446m", Self::sized(64, &[1, 2, 2, 4], 2, 2, 4, 16)),
        ]
    }

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
    /// attention has `a(w) = 4 w^2 + 5 w` (its keys have no bias).
    #[must_use]
    pub fn parameters(&self, channels: usize) -> usize {
        let halving = self.down.kernel();
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
            Err(TaskError::setting(name, problem, remedy))
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
