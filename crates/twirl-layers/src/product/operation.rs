//! Products as operations of burn's.

use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;
use rayon::prelude::*;

use super::view::View;
use crate::own::{Operation, Real, like, tensor, whole};
use crate::pointwise::Function;
use crate::with_real;

/// Rows whose sum is carried in the type of the tensor before it is added to that of others.
const SUMMED: usize = 256;
/// Numbers that one thread takes at a time where every number is seen once.
const CHUNK: usize = 1 << 14;

/// Matrices times matrices, with equal leading axes.
#[derive(Debug, Clone)]
pub(crate) struct Product;

impl Operation<2> for Product {
    type Kept = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 2]) -> (FlexTensor, Self::Kept) {
        let inputs = inputs.map(forwards);
        let output = with_real!(inputs[0], T => {
            let [left, right] = inputs.each_ref().map(View::<T>::of);
            let mut dims = inputs[0].layout().shape()[..].to_vec();
            let last = dims.len() - 1;
            dims[last] = inputs[1].layout().shape()[last];
            FlexTensor::from_data(TensorData::new(left.times(&right), dims))
        });
        (output, inputs)
    }

    fn backward(
        &self,
        inputs: Self::Kept,
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradient = whole(gradient);
        with_real!(gradient, T => {
            let [left, right] = inputs.each_ref().map(View::<T>::of);
            let gradient = View::<T>::of(&gradient);
            let for_left = wanted[0].then(|| like(&inputs[0], gradient.times(&right.transposed())));
            let for_right = wanted[1].then(|| like(&inputs[1], left.transposed().times(&gradient)));
            [for_left, for_right]
        })
    }
}

/// `function(x W + b)` of rows `[rows, inputs]`, where a function is given; it is one of single
/// precision.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    pub function: Option<Function>,
}

impl Operation<3> for Linear {
    /// Rows, weight, and what the function is of.
    type Kept = ([FlexTensor; 2], Option<FlexTensor>);

    fn forward(&self, [rows, weight, bias]: [FlexTensor; 3]) -> (FlexTensor, Self::Kept) {
        let (rows, weight, bias) = (forwards(rows), forwards(weight), whole(bias));
        let output = with_real!(rows, T => {
            let bias: &[T] = bias.storage();
            let count = rows.layout().shape()[0];
            let mut output = Vec::with_capacity(count * bias.len());
            for _ in 0..count {
                output.extend_from_slice(bias);
            }
            View::<T>::of(&rows).times_onto(&View::of(&weight), &mut output);
            tensor(output, [count, bias.len()])
        });
        let Some(function) = self.function else {
            return (output, ([rows, weight], None));
        };
        let mut values = output.storage::<f32>().to_vec();
        if values.len() < 2 * CHUNK {
            function.map(&mut values);
        } else {
            let chunks = values.par_chunks_mut(CHUNK);
            chunks.for_each(|chunk| function.map(chunk));
        }
        (like(&output, values), ([rows, weight], Some(output)))
    }

    fn backward(
        &self,
        ([rows, weight], before): Self::Kept,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let mut gradient = whole(gradient);
        if let (Some(function), Some(before)) = (self.function, before) {
            let (values, at) = (gradient.storage_mut::<f32>(), before.storage::<f32>());
            if values.len() < 2 * CHUNK {
                function.chain(values, at);
            } else {
                let chunks = values.par_chunks_mut(CHUNK).zip(at.par_chunks(CHUNK));
                chunks.for_each(|(chunk, at)| function.chain(chunk, at));
            }
        }
        with_real!(gradient, T => {
            let values: &[T] = gradient.storage();
            let columns = gradient.layout().shape()[1];
            let for_bias = wanted[2].then(|| tensor(column_sums(values, columns), [columns]));
            let view = View::<T>::of(&gradient);
            let (left, right) = (View::<T>::of(&rows), View::<T>::of(&weight));
            let for_rows = wanted[0].then(|| like(&rows, view.times(&right.transposed())));
            let for_weight = wanted[1].then(|| like(&weight, left.transposed().times(&view)));
            [for_rows, for_weight, for_bias]
        })
    }
}

/// Sums over rows, in blocks, one block after another.
fn column_sums<T: Real>(values: &[T], columns: usize) -> Vec<T> {
    let mut sums = vec![T::default(); columns];
    if columns == 0 {
        return sums;
    }
    for block in values.chunks(SUMMED * columns) {
        let mut partial = vec![T::default(); columns];
        for row in block.chunks_exact(columns) {
            for (sum, &value) in partial.iter_mut().zip(row) {
                *sum += value;
            }
        }
        for (sum, partial) in sums.iter_mut().zip(partial) {
            *sum += partial;
        }
    }
    sums
}

/// The tensor itself where all of its strides go forwards, else a copy.
fn forwards(tensor: FlexTensor) -> FlexTensor {
    let layout = tensor.layout();
    let mut axes = layout.strides().iter().zip(&layout.shape()[..]);
    if axes.all(|(&stride, &size)| stride > 0 || size <= 1 && stride == 0) {
        tensor
    } else {
        whole(tensor)
    }
}
