//! What is looked at, and what one frame adds to a figure.

use twirl_core::Rotation;

/// A test frame, and what a model said of it.
pub(super) struct Frame<'a> {
    /// Unit of the bootstrap.
    pub(super) unit: u64,
    /// Atomic numbers.
    pub(super) species: &'a [u8],
    /// Positions, angstrom.
    pub(super) positions: &'a [[f64; 3]],
    /// True forces, meV/A.
    pub(super) labels: Vec<[f64; 3]>,
    /// Poses.
    pub(super) rotations: Vec<Rotation>,
    /// Predicted forces in each, turned back, `[rotations][atoms][3]`, meV/A.
    pub(super) predictions: Vec<f64>,
}

/// Whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Model,
    Zero,
    Labels,
}

impl Of {
    /// Those that a model stands beside, by name.
    pub(super) const BASELINES: [(Self, &'static str); 2] =
        [(Self::Zero, "predicting zero"), (Self::Labels, "labels")];
}

/// A root mean square: what one frame adds to a sum and to the count that it is over.
pub(super) struct Share {
    pub(super) of: Of,
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) sums: [f64; 2],
}

impl Share {
    pub(super) fn new(
        of: Of,
        name: impl Into<String>,
        unit: impl Into<String>,
        sums: [f64; 2],
    ) -> Self {
        Self {
            of,
            name: name.into(),
            unit: unit.into(),
            sums,
        }
    }
}

/// Unit of forces.
pub(super) const FORCE: &str = "meV/A";

/// Length of a vector.
pub(super) fn length(vector: &[f64; 3]) -> f64 {
    vector.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
}
