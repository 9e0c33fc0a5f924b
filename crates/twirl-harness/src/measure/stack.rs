//! Predictions of a batch at all rotations, term by term.

use std::ops::Range;

use burn::tensor::{DType, Tensor, TensorData};
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
    items: usize,
    /// Of a pass: `[rotations of it * items][blocks * dim]`, the same at every rotation.
    target: Vec<f64>,
    weight: Vec<f64>,
    /// Passes in order, each `[rotations of it * items, blocks, dim]`.
    predictions: Vec<TensorData>,
}

impl Stack {
    /// Begins with the term of the first pass over `items` items.
    pub(super) fn new(term: &Term, items: usize) -> Self {
        let [_, blocks, dim] = term.prediction.dims();
        Self {
            name: term.name,
            role: term.role,
            loss: term.loss,
            extent: [blocks, dim],
            items,
            target: host_values(term.target.clone()),
            weight: host_values(term.weight.clone()),
            predictions: Vec::new(),
        }
    }

    /// Adds the untwisted predictions of a pass.
    pub(super) fn push(&mut self, predictions: TensorData) {
        self.predictions.push(predictions);
    }

    /// Measures one molecule of the batch.
    pub(super) fn figures(
        &self,
        index: usize,
        plan: &Plan,
        rotations: &[Rotation],
    ) -> Result<MoleculeFigures, CoreError> {
        let [blocks, dim] = self.extent;
        let width = blocks * dim;
        let row = index * width..(index + 1) * width;
        let mut predictions = Vec::with_capacity(rotations.len() * width);
        for pass in &self.predictions {
            let ends = (index + 1) * width..=pass.num_elements();
            for end in ends.step_by(self.items * width) {
                widen(pass, end - width..end, &mut predictions);
            }
        }
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

/// Adds some numbers of a tensor, as they are measured.
fn widen(data: &TensorData, place: Range<usize>, into: &mut Vec<f64>) {
    match data.dtype() {
        DType::F32 => {
            let numbers = &data.as_slice::<f32>().expect("single precision")[place];
            into.extend(numbers.iter().copied().map(f64::from));
        }
        DType::F64 => {
            into.extend_from_slice(&data.as_slice::<f64>().expect("double precision")[place]);
        }
        _ => into.extend(values(data).skip(place.start).take(place.len())),
    }
}
