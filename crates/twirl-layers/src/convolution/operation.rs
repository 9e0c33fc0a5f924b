//! The convolution as an operation of burn's, with its own backward pass.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::kernel::dispatch;
use super::plan::Shape;
use super::{correlation, gradient};
use crate::own::{Operation, Real, apply3, tensor, whole};
use crate::with_real;

/// Without a bias, zeros take its place: they are a constant, so no gradient is made for them.
pub(super) fn apply(
    input: Tensor<5>,
    weight: Tensor<5>,
    bias: Option<Tensor<1>>,
    shape: Shape,
    transposed: bool,
) -> Tensor<5> {
    let channels = if transposed {
        shape.inputs
    } else {
        shape.outputs
    };
    let options = (&weight.device(), weight.dtype());
    let bias = bias.unwrap_or_else(|| Tensor::zeros([channels], options));
    apply3(Convolve { shape, transposed }, input, weight, bias)
}

/// Input, weight and bias.
#[derive(Debug, Clone)]
struct Convolve {
    shape: Shape,
    transposed: bool,
}

impl Operation<3> for Convolve {
    /// Input and weight.
    type Kept = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 3]) -> (FlexTensor, Self::Kept) {
        let [input, weight, bias] = inputs.map(whole);
        let run = with_real!(input, T => forward::<T>);
        let output = run(&self.shape, [&input, &weight, &bias], self.transposed);
        (output, [input, weight])
    }

    fn backward(
        &self,
        [input, weight]: Self::Kept,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let gradient = whole(gradient);
        let run = with_real!(gradient, T => backward::<T>);
        let read = [&input, &weight, &gradient];
        run(&self.shape, read, self.transposed, wanted)
    }
}

fn forward<T: Real>(
    shape: &Shape,
    [input, weight, bias]: [&FlexTensor; 3],
    transposed: bool,
) -> FlexTensor {
    let (input, weight, bias) = (input.storage(), weight.storage(), bias.storage());
    if transposed {
        fine::<T>(
            shape,
            dispatch(correlation::adjoint(shape, input, weight, bias)),
        )
    } else {
        coarse::<T>(
            shape,
            dispatch(correlation::forward(shape, input, weight, bias)),
        )
    }
}

/// Gradients for input, weight and bias, where asked for.
fn backward<T: Real>(
    shape: &Shape,
    [input, weight, gradient]: [&FlexTensor; 3],
    transposed: bool,
    wanted: [bool; 3],
) -> [Option<FlexTensor>; 3] {
    let (input, weight, gradient) = (input.storage(), weight.storage(), gradient.storage());
    let kernel = [
        shape.outputs,
        shape.inputs,
        shape.kernel,
        shape.kernel,
        shape.kernel,
    ];
    let for_input = || {
        if transposed {
            let zeros = vec![T::default(); shape.outputs];
            coarse(
                shape,
                dispatch(correlation::forward(shape, gradient, weight, &zeros)),
            )
        } else {
            let zeros = vec![T::default(); shape.inputs];
            fine(
                shape,
                dispatch(correlation::adjoint(shape, gradient, weight, &zeros)),
            )
        }
    };
    let for_weight = || {
        let (on_fine, on_coarse) = if transposed {
            (gradient, input)
        } else {
            (input, gradient)
        };
        tensor(
            dispatch(gradient::weight::<T>(shape, on_fine, on_coarse)),
            kernel,
        )
    };
    let for_bias = || {
        let (channels, volume) = if transposed {
            (shape.inputs, shape.fine_volume())
        } else {
            (shape.outputs, shape.coarse_volume())
        };
        tensor(
            gradient::channel_sums::<T>(gradient, channels, volume),
            [channels],
        )
    };
    [
        wanted[0].then(for_input),
        wanted[1].then(for_weight),
        wanted[2].then(for_bias),
    ]
}

fn fine<T: Real>(shape: &Shape, values: Vec<T>) -> FlexTensor {
    let [x, y, z] = shape.fine;
    tensor(values, [shape.batch, shape.inputs, x, y, z])
}

fn coarse<T: Real>(shape: &Shape, values: Vec<T>) -> FlexTensor {
    let [x, y, z] = shape.coarse;
    tensor(values, [shape.batch, shape.outputs, x, y, z])
}
