//! Predictions of a batch at all rotations, term by term.

use burn::tensor::{Tensor, TensorData};
use twirl_core::{
    CoreError, Loss, Rotation, Samples, Split, Symmetry, energy, parity_error, spectrum, split,
};

use super::Plan;
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

/// One term of one molecule.
pub(super) struct Part {
    pub(super) split: Split,
    /// Loss of predicting zero.
    pub(super) zero: f64,
    /// `L_equiv` of the squared loss, whatever the loss.
    pub(super) squared_equiv: f64,
    /// Mean squared size of the predictions.
    pub(super) size: f64,
    /// `S_0..=S_6` of the predictions, where design and group allow it.
    pub(super) spectrum: Option<Vec<f64>>,
    /// Parity error, where every rotation has its negative in the design.
    pub(super) parity: Option<f64>,
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

    /// Splits the loss of one molecule of the batch.
    pub(super) fn part(
        &self,
        index: usize,
        plan: &Plan,
        rotations: &[Rotation],
    ) -> Result<Part, CoreError> {
        let [blocks, dim] = self.extent;
        let row = index * blocks * dim..(index + 1) * blocks * dim;
        let weights = &self.weight[index * blocks..(index + 1) * blocks];
        let target = &self.target[row.clone()];
        let count = self.predictions.len();
        let mut predictions = Vec::with_capacity(count * target.len());
        let mut residuals = Vec::with_capacity(count * target.len());
        for turn in &self.predictions {
            let prediction = &turn[row.clone()];
            predictions.extend_from_slice(prediction);
            residuals.extend(prediction.iter().zip(target).map(|(f, y)| f - y));
        }
        let samples = Samples::new(count, blocks, dim, &residuals, weights)?;
        let parts = split(&plan.design, plan.symmetry, self.loss, &samples)?;
        let squared = if self.loss == Loss::Squared {
            parts
        } else {
            split(&plan.design, plan.symmetry, Loss::Squared, &samples)?
        };
        let predicted = Samples::new(count, blocks, dim, &predictions, weights)?;
        let size = energy(&predicted)?;
        let by_degree = if plan.symmetry == Symmetry::So3 {
            match spectrum(&plan.design, rotations, &samples, DEGREE) {
                // Degree 0 of the predictions is their size less their scatter; the rest is read
                // off the residuals, which has less noise.
                Ok(mut powers) => {
                    powers[0] = size - squared.equiv;
                    Some(powers)
                }
                Err(CoreError::SpectrumDesign { .. }) => None,
                Err(error) => return Err(error),
            }
        } else {
            None
        };
        Ok(Part {
            split: parts,
            zero: samples.loss(self.loss, target),
            squared_equiv: squared.equiv,
            size,
            spectrum: by_degree,
            parity: parity(rotations, blocks, dim, &predictions, weights)?,
        })
    }
}

/// Parity error from the pairs `g`, `-g` of a design that holds both.
fn parity(
    rotations: &[Rotation],
    blocks: usize,
    dim: usize,
    predictions: &[f64],
    weights: &[f64],
) -> Result<Option<f64>, CoreError> {
    let negative = |rotation: &Rotation| {
        let wanted = Rotation::inversion().compose(rotation).matrix();
        rotations.iter().position(|other| {
            let found = other.matrix();
            let differences = wanted.iter().flatten().zip(found.iter().flatten());
            differences.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs())) < 1e-9
        })
    };
    let proper: Vec<usize> = (0..rotations.len())
        .filter(|&place| rotations[place].is_proper())
        .collect();
    if 2 * proper.len() != rotations.len() {
        return Ok(None);
    }
    let Some(inverted) = proper
        .iter()
        .map(|&place| negative(&rotations[place]))
        .collect::<Option<Vec<usize>>>()
    else {
        return Ok(None);
    };
    let length = blocks * dim;
    let rows = |places: &[usize]| -> Vec<f64> {
        places
            .iter()
            .flat_map(|&place| &predictions[place * length..(place + 1) * length])
            .copied()
            .collect()
    };
    let (plus, minus) = (rows(&proper), rows(&inverted));
    let plus = Samples::new(proper.len(), blocks, dim, &plus, weights)?;
    let minus = Samples::new(proper.len(), blocks, dim, &minus, weights)?;
    parity_error(&plus, &minus).map(Some)
}

pub(crate) fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    values(&tensor.into_data()).collect()
}

pub(super) fn values(data: &TensorData) -> impl Iterator<Item = f64> {
    data.iter::<f64>()
}
