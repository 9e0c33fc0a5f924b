//! Changes of scalars and vectors within an atom: own operations on the CPU device.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use twirl_layers::own::{Operation, Real, apply1, apply3, like, on_own, tensor, vectorised, whole};
use twirl_layers::{Slots, with_real};

/// Inside square roots of squared lengths, so that gradients stay finite at zero.
const EPSILON: f64 = 1e-8;

/// Lengths of the second of two vectors per channel: `[3 A, 2 C]`, axes as rows, to `[A, C]`.
pub(crate) fn lengths(both: Tensor<2>, slots: &Slots) -> Tensor<2> {
    if on_own(&both) {
        return apply1(Lengths(slots.clone()), both);
    }
    composed_lengths(both)
}

/// [`lengths`] from operations of burn's, for other devices and types.
pub(crate) fn composed_lengths(both: Tensor<2>) -> Tensor<2> {
    let [rows, width] = both.dims();
    let channels = width / 2;
    let right = both.narrow(1, channels, channels);
    let right = right.reshape([rows / 3, 3, channels]);
    let squared = (right.clone() * right).sum_dim(1);
    (squared.reshape([rows / 3, channels]) + EPSILON).sqrt()
}

/// Scalars and vectors `[A, C + 3 C]` after `s + a + p (l . r)` and `v + g l`, with vectors l and r
/// `[3 A, 2 C]` and a, g, p `[A, 3 C]`.
pub(crate) fn close(
    state: Tensor<2>,
    both: Tensor<2>,
    change: Tensor<2>,
    slots: &Slots,
) -> Tensor<2> {
    if on_own(&state) {
        return apply3(Close(slots.clone()), state, both, change);
    }
    composed_close(state, both, &change)
}

/// [`close`] from operations of burn's, for other devices and types.
pub(crate) fn composed_close(state: Tensor<2>, both: Tensor<2>, change: &Tensor<2>) -> Tensor<2> {
    let [atoms, width] = state.dims();
    let channels = width / 4;
    let both = both.reshape([atoms, 3, 2 * channels]);
    let (left, right) = (
        both.clone().narrow(2, 0, channels),
        both.narrow(2, channels, channels),
    );
    let part = |index: usize| change.clone().narrow(1, index * channels, channels);
    let product = (left.clone() * right).sum_dim(1).reshape([atoms, channels]);
    let more = part(0) + part(2) * product;
    let moved = (left * part(1).unsqueeze_dim(1)).reshape([atoms, 3 * channels]);
    state + Tensor::cat(vec![more, moved], 1)
}

#[derive(Debug, Clone)]
struct Lengths(Slots);

impl Operation<1> for Lengths {
    /// The input and the output.
    type Kept = [FlexTensor; 2];

    fn forward(&self, [both]: [FlexTensor; 1]) -> (FlexTensor, Self::Kept) {
        let both = whole(both);
        let [rows, width] = [0, 1].map(|axis| both.layout().shape()[axis]);
        let channels = width / 2;
        let output = with_real!(both, T => {
            let read: &[T] = both.storage();
            let mut output = vec![T::default(); rows / 3 * channels];
            let outputs = self.0.divide(&mut output, channels);
            self.0.each(read.len(), outputs, |piece, output| {
                let read = &read[piece.first * 3 * width..];
                vectorised(#[inline(always)] || {
                    let atoms = output.chunks_exact_mut(channels);
                    for (output, both) in atoms.zip(read.chunks_exact(3 * width)) {
                        output.fill(T::of(EPSILON));
                        for axis in both.chunks_exact(width) {
                            for (output, &right) in output.iter_mut().zip(&axis[channels..]) {
                                *output += right * right;
                            }
                        }
                        for output in output {
                            *output = output.root();
                        }
                    }
                });
            });
            tensor(output, [rows / 3, channels])
        });
        (output.clone(), [both, output])
    }

    fn backward(
        &self,
        [both, output]: Self::Kept,
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let gradient = whole(gradient);
        let width = both.layout().shape()[1];
        let channels = width / 2;
        with_real!(gradient, T => {
            let (read, lengths): (&[T], &[T]) = (both.storage(), output.storage());
            let slopes: &[T] = gradient.storage();
            let mut found = vec![T::default(); read.len()];
            let targets = self.0.divide(&mut found, 3 * width);
            self.0.each(read.len(), targets, |piece, target| {
                let read = &read[piece.first * 3 * width..];
                let start = piece.first * channels;
                vectorised(#[inline(always)] || {
                    let atoms = target.chunks_exact_mut(3 * width).zip(read.chunks_exact(3 * width));
                    let lengths = lengths[start..].chunks_exact(channels);
                    let slopes = slopes[start..].chunks_exact(channels);
                    for ((target, both), (lengths, slopes)) in atoms.zip(lengths.zip(slopes)) {
                        let axes = target.chunks_exact_mut(width).zip(both.chunks_exact(width));
                        for (target, both) in axes {
                            let right = target[channels..].iter_mut().zip(&both[channels..]);
                            for ((target, &right), (&length, &slope)) in
                                right.zip(lengths.iter().zip(slopes))
                            {
                                *target = slope * right / length;
                            }
                        }
                    }
                });
            });
            [Some(like(&both, found))]
        })
    }
}

#[derive(Debug, Clone)]
struct Close(Slots);

/// State, both vectors, change.
impl Operation<3> for Close {
    /// Both vectors and the change.
    type Kept = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 3]) -> (FlexTensor, Self::Kept) {
        let [mut state, both, change] = inputs.map(whole);
        let width = state.layout().shape()[1];
        let channels = width / 4;
        with_real!(both, T => {
            let (both, change): (&[T], &[T]) = (both.storage(), change.storage());
            let outputs = self.0.divide(state.storage_mut::<T>(), width);
            self.0.each(both.len(), outputs, |piece, output| {
                let both = &both[piece.first * 6 * channels..];
                let change = &change[piece.first * 3 * channels..];
                vectorised(#[inline(always)] || advance(channels, both, change, output));
            });
        });
        (state, [both, change])
    }

    fn backward(
        &self,
        [both, change]: Self::Kept,
        gradient: FlexTensor,
        _wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let gradient = whole(gradient);
        let channels = gradient.layout().shape()[1] / 4;
        let [for_both, for_change] = with_real!(gradient, T => {
            let slopes: &[T] = gradient.storage();
            let read: [&[T]; 2] = [both.storage(), change.storage()];
            let mut found = read.map(|read| vec![T::default(); read.len()]);
            let [for_both, for_change] = &mut found;
            let targets = self.0.divide(for_both, 6 * channels);
            let targets = targets.into_iter().zip(self.0.divide(for_change, 3 * channels));
            self.0.each(2 * slopes.len(), targets.collect(), |piece, target| {
                let slopes = &slopes[piece.first * 4 * channels..];
                let read = [
                    &read[0][piece.first * 6 * channels..],
                    &read[1][piece.first * 3 * channels..],
                ];
                vectorised(#[inline(always)] || retreat(channels, slopes, read, target));
            });
            let [for_both, for_change] = found;
            [like(&both, for_both), like(&change, for_change)]
        });
        [Some(gradient), Some(for_both), Some(for_change)]
    }
}

#[inline(always)]
fn advance<T: Real>(channels: usize, both: &[T], change: &[T], output: &mut [T]) {
    let atoms = output.chunks_exact_mut(4 * channels);
    let atoms = atoms.zip(both.chunks_exact(6 * channels));
    for ((output, both), change) in atoms.zip(change.chunks_exact(3 * channels)) {
        let (scalars, vectors) = output.split_at_mut(channels);
        let (more, rest) = change.split_at(channels);
        let (gates, factors) = rest.split_at(channels);
        for (scalar, &more) in scalars.iter_mut().zip(more) {
            *scalar += more;
        }
        let axes = vectors.chunks_exact_mut(channels);
        for (vector, both) in axes.zip(both.chunks_exact(2 * channels)) {
            let (left, right) = both.split_at(channels);
            let reads = left.iter().zip(right).zip(factors);
            for (scalar, ((&left, &right), &factor)) in scalars.iter_mut().zip(reads) {
                *scalar += factor * (left * right);
            }
            for ((vector, &left), &gate) in vector.iter_mut().zip(left).zip(gates) {
                *vector += left * gate;
            }
        }
    }
}

#[inline(always)]
fn retreat<T: Real>(
    channels: usize,
    slopes: &[T],
    [both, change]: [&[T]; 2],
    (for_both, for_change): (&mut [T], &mut [T]),
) {
    let targets = for_both.chunks_exact_mut(6 * channels);
    let targets = targets.zip(for_change.chunks_exact_mut(3 * channels));
    let reads = both
        .chunks_exact(6 * channels)
        .zip(change.chunks_exact(3 * channels));
    let atoms = targets.zip(reads).zip(slopes.chunks_exact(4 * channels));
    for (((for_both, for_change), (both, change)), slopes) in atoms {
        let (scalars, vectors) = slopes.split_at(channels);
        let (_, rest) = change.split_at(channels);
        let (gates, factors) = rest.split_at(channels);
        let (for_more, rest) = for_change.split_at_mut(channels);
        let (for_gates, for_factors) = rest.split_at_mut(channels);
        for_more.copy_from_slice(scalars);
        let axes = for_both.chunks_exact_mut(2 * channels);
        let axes = axes.zip(both.chunks_exact(2 * channels));
        for ((target, both), slopes) in axes.zip(vectors.chunks_exact(channels)) {
            let (for_left, for_right) = target.split_at_mut(channels);
            let (left, right) = both.split_at(channels);
            for place in 0..channels {
                let through = scalars[place] * factors[place];
                for_left[place] = through * right[place] + slopes[place] * gates[place];
                for_right[place] = through * left[place];
                for_gates[place] += slopes[place] * left[place];
                for_factors[place] += scalars[place] * (left[place] * right[place]);
            }
        }
    }
}
