//! The models.

pub(crate) mod coordinate_transformer;
pub(crate) mod neighbour_attention;
pub(crate) mod painn;
pub(crate) mod tensor_field;

use burn::tensor::Tensor;
use twirl_equivariant::{Features, ScalarHead, VectorHead};
use twirl_harness::TaskError;

use crate::{Batch, Output};

/// Refuses heads that do not divide the width.
fn check_heads(heads: usize, width: usize) -> Result<(), TaskError> {
    if heads == 0 || !width.is_multiple_of(heads) || width == 0 {
        return Err(TaskError::setting(
            "heads",
            format!("{heads} heads do not divide width {width}"),
            "choose a width that is a multiple of heads",
        ));
    }
    Ok(())
}

/// Mean over a molecule's atoms of a value per atom `[batch * N, 1]`: `[batch, 1, 1]`.
fn mean_over_atoms(values: Tensor<2>, batch: &Batch) -> Tensor<3> {
    let [count, atoms] = batch.share.dims();
    let values = values.reshape([count, atoms]) * batch.share.clone();
    values.sum_dim(1).unsqueeze_dim(2)
}

/// Direct forces from vectors, energy from scalars.
fn read_out(
    features: &Features,
    vector: &VectorHead,
    scalar: &ScalarHead,
    batch: &Batch,
) -> Output {
    let [count, atoms] = batch.share.dims();
    Output {
        force: vector.forward(features).reshape([count, atoms, 3]),
        energy: mean_over_atoms(scalar.forward(features), batch),
    }
}
