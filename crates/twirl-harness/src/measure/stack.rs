//! Predictions of a batch at all rotations, term by term.

use burn::tensor::{Tensor, TensorData};
use twirl_core::{CoreError, Loss, Molecule, MoleculeFigures, Rotation, measure_molecule};

use super::plan::Plan;
use crate::{Role, Term};

/// Highest degree of the spectrum.
pub(super) const DEGREE: usize = 6;

/// What is kept of a term while the rotations of a batch are gone through.
pub(super) struct Stack {
    pub(super) name: &'static str,
    pub(super) role: Role,
    loss: Loss,
    /// `[blocks, dim]`
    extent: [usize; 2],
    target: Vec<f64>,
    weight: Vec<f64>,
    /// One `[batch, blocks, dim]` per rotation.
    predictions: Vec<Vec<f64>>,
}

impl Stack {
    /// Begins with the first rotation's term.
    pub(super) fn new(term: &Term, rotations: usize) -> Self {
        let [_, blocks, dim] = term.prediction.dims();
        Self {
            name: term.name,
            role: term.role,
            loss: term.loss,
            extent: [blocks, dim],
            target: host_values(term.target.clone()),
            weight: host_values(term.weight.clone()),
            predictions: Vec::with_capacity(rotations),
        }
    }

    /// Adds the untwisted prediction of a rotation.
    pub(super) fn push(&mut self, predictions: &TensorData) {
        self.predictions.push(values(predictions).collect());
    }

    /// Measures one molecule of the batch.
    pub(super) fn figures(
        &self,
        index: usize,
        plan: &Plan,
        rotations: &[Rotation],
    ) -> Result<MoleculeFigures, CoreError> {
        let [blocks, dim] = self.extent;
        let row = index * blocks * dim..(index + 1) * blocks * dim;
        let turns = self.predictions.iter();
        let predictions: Vec<f64> = turns.flat_map(|turn| &turn[row.clone()]).copied().collect();
        let molecule = Molecule {
            predictions: &predictions,
            target: &self.target[row],
            weights: &self.weight[index * blocks..(index + 1) * blocks],
            dim,
            rotations: Some(rotations),
        };
        measure_molecule(&plan.design, plan.symmetry, self.loss, &molecule, DEGREE)
    }
}

pub(crate) fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    values(&tensor.into_data()).collect()
}

pub(super) fn values(data: &TensorData) -> impl Iterator<Item = f64> {
    data.iter::<f64>()
}
