//! Figures beside the loss.

use burn::tensor::Tensor;
use twirl_harness::Score;

use crate::{Batch, Output};

/// Error and density are both taken in the ball. Atoms outside are those whose centres lie beyond
/// it: their densities are cut off, so no model can place them.
pub(crate) fn scores(output: &Output, batch: &Batch) -> Vec<Score> {
    let clean = batch.values_inside(batch.clean());
    let error = batch.values_inside(output.density.clone()) - clean.clone();
    let sum = |values: Tensor<3>| values.sum_dim(2).sum_dim(1).flatten::<1>(0, 2);
    let power = sum(clean.clone() * clean);
    vec![
        Score {
            name: "relative-error",
            unit: "",
            numerator: sum(error.clone() * error),
            denominator: power,
            root: true,
        },
        Score {
            name: "atoms-outside",
            unit: "fraction",
            numerator: batch.outside.clone(),
            denominator: batch.atoms.clone(),
            root: false,
        },
    ]
}
