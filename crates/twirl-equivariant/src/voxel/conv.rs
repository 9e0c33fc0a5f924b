//! The convolutions that every voxel network here is built on: the one place that names them.

use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Tensor, module};

/// Cross-correlation of `[batch, inputs, X, Y, Z]` with `[outputs, inputs, k, k, k]`.
#[must_use]
pub fn conv3d(
    input: Tensor<5>,
    weight: Tensor<5>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<5> {
    let options = ConvOptions::new([stride; 3], [padding; 3], [1; 3], 1);
    module::conv3d(input, weight, bias, options)
}

/// Transposed convolution of `[batch, inputs, X, Y, Z]` with `[inputs, outputs, k, k, k]`.
#[must_use]
pub fn conv_transpose3d(
    input: Tensor<5>,
    weight: Tensor<5>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<5> {
    let options = ConvTransposeOptions::new([stride; 3], [padding; 3], [0; 3], [1; 3], 1);
    module::conv_transpose3d(input, weight, bias, options)
}
