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
    /// Whether it is that of the type.
    #[must_use]
    pub fn is_full(&self) -> bool {
        *self == Self::F32
    }
}
