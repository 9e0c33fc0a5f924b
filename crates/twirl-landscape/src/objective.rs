//! What is differentiated.

use crate::LandscapeError;

/// A smooth function of weights, known by its gradient.
pub trait Objective {
    /// Number of weights.
    fn dimension(&self) -> usize;

    /// Gradient at `at`, of length [`Objective::dimension`]. The same weights must give the same
    /// bits: batch, rotations and noise are fixed.
    ///
    /// # Errors
    /// If it cannot be computed.
    fn gradient(&mut self, at: &[f64]) -> Result<Vec<f64>, LandscapeError>;
}

/// `1/2 x^T A x - b^T x`: the objective whose curvature is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Quadratic {
    /// `A`, symmetric, row by row.
    pub matrix: Vec<f64>,
    /// `b`.
    pub slope: Vec<f64>,
}

impl Objective for Quadratic {
    fn dimension(&self) -> usize {
        self.slope.len()
    }

    fn gradient(&mut self, at: &[f64]) -> Result<Vec<f64>, LandscapeError> {
        let rows = self.matrix.chunks_exact(at.len());
        let row = |(row, slope): (&[f64], &f64)| crate::dot(row, at) - slope;
        Ok(rows.zip(&self.slope).map(row).collect())
    }
}
