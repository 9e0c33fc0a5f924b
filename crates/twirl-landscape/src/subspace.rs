//! Where an operator is looked at.

use std::fmt;

/// Orthogonal, of vectors as long as the space.
type Projection<'a> = Box<dyn Fn(&[f64]) -> Vec<f64> + 'a>;

/// All weights, or the range of an orthogonal projection of them.
pub struct Subspace<'a> {
    weights: usize,
    dimension: usize,
    projection: Option<Projection<'a>>,
}

impl<'a> Subspace<'a> {
    /// All of `weights`.
    pub fn whole(weights: usize) -> Self {
        Self {
            weights,
            dimension: weights,
            projection: None,
        }
    }

    /// The range of `projection`, an orthogonal projection of `weights` of rank `dimension`.
    pub fn of(
        weights: usize,
        dimension: usize,
        projection: impl Fn(&[f64]) -> Vec<f64> + 'a,
    ) -> Self {
        Self {
            weights,
            dimension,
            projection: Some(Box::new(projection)),
        }
    }

    /// Number of weights.
    pub fn weights(&self) -> usize {
        self.weights
    }

    /// Dimension of the subspace.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The part of a vector in the subspace.
    pub fn project(&self, vector: Vec<f64>) -> Vec<f64> {
        match &self.projection {
            None => vector,
            Some(projection) => projection(&vector),
        }
    }
}

impl fmt::Debug for Subspace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} dimensions", self.dimension, self.weights)
    }
}
