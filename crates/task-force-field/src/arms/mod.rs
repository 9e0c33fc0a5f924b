//! The models.

pub(crate) mod coordinate_transformer;
pub(crate) mod mace;
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

/// Forces `[A, 3]` and energies `[A, 1]` of atoms as an output: forces in places, energies as means over
/// molecules.
fn output(force: Tensor<2>, energy: Tensor<2>, batch: &Batch) -> Output {
    Output {
        force: batch.cloud.padded(force),
        energy: batch.cloud.mean(energy),
    }
}

/// Direct forces from vectors, energy from scalars.
fn read_out(
    features: &Features,
    vector: &VectorHead,
    scalar: &ScalarHead,
    batch: &Batch,
) -> Output {
    output(vector.forward(features), scalar.forward(features), batch)
}
