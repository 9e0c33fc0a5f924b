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

use super::Activation;

/// Numbers that one thread takes at a time: enough to outweigh its waking.
const CHUNK: usize = 16_384;

pub(super) fn apply<const D: usize>(activation: Activation, input: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::activate(input.into_dispatch(), activation))
}

#[backend_extension(Flex, Autodiff)]
trait Activate: Backend {
    fn activate(input: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self>;
}

impl Activate for Flex {
    fn activate(input: FlexTensor, activation: Activation) -> FlexTensor {
        let input = input.to_contiguous();
        let mut output = input.storage::<f32>().to_vec();
        if output.len() <= CHUNK {
            activation.map(&mut output);
        } else {
            let chunks = output.par_chunks_mut(CHUNK);
            chunks.for_each(|chunk| activation.map(chunk));
        }
        like(&input, output)
    }
}

/// The gradient times the slope at the input.
fn backward(activation: Activation, input: &FlexTensor, gradient: &FlexTensor) -> FlexTensor {
    let (input, gradient) = (input.to_contiguous(), gradient.to_contiguous());
    let mut output = gradient.storage::<f32>().to_vec();
    let at = input.storage::<f32>();
    if output.len() <= CHUNK {
        activation.chain(&mut output, at);
    } else {
        let chunks = output.par_chunks_mut(CHUNK).zip(at.par_chunks(CHUNK));
        chunks.for_each(|(chunk, at)| activation.chain(chunk, at));
    }
    like(&input, output)
}

fn like(input: &FlexTensor, values: Vec<f32>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, input.layout().shape().clone()))
}

impl<C: CheckpointStrategy> Activate for Autodiff<Flex, C> {
    fn activate(input: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        match Step.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut step) => {
                let state = (step.checkpoint(&input), activation);
                step.finish(state, Flex::activate(input.into_primitive(), activation))
            }
            OpsKind::UnTracked(step) => {
                step.finish(Flex::activate(input.into_primitive(), activation))
            }
        }
    }
}

#[derive(Debug)]
struct Step;

impl Backward<Flex, 1> for Step {
    type State = (NodeId, Activation);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (node, activation) = ops.state;
        let input: FlexTensor = checkpointer.retrieve_node_output(node);
        if let [Some(parent)] = ops.parents {
            gradients.register::<Flex>(parent.id, backward(activation, &input, &gradient));
        }
    }
}
