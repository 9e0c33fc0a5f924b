//! 3-D convolution and its adjoint, fast on the CPU device.
//!
//! burn's own convolution copies every window into a matrix (im2col). On the CPU device this
//! module multiplies in place instead: for channels-first data, output `j` of a convolution is
//! `sum_k w[o, k] x[j + offset(k)]`, where `k` counts input channel and kernel cell, once borders
//! are padded and, for stride 2, even and odd cells are separated. Neighbouring outputs are then
//! neighbours in memory for every `k`, so vectors of outputs are loaded straight from the padded
//! volume, and a tile of output channels times such vectors stays in registers over the whole sum.
//! The input gradient is the same sum over the output gradient, once per parity of the place when
//! the stride is 2; the weight gradient holds a tile of `[output channels, k]` in registers and runs
//! over the outputs. All three cost `2 B Cout Cin k^3 X' Y' Z'` operations, for `X' Y' Z'` outputs
//! per channel, and one padded copy of a volume. `benches/conv3d.rs` times them beside burn's own.

mod correlation;
mod gradient;
mod kernel;
mod operation;
mod plan;
#[cfg(test)]
mod tests;

use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{DType, Tensor, module};

use crate::flex::on_flex_as;
use crate::rounded::multiply;
use plan::Shape;

/// Cross-correlation `y[b, o, i] = bias[o] + sum_{c, j} weight[o, c, j] input[b, c, s i + j - p]`
/// with stride `s` and `p` zeros on every border.
///
/// Shapes: `input` `[B, Cin, X, Y, Z]`, `weight` `[Cout, Cin, k, k, k]`, `bias` `[Cout]`, output
/// `[B, Cout, X', Y', Z']` with `X' = (X + 2 p - k) / s + 1`, rounded down. Sums run in a fixed
/// order, whatever the number of threads. Devices other than `flex`, and types other than f32 and
/// f64, use burn's own convolution.
///
/// # Panics
/// If shapes disagree, the kernel is not a cube or does not fit into the padded input, or a size or
/// the stride is 0.
#[must_use]
pub fn conv3d(
    input: Tensor<5>,
    weight: Tensor<5>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<5> {
    let shape = Shape::convolution(input.dims(), weight.dims(), stride, padding);
    shape.count_flops();
    if let Some(bias) = &bias {
        assert_eq!(bias.dims(), [shape.outputs], "conv3d: bias");
    }
    if on_flex_as(&input, &OWN) {
        return operation::apply(input, weight, bias, shape, false);
    }
    let options = ConvOptions::new([stride; 3], [padding; 3], [1; 3], 1);
    let output = multiply(input, weight, |input, weight| {
        module::conv3d(input, weight, None, options)
    });
    with_bias(output, bias)
}

/// The adjoint of [`conv3d`] in its input, plus a bias: each input cell adds
/// `weight[c, o, j] input[b, c, i]` to output cell `s i + j - p`.
///
/// Shapes: `input` `[B, Cin, X, Y, Z]`, `weight` `[Cin, Cout, k, k, k]`, `bias` `[Cout]`, output
/// `[B, Cout, X', Y', Z']` with `X' = s (X - 1) + k - 2 p`. A kernel of 4 with stride 2 and padding
/// 1 doubles the grid. Devices and types as for [`conv3d`].
///
/// # Panics
/// If shapes disagree, the kernel is not a cube, the output is empty, or a size or the stride is 0.
#[must_use]
pub fn conv_transpose3d(
    input: Tensor<5>,
    weight: Tensor<5>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<5> {
    let shape = Shape::transposed(input.dims(), weight.dims(), stride, padding);
    shape.count_flops();
    if let Some(bias) = &bias {
        assert_eq!(bias.dims(), [shape.inputs], "conv_transpose3d: bias");
    }
    if on_flex_as(&input, &OWN) {
        return operation::apply(input, weight, bias, shape, true);
    }
    let options = ConvTransposeOptions::new([stride; 3], [padding; 3], [0; 3], [1; 3], 1);
    let output = multiply(input, weight, |input, weight| {
        module::conv_transpose3d(input, weight, None, options)
    });
    with_bias(output, bias)
}

fn with_bias(output: Tensor<5>, bias: Option<Tensor<1>>) -> Tensor<5> {
    match bias {
        Some(bias) => {
            let channels = bias.dims()[0];
            output + bias.reshape([1, channels, 1, 1, 1])
        }
        None => output,
    }
}

/// Types that the own operation serves.
const OWN: [DType; 2] = [DType::F32, DType::F64];
