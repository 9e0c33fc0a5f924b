//! Figures beside the loss.

use burn::tensor::Tensor;
use twirl_harness::Score;

use crate::batch::{Batch, Output, TIME_BINS};

/// Root mean square error of an atom's predicted position (or velocity, per unit of time) over all
/// times and over the last quarter; every atom counts alike.
pub(crate) fn scores(output: &Output, batch: &Batch) -> Vec<Score> {
    let mask = batch.graphs.mask.clone();
    let error = output.0.clone() - batch.target.clone();
    let squares: Tensor<2> = (error.clone() * error).sum_dim(2).squeeze_dim(2);
    let sum = |values: Tensor<2>| values.sum_dim(1).flatten::<1>(0, 1);
    let late: Tensor<2> = batch.bins.clone().narrow(1, TIME_BINS - 1, 1);
    let score = |name, mask: Tensor<2>| Score {
        name,
        unit: "A",
        numerator: sum(squares.clone() * mask.clone()),
        denominator: sum(mask),
        root: true,
    };
    vec![score("rmse", mask.clone()), score("rmse-late", mask * late)]
}
