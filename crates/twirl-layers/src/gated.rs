//! Residual branches behind a gate.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::own::{Operation, apply3, like, on_own, vectorised, whole};
use crate::with_real;

/// Numbers that one thread takes at a time.
const CHUNK: usize = 1 << 14;

/// `x + gate y`, with `x` and `y` `[rows, channels]` and one row of the gate for as many of theirs as
/// divide them evenly (three, say, where rows are the axes of vectors).
///
/// # Panics
/// If shapes disagree.
#[must_use]
pub fn gated(x: Tensor<2>, y: Tensor<2>, gate: Tensor<2>) -> Tensor<2> {
    let ([rows, channels], [gates, _]) = (x.dims(), gate.dims());
    assert_eq!(y.dims(), x.dims(), "gated: branch");
    assert_eq!(gate.dims()[1], channels, "gated: channels of the gate");
    if rows == 0 {
        return x;
    }
    assert!(
        gates > 0 && rows.is_multiple_of(gates),
        "gated: rows of the gate"
    );
    let each = rows / gates;
    if on_own(&x) {
        return apply3(Gated { each }, x, y, gate);
    }
    let gate: Tensor<3> = gate.unsqueeze_dim(1);
    let product = y.reshape([gates, each, channels]) * gate;
    x + product.reshape([rows, channels])
}

#[derive(Debug, Clone)]
struct Gated {
    /// Rows of the branch for one row of the gate.
    each: usize,
}

impl Operation<3> for Gated {
    /// Branch and gate.
    type Kept = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 3]) -> (FlexTensor, Self::Kept) {
        let [mut x, y, gate] = inputs.map(whole);
        let channels = gate.layout().shape()[1];
        with_real!(y, T => {
            let (y, gate): (&[T], &[T]) = (y.storage(), gate.storage());
            let size = self.each * channels;
            let run = |x: &mut [T], y: &[T], gate: &[T]| vectorised(#[inline(always)] || {
                for ((x, y), gate) in x.chunks_exact_mut(size).zip(y.chunks_exact(size))
                    .zip(gate.chunks_exact(channels))
                {
                    for (x, y) in x.chunks_exact_mut(channels).zip(y.chunks_exact(channels)) {
                        for ((x, &y), &gate) in x.iter_mut().zip(y).zip(gate) {
                            *x += y * gate;
                        }
                    }
                }
            });
            let x = x.storage_mut::<T>();
            if x.len() < 2 * CHUNK {
                run(x, y, gate);
            } else {
                let rows = CHUNK.div_ceil(size);
                x.par_chunks_mut(rows * size)
                    .zip(y.par_chunks(rows * size))
                    .zip(gate.par_chunks(rows * channels))
                    .for_each(|((x, y), gate)| run(x, y, gate));
            }
        });
        (x, [y, gate])
    }

    fn backward(
        &self,
        [y, gate]: Self::Kept,
        gradient: FlexTensor,
        _wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let gradient = whole(gradient);
        let channels = gate.layout().shape()[1];
        let size = self.each * channels;
        let [for_y, for_gate] = with_real!(gradient, T => {
            let slopes: &[T] = gradient.storage();
            let (values, gates): (&[T], &[T]) = (y.storage(), gate.storage());
            let mut for_y = vec![T::default(); values.len()];
            let mut for_gate = vec![T::default(); gates.len()];
            let run = |for_y: &mut [T], for_gate: &mut [T], at: usize| vectorised(#[inline(always)] || {
                let (values, slopes) = (&values[at * size..], &slopes[at * size..]);
                let gates = gates[at * channels..].chunks_exact(channels);
                let targets = for_y.chunks_exact_mut(size).zip(for_gate.chunks_exact_mut(channels));
                let reads = values.chunks_exact(size).zip(slopes.chunks_exact(size));
                for (((for_y, for_gate), (values, slopes)), gates) in targets.zip(reads).zip(gates) {
                    let rows = for_y.chunks_exact_mut(channels).zip(values.chunks_exact(channels));
                    for ((for_y, values), slopes) in rows.zip(slopes.chunks_exact(channels)) {
                        for ((for_y, &slope), &gate) in for_y.iter_mut().zip(slopes).zip(gates) {
                            *for_y = slope * gate;
                        }
                        for ((sum, &slope), &value) in for_gate.iter_mut().zip(slopes).zip(values) {
                            *sum += slope * value;
                        }
                    }
                }
            });
            if values.len() < 2 * CHUNK {
                run(&mut for_y, &mut for_gate, 0);
            } else {
                let rows = CHUNK.div_ceil(size);
                for_y.par_chunks_mut(rows * size)
                    .zip(for_gate.par_chunks_mut(rows * channels))
                    .enumerate()
                    .for_each(|(place, (y, gate))| run(y, gate, place * rows));
            }
            [like(&y, for_y), like(&gate, for_gate)]
        });
        [Some(gradient), Some(for_y), Some(for_gate)]
    }
}
