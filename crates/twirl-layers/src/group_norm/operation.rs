//! The norm as an operation of burn's, with its own backward pass.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

use super::kernel::{self, Affine, Form, Moments, Real};

/// Entries below which a task is not worth a thread.
const TASK: usize = 1 << 13;

pub(super) fn apply(field: Tensor<5>, gain: Tensor<1>, offset: Tensor<1>, form: Form) -> Tensor<5> {
    let (field, gain, offset) = (
        field.into_dispatch(),
        gain.into_dispatch(),
        offset.into_dispatch(),
    );
    Tensor::from_dispatch(Dispatch::group_norm(field, gain, offset, form))
}

#[backend_extension(Flex, Autodiff)]
trait Norm: Backend {
    fn group_norm(
        field: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        form: Form,
    ) -> FloatTensor<Self>;
}

impl Norm for Flex {
    fn group_norm(
        field: FlexTensor,
        gain: FlexTensor,
        offset: FlexTensor,
        form: Form,
    ) -> FlexTensor {
        forward(&field, &gain, &offset, form).0
    }
}

fn forward(
    field: &FlexTensor,
    gain: &FlexTensor,
    offset: &FlexTensor,
    form: Form,
) -> (FlexTensor, Vec<Moments>) {
    match field.dtype() {
        DType::F32 => normalise::<f32>(field, gain, offset, form),
        DType::F64 => normalise::<f64>(field, gain, offset, form),
        other => unreachable!("{other:?} goes to the composed form"),
    }
}

/// Gain and offset of the group that is row number `row`.
fn affine<'a, T>(gain: &'a [T], offset: &'a [T], groups: usize, row: usize) -> Affine<'a, T> {
    let channels = gain.len() / groups;
    let range = row % groups * channels..(row % groups + 1) * channels;
    Affine {
        gain: &gain[range.clone()],
        offset: &offset[range],
    }
}

fn normalise<T: Real>(
    field: &FlexTensor,
    gain: &FlexTensor,
    offset: &FlexTensor,
    form: Form,
) -> (FlexTensor, Vec<Moments>) {
    let dims = field.shape();
    let [field, gain, offset] = [field, gain, offset].map(FlexTensor::to_contiguous);
    let (field, gain, offset): (&[T], &[T], &[T]) =
        (field.storage(), gain.storage(), offset.storage());
    let row = field.len() / (dims[0] * form.groups);
    let mut output = vec![T::default(); field.len()];
    let moments = output
        .par_chunks_mut(row)
        .zip(field.par_chunks(row))
        .enumerate()
        .with_min_len(TASK.div_ceil(row))
        .map(|(place, (output, input))| {
            Arch::new().dispatch(kernel::Forward {
                affine: affine(gain, offset, form.groups, place),
                silu: form.silu,
                input,
                output,
            })
        })
        .collect();
    (
        FlexTensor::from_data(TensorData::new(output, dims)),
        moments,
    )
}

/// Gradients for field, gain and offset.
fn backward<T: Real>(
    [field, gain, offset, gradient]: [&FlexTensor; 4],
    moments: &[Moments],
    form: Form,
) -> [FlexTensor; 3] {
    let dims = field.shape();
    let [field, gain, offset, gradient] =
        [field, gain, offset, gradient].map(FlexTensor::to_contiguous);
    let (field, gradient): (&[T], &[T]) = (field.storage(), gradient.storage());
    let (gain, offset): (&[T], &[T]) = (gain.storage(), offset.storage());
    let row = field.len() / moments.len();
    let channels = gain.len();
    let mut output = vec![T::default(); field.len()];
    let mut sums = vec![[0.0; 2]; dims[0] * channels];
    output
        .par_chunks_mut(row)
        .zip(sums.par_chunks_mut(channels / form.groups))
        .zip(field.par_chunks(row).zip(gradient.par_chunks(row)))
        .enumerate()
        .with_min_len(TASK.div_ceil(row))
        .for_each(|(place, ((output, sums), (input, gradient)))| {
            Arch::new().dispatch(kernel::Backward {
                affine: affine(gain, offset, form.groups, place),
                silu: form.silu,
                moments: moments[place],
                input,
                gradient,
                output,
                sums,
            });
        });
    let over_batch = |which: usize| {
        let of_channel = |channel: usize| {
            let entries = sums.iter().skip(channel).step_by(channels);
            T::of(entries.map(|sums| sums[which]).sum())
        };
        let values: Vec<T> = (0..channels).map(of_channel).collect();
        FlexTensor::from_data(TensorData::new(values, [channels]))
    };
    let for_field = FlexTensor::from_data(TensorData::new(output, dims));
    [for_field, over_batch(1), over_batch(0)]
}

impl<C: CheckpointStrategy> Norm for Autodiff<Flex, C> {
    fn group_norm(
        field: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        form: Form,
    ) -> FloatTensor<Self> {
        let nodes = [field.node(), gain.node(), offset.node()];
        match Step.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut step) => {
                let inputs = [&field, &gain, &offset].map(|input| step.checkpoint(input));
                let (output, moments) = forward(
                    &field.into_primitive(),
                    &gain.into_primitive(),
                    &offset.into_primitive(),
                    form,
                );
                let state = State {
                    inputs,
                    moments,
                    form,
                };
                step.finish(state, output)
            }
            OpsKind::UnTracked(step) => step.finish(Flex::group_norm(
                field.into_primitive(),
                gain.into_primitive(),
                offset.into_primitive(),
                form,
            )),
        }
    }
}

#[derive(Debug)]
struct Step;

#[derive(Debug, Clone)]
struct State {
    /// Field, gain and offset.
    inputs: [NodeId; 3],
    /// Of every group of every batch entry.
    moments: Vec<Moments>,
    form: Form,
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
        let [field, gain, offset]: [FlexTensor; 3] = state
            .inputs
            .map(|input| checkpointer.retrieve_node_output(input));
        let run = match gradient.dtype() {
            DType::F32 => backward::<f32>,
            DType::F64 => backward::<f64>,
            other => unreachable!("{other:?} goes to the composed form"),
        };
        let read = [&field, &gain, &offset, &gradient];
        let found = run(read, &state.moments, state.form);
        for (parent, found) in ops.parents.into_iter().zip(found) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, found);
            }
        }
    }
}
