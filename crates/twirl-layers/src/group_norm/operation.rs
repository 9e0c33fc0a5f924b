//! The norm as an operation of burn's, with its own backward pass.

use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::kernel::{self, Affine, Form, Moments};
use crate::own::{Operation, Real, tensor, vectorised, whole};
use crate::with_real;

/// Entries below which a task is not worth a thread.
const TASK: usize = 1 << 13;

/// Field, gain and offset.
impl Operation<3> for Form {
    /// The inputs, and the moments of every group of every batch entry.
    type Kept = ([FlexTensor; 3], Vec<Moments>);

    fn forward(&self, inputs: [FlexTensor; 3]) -> (FlexTensor, Self::Kept) {
        let inputs = inputs.map(whole);
        let (output, moments) = with_real!(inputs[0], T => normalise::<T>(&inputs, *self));
        (output, (inputs, moments))
    }

    fn backward(
        &self,
        (inputs, moments): Self::Kept,
        gradient: FlexTensor,
        _wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let gradient = whole(gradient);
        with_real!(gradient, T => backward::<T>(&inputs, &gradient, &moments, *self)).map(Some)
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
    [field, gain, offset]: &[FlexTensor; 3],
    form: Form,
) -> (FlexTensor, Vec<Moments>) {
    let dims: [usize; 5] = field.shape().dims();
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
            vectorised(kernel::Forward {
                affine: affine(gain, offset, form.groups, place),
                silu: form.silu,
                input,
                output,
            })
        })
        .collect();
    (tensor(output, dims), moments)
}

/// Gradients for field, gain and offset.
fn backward<T: Real>(
    [field, gain, offset]: &[FlexTensor; 3],
    gradient: &FlexTensor,
    moments: &[Moments],
    form: Form,
) -> [FlexTensor; 3] {
    let dims: [usize; 5] = field.shape().dims();
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
            vectorised(kernel::Backward {
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
        tensor(values, [channels])
    };
    let for_field = tensor(output, dims);
    [for_field, over_batch(1), over_batch(0)]
}
