//! The functions as an operation of burn's, with its own backward pass.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Tensor, TensorData};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use super::Function;

/// Numbers that one thread takes at a time: enough to outweigh its waking.
const CHUNK: usize = 16_384;

pub(super) fn apply<const D: usize>(function: Function, input: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::pointwise(input.into_dispatch(), function))
}

#[backend_extension(Flex, Autodiff)]
trait Pointwise: Backend {
    fn pointwise(input: FloatTensor<Self>, function: Function) -> FloatTensor<Self>;
}

impl Pointwise for Flex {
    fn pointwise(input: FlexTensor, function: Function) -> FlexTensor {
        let input = input.to_contiguous();
        let mut output = input.storage::<f32>().to_vec();
        if output.len() <= CHUNK {
            function.map(&mut output);
        } else {
            let chunks = output.par_chunks_mut(CHUNK);
            chunks.for_each(|chunk| function.map(chunk));
        }
        like(&input, output)
    }
}

/// The gradient times the slope at the input.
fn backward(function: Function, input: &FlexTensor, gradient: &FlexTensor) -> FlexTensor {
    let (input, gradient) = (input.to_contiguous(), gradient.to_contiguous());
    let mut output = gradient.storage::<f32>().to_vec();
    let at = input.storage::<f32>();
    if output.len() <= CHUNK {
        function.chain(&mut output, at);
    } else {
        let chunks = output.par_chunks_mut(CHUNK).zip(at.par_chunks(CHUNK));
        chunks.for_each(|(chunk, at)| function.chain(chunk, at));
    }
    like(&input, output)
}

fn like(input: &FlexTensor, values: Vec<f32>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, input.layout().shape().clone()))
}

impl<C: CheckpointStrategy> Pointwise for Autodiff<Flex, C> {
    fn pointwise(input: FloatTensor<Self>, function: Function) -> FloatTensor<Self> {
        match Step.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut step) => {
                let state = (step.checkpoint(&input), function);
                step.finish(state, Flex::pointwise(input.into_primitive(), function))
            }
            OpsKind::UnTracked(step) => {
                step.finish(Flex::pointwise(input.into_primitive(), function))
            }
        }
    }
}

#[derive(Debug)]
struct Step;

impl Backward<Flex, 1> for Step {
    type State = (NodeId, Function);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (node, function) = ops.state;
        let input: FlexTensor = checkpointer.retrieve_node_output(node);
        if let [Some(parent)] = ops.parents {
            gradients.register::<Flex>(parent.id, backward(function, &input, &gradient));
        }
    }
}
