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
    /// Samples are seen in the stored pose, because the model is equivariant by construction.
    Equivariant,
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
