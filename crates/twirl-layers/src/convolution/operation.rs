//! The convolution as an operation of burn's, with its own backward pass.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{DType, Tensor, TensorData};

use super::kernel::{Real, dispatch};
use super::plan::Shape;
use super::{correlation, gradient};

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
    let (input, weight, bias) = (
        input.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
    );
    Tensor::from_dispatch(Dispatch::convolve(input, weight, bias, shape, transposed))
}

#[backend_extension(Flex, Autodiff)]
trait Convolve: Backend {
    fn convolve(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: Shape,
        transposed: bool,
    ) -> FloatTensor<Self>;
}

impl Convolve for Flex {
    fn convolve(
        input: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        shape: Shape,
        transposed: bool,
    ) -> FlexTensor {
        match input.dtype() {
            DType::F32 => forward::<f32>(&shape, &input, &weight, &bias, transposed),
            DType::F64 => forward::<f64>(&shape, &input, &weight, &bias, transposed),
            other => unreachable!("{other:?} goes to burn's own convolution"),
        }
    }
}

fn forward<T: Real>(
    shape: &Shape,
    input: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    transposed: bool,
) -> FlexTensor {
    let [input, weight, bias] = [input, weight, bias].map(FlexTensor::to_contiguous);
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
    input: &FlexTensor,
    weight: &FlexTensor,
    gradient: &FlexTensor,
    transposed: bool,
    wanted: [bool; 3],
) -> [Option<FlexTensor>; 3] {
    let [input, weight, gradient] = [input, weight, gradient].map(FlexTensor::to_contiguous);
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

fn tensor<T: Real, const D: usize>(values: Vec<T>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

impl<C: CheckpointStrategy> Convolve for Autodiff<Flex, C> {
    fn convolve(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: Shape,
        transposed: bool,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node(), bias.node()];
        let output = |input: FloatTensor<Self>, weight: FloatTensor<Self>| {
            let (input, weight) = (input.into_primitive(), weight.into_primitive());
            Flex::convolve(input, weight, bias.into_primitive(), shape, transposed)
        };
        match Step.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut step) => {
                let state = State {
                    input: step.checkpoint(&input),
                    weight: step.checkpoint(&weight),
                    shape,
                    transposed,
                };
                step.finish(state, output(input, weight))
            }
            OpsKind::UnTracked(step) => step.finish(output(input, weight)),
        }
    }
}

#[derive(Debug)]
struct Step;

#[derive(Debug, Clone)]
struct State {
    input: NodeId,
    weight: NodeId,
    shape: Shape,
    transposed: bool,
}

impl Backward<Flex, 3> for Step {
    type State = State;

    fn backward(
        self,
        ops: Ops<State, 3>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let state = ops.state;
        let input: FlexTensor = checkpointer.retrieve_node_output(state.input);
        let weight: FlexTensor = checkpointer.retrieve_node_output(state.weight);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let run = match gradient.dtype() {
            DType::F32 => backward::<f32>,
            DType::F64 => backward::<f64>,
            other => unreachable!("{other:?} goes to burn's own convolution"),
        };
        let found = run(
            &state.shape,
            &input,
            &weight,
            &gradient,
            state.transposed,
            wanted,
        );
        for (parent, found) in ops.parents.into_iter().zip(found) {
            if let (Some(parent), Some(found)) = (parent, found) {
                gradients.register::<Flex>(parent.id, found);
            }
        }
    }
}
