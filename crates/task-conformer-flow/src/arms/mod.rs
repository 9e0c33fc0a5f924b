//! The models: one skeleton, three ways to treat rotations.

pub(crate) mod conditioning;
pub(crate) mod equivariant;
pub(crate) mod frame_averaged;
pub(crate) mod plain;

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

/// `x (1 + scale) + shift`, with scale and shift at places of `modulation` in steps of the width.
fn modulate(input: Tensor<2>, modulation: &Tensor<2>, shift: usize, scale: usize) -> Tensor<2> {
    let width = input.dims()[1];
    let part = |start| modulation.clone().narrow(1, start, width);
    input.clone() + input * part(scale) + part(shift)
}
