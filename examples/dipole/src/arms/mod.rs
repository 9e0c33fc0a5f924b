//! The models.

pub(crate) mod painn;
pub(crate) mod plain;

use burn::tensor::Tensor;

use crate::Batch;

/// Mean over a molecule's atoms of a vector per atom `[batch * N, 3]`: `[batch, 1, 3]`.
fn mean_over_atoms(vectors: Tensor<2>, batch: &Batch) -> Tensor<3> {
    let [count, atoms] = batch.share.dims();
    let share: Tensor<3> = batch.share.clone().unsqueeze_dim(2);
    (vectors.reshape([count, atoms, 3]) * share).sum_dim(1)
}
