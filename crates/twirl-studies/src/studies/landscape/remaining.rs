//! The weights of an arm in two: `theta_n`, what is left of split layers without their equivariant
//! parts, and `theta_e`, all else.

use std::ops::Range;

use twirl_harness::{Lab, LinearSplit};
use twirl_landscape::Subspace;

use crate::error::StudyError;

/// A split layer among the weights.
struct Layer {
    split: LinearSplit,
    range: Range<usize>,
    shape: Vec<usize>,
}

/// `theta_n` as a subspace of the weights.
pub(super) struct Remaining {
    layers: Vec<Layer>,
    weights: usize,
    dimension: usize,
}

impl Remaining {
    /// That of an arm; nothing if it declares no split layer.
    pub(super) fn of(lab: &dyn Lab) -> Result<Option<Self>, StudyError> {
        let mut layers = Vec::new();
        for split in lab.linear_splits()? {
            let info = split.place(lab.parameters())?;
            let (range, shape) = (info.range.clone(), info.shape.clone());
            layers.push(Layer {
                split,
                range,
                shape,
            });
        }
        let of_layer = |layer: &Layer| layer.split.rest_dimension(&layer.shape);
        let dimension = layers.iter().map(of_layer).sum();
        let all = lab.parameters().iter();
        let weights = all.map(|info| info.range.len()).sum();
        Ok((dimension > 0).then_some(Self {
            layers,
            weights,
            dimension,
        }))
    }

    /// `theta_n`.
    pub(super) fn itself(&self) -> Subspace<'_> {
        Subspace::of(self.weights, self.dimension, |vector| self.rest(vector))
    }

    /// `theta_e`.
    pub(super) fn others(&self) -> Subspace<'_> {
        let dimension = self.weights - self.dimension;
        Subspace::of(self.weights, dimension, |vector| {
            let rest = self.rest(vector);
            vector.iter().zip(&rest).map(|(all, n)| all - n).collect()
        })
    }

    fn rest(&self, vector: &[f64]) -> Vec<f64> {
        let mut rest = vec![0.0; vector.len()];
        for layer in &self.layers {
            let own = layer.range.clone();
            let of_layer = layer.split.rest(&vector[own.clone()], &layer.shape);
            rest[own].copy_from_slice(&of_layer);
        }
        rest
    }
}
