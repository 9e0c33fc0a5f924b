//! The group whose symmetry is measured.

use serde::{Deserialize, Serialize};

/// The symmetry group that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symmetry {
    /// Proper rotations.
    #[default]
    So3,
    /// Rotations and their products with the inversion.
    O3,
}

impl Symmetry {
    /// Number of connected parts: 1 for SO(3), 2 for O(3).
    #[must_use]
    pub const fn parities(self) -> usize {
        match self {
            Self::So3 => 1,
            Self::O3 => 2,
        }
    }

    /// `SO(3)` or `O(3)`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::So3 => "SO(3)",
            Self::O3 => "O(3)",
        }
    }
}
