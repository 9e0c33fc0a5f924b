//! How an arm meets rotations: in its data, or in its construction.

use serde::{Deserialize, Serialize};
use twirl_core::Symmetry;

/// How an arm's training data are posed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Training {
    /// Every sample is turned by a fresh random rotation, by the law that the run names.
    Augmented,
    /// Samples are seen in the stored pose: the control of an augmented arm.
    Unaugmented,
    /// The model is equivariant by construction. Its samples are seen in the stored pose, unless there
    /// are rotations that its symmetry leaves out: see [`Training::turns`].
    Equivariant,
}

impl Training {
    /// Whether samples of an arm of this symmetry are turned by random rotations. An arm that is exact
    /// under a finite group alone is: it would otherwise learn from other poses than the arms that it
    /// is compared with.
    pub fn turns(self, symmetry: Option<ExactSymmetry>) -> bool {
        match self {
            Self::Augmented => true,
            Self::Unaugmented => false,
            Self::Equivariant => match symmetry {
                Some(ExactSymmetry::So3 | ExactSymmetry::O3) => false,
                Some(ExactSymmetry::Octahedral) | None => true,
            },
        }
    }
}

/// A symmetry that a model has exactly, by construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExactSymmetry {
    /// The 24 proper turns of a cubic lattice, and no others.
    Octahedral,
    /// Proper rotations.
    So3,
    /// Rotations and their products with the inversion.
    O3,
}

impl From<Symmetry> for ExactSymmetry {
    fn from(symmetry: Symmetry) -> Self {
        match symmetry {
            Symmetry::So3 => Self::So3,
            Symmetry::O3 => Self::O3,
        }
    }
}
