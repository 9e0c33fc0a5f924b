//! Terms of a loss on the host, for all rotations of some molecules.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::{CoreError, Loss, Part, Samples, cotangent};

use super::probe::{Probe, TermSamples};
use crate::error::RunError;
use crate::measure::host_values;
use crate::term::{Role, Term};

/// What is kept of a term on the host: residuals `[rotations][items][blocks * dim]`.
pub(super) struct Stack {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) loss: Loss,
    extent: [usize; 2],
    items: usize,
    pub(super) residuals: Vec<f64>,
    /// `[items][blocks * dim]`, the same at every rotation.
    targets: Vec<f64>,
    weights: Vec<f64>,
}

impl Stack {
    pub(super) fn of(term: &Term, items: usize) -> Self {
        let [_, blocks, dim] = term.prediction.dims();
        let mut weights = host_values(term.weight.clone());
        weights.truncate(items * blocks);
        let mut targets = host_values(term.target.clone());
        targets.truncate(items * blocks * dim);
        Self {
            name: term.name,
            role: term.role,
            loss: term.loss,
            extent: [blocks, dim],
            items,
            residuals: host_values(term.prediction.clone() - term.target.clone()),
            targets,
            weights,
        }
    }

    /// `[rotations][blocks][dim]` of one item.
    pub(super) fn item(&self, index: usize) -> TermSamples {
        let [blocks, dim] = self.extent;
        let rows = self.residuals.chunks_exact(blocks * dim);
        let own = rows.skip(index).step_by(self.items);
        TermSamples {
            name: self.name,
            role: self.role,
            loss: self.loss,
            extent: self.extent,
            residuals: own.flatten().copied().collect(),
            target: self.targets[index * blocks * dim..(index + 1) * blocks * dim].to_vec(),
            weights: self.weights[index * blocks..(index + 1) * blocks].to_vec(),
        }
    }

    /// Derivative of a part with respect to all residuals, in their layout.
    pub(super) fn cotangent(&self, probe: &Probe, part: Part) -> Result<Vec<f64>, CoreError> {
        let [blocks, dim] = self.extent;
        let width = blocks * dim;
        let mut slope = vec![0.0; self.residuals.len()];
        for index in 0..self.items {
            let item = self.item(index);
            let of_item = cotangent(&probe.design, probe.symmetry, part, &item.samples()?)?;
            for (turn, row) in of_item.chunks_exact(width).enumerate() {
                let first = (turn * self.items + index) * width;
                slope[first..first + width].copy_from_slice(row);
            }
        }
        Ok(slope)
    }
}

/// Rotations in passes of at most `batch` molecules.
pub(super) fn passes(rotations: usize, items: usize, batch: usize) -> Vec<Range<usize>> {
    let size = (batch / items).max(1);
    (0..rotations)
        .step_by(size)
        .map(|first| first..(first + size).min(rotations))
        .collect()
}

/// `sum over trained terms of <prediction, cotangent>`, `[1]`.
pub(super) fn pairing(
    terms: &[Term],
    cotangents: &[Option<Vec<f64>>],
    device: &Device,
) -> Tensor<1> {
    let pairs = terms.iter().zip(cotangents);
    pairs
        .filter_map(|(term, slope)| {
            let data = TensorData::new(slope.clone()?, term.prediction.dims());
            Some((term.prediction.clone() * Tensor::from_data(data, device)).sum())
        })
        .reduce(|sum, value| sum + value)
        .expect("a task has a term to train on")
}

pub(super) fn only_squared(name: &str, loss: Loss) -> Result<(), RunError> {
    if loss == Loss::Squared {
        return Ok(());
    }
    Err(RunError::Config(format!(
        "term {name} has a loss that is not squared, whose parts have no unbiased gradient; set \
         the task's loss to squared"
    )))
}

impl TermSamples {
    /// As samples of the estimators.
    ///
    /// # Errors
    /// If a residual is not finite.
    pub fn samples(&self) -> Result<Samples<'_>, CoreError> {
        let [blocks, dim] = self.extent;
        let rotations = self.residuals.len() / (blocks * dim);
        Samples::new(rotations, blocks, dim, &self.residuals, &self.weights)
    }
}
