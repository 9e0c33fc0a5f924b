//! The functions as an operation of burn's.

use burn::backend::flex::FlexTensor;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use super::kernel::Function;
use crate::own::{Operation, like, whole};

/// Numbers that one thread takes at a time: enough to outweigh its waking.
const CHUNK: usize = 16_384;

impl Operation<1> for Function {
    type Kept = FlexTensor;

    fn forward(&self, [input]: [FlexTensor; 1]) -> (FlexTensor, FlexTensor) {
        let input = whole(input);
        let mut values = input.storage::<f32>().to_vec();
        if values.len() <= CHUNK {
            self.map(&mut values);
        } else {
            let chunks = values.par_chunks_mut(CHUNK);
            chunks.for_each(|chunk| self.map(chunk));
        }
        (like(&input, values), input)
    }

    /// The gradient times the slope at the input.
    fn backward(
        &self,
        input: FlexTensor,
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let mut output = whole(gradient);
        let (values, at) = (output.storage_mut::<f32>(), input.storage::<f32>());
        if values.len() <= CHUNK {
            self.chain(values, at);
        } else {
            let chunks = values.par_chunks_mut(CHUNK).zip(at.par_chunks(CHUNK));
            chunks.for_each(|(chunk, at)| self.chain(chunk, at));
        }
        [Some(output)]
    }
}
