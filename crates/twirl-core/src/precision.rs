//! Precisions of matrix products.

use serde::{Deserialize, Serialize};

/// What products and convolutions round their operands to. Sums are in single precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Nothing, as far as the device leaves it so: burn's kernels for CUDA use TF32 where they can.
    #[default]
    F32,
    /// 11 bits, with the range of single precision.
    Tf32,
    /// 8 bits, with the range of single precision; results are rounded to them too.
    Bf16,
}

impl Precision {
    /// All of them, finest first.
    pub const ALL: [Self; 3] = [Self::F32, Self::Tf32, Self::Bf16];

    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
        }
    }

    /// Unit roundoff: the largest relative error of rounding a number to it, `2^-bits`.
    #[must_use]
    pub fn unit_roundoff(self) -> f64 {
        let bits = match self {
            Self::F32 => 24,
            Self::Tf32 => 11,
            Self::Bf16 => 8,
        };
        f64::powi(2.0, -bits)
    }

    /// Whether it is that of the type.
    #[must_use]
    pub fn is_full(&self) -> bool {
        *self == Self::F32
    }
}
