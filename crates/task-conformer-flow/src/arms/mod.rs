//! The models: one skeleton, three ways to treat rotations.

pub(crate) mod conditioning;
pub(crate) mod equivariant;
pub(crate) mod frame_averaged;
pub(crate) mod plain;
mod vectors;

use burn::tensor::Tensor;

use crate::batch::{Batch, Output};

/// The prediction of a network's output `[B, N, 3]`: centred, scaled, and added to the best linear
/// guess. Networks therefore begin with predictions of the size of the target and not at zero,
/// where every arm would look equivariant.
fn finish(network: Tensor<3>, batch: &Batch) -> Output {
    let state = &batch.state;
    let network = batch.graphs.centre(network);
    Output(state.positions.clone() * state.skip.clone() + network * state.output.clone())
}
