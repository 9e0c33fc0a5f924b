//! What an estimator is.

use rand::Rng;

use super::rows;
use crate::error::CoreError;
use crate::group::FiniteGroup;
use crate::rotation::Rotation;
use crate::samples::Samples;
use crate::symmetry::Symmetry;

/// Which symmetry the figures of an estimator are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Every rotation: the expectations are those of the whole group, whatever the model.
    Haar,
    /// The elements of a finite group. `L_mean` is that of the whole group for predictions whose
    /// degree is at most the finite group's; beyond, an error that the finite group shares is not
    /// seen.
    Finite(FiniteGroup),
    /// The whole group for functions on it up to this degree: `L_mean` needs the degree of the
    /// predictions, `L` and `L_equiv` of the squared loss twice that.
    Degree(usize),
}

/// The independent parts of a measurement, for the jackknife.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Units {
    /// Consecutive rotations of one independent part.
    pub rows: usize,
    /// Factor on the bias that leaving out one part shows: 1 for independent draws, `1 - M/H` for M
    /// of H without replacement, 0 where the mean over all parts is no estimate but exact.
    pub left_out: f64,
}

/// How an estimator gives powers by rotation degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Powers {
    /// Not at all: its rotations mix the degrees.
    Absent,
    /// From pairs of independent parts, each of so many consecutive rotations. Unbiased at every
    /// degree.
    Pairs {
        /// Rotations of a part.
        unit: usize,
    },
    /// As a double sum over weighted nodes, exact up to this degree for predictions up to it.
    Nodes {
        /// The degree.
        degree: usize,
    },
}

/// A way of measuring: it draws rotations, splits the squared loss, differentiates the split and
/// says what its figures cover.
///
/// The five of [`crate::Design`] are drawn from a configuration. [`crate::Nodes`] are rotations and
/// weights of one's own. What is left to the provided methods is the plug-in estimate
/// `L_equiv = sum_m w_m |u_m - ubar|^2`, which is exact for a deterministic rule.
pub trait Estimator {
    /// The name as written in a configuration.
    fn name(&self) -> &'static str;

    /// The rotations in words, for a table.
    fn words(&self) -> String;

    /// Which symmetry the figures are of.
    fn coverage(&self) -> Coverage;

    /// Number of rotations of one measurement.
    fn rotations(&self, symmetry: Symmetry) -> usize;

    /// Checks that the estimate can be made.
    ///
    /// # Errors
    /// One line that says what the estimator lacks.
    fn validate(&self, symmetry: Symmetry) -> Result<(), CoreError>;

    /// Draws the rotations of one measurement, [`Estimator::rotations`] of them.
    ///
    /// # Errors
    /// Those of [`Estimator::validate`].
    fn draw(&self, rng: &mut dyn Rng, symmetry: Symmetry) -> Result<Vec<Rotation>, CoreError>;

    /// Weights of the rotations, which sum to 1; none where all are equal.
    fn weights(&self, symmetry: Symmetry) -> Option<Vec<f64>> {
        let _ = symmetry;
        None
    }

    /// `L_equiv` of the squared loss, from samples at the rotations drawn.
    fn equiv(&self, symmetry: Symmetry, samples: &Samples) -> f64 {
        rows::plug_in(samples, self.weights(symmetry).as_deref())
    }

    /// Derivative of [`Estimator::equiv`] with respect to the rows, `[rotations][blocks * dim]`, up
    /// to the block weights.
    fn slope(&self, symmetry: Symmetry, rows: &[&[f64]]) -> Vec<f64> {
        rows::plug_in_slope(rows, self.weights(symmetry).as_deref())
    }

    /// The independent parts of a measurement.
    fn units(&self, symmetry: Symmetry) -> Units {
        let _ = symmetry;
        Units {
            rows: 1,
            left_out: 0.0,
        }
    }

    /// How powers by degree follow from the samples, under SO(3).
    fn powers(&self) -> Powers {
        Powers::Absent
    }
}
