//! Vectors of atoms as rows `[3 A, channels]`, the axes of an atom one after another: own operations on
//! the CPU device, for burn's take a pass over memory for every step of every formula.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use rayon::prelude::*;
use twirl_layers::own::{
    Operation, Real, apply1, apply2, dot, like, on_own, tensor, vectorised, whole,
};
use twirl_layers::with_real;

/// Added to mean squares, so that a vector of length zero stays zero.
const EPSILON: f64 = 1e-6;

/// Numbers that one thread takes at a time.
const SHARE: usize = 1 << 14;

/// Vectors over their root mean square over channels, times `1 + gain` with gains `[A, channels]`.
pub(super) fn normed(vectors: Tensor<2>, gain: Tensor<2>) -> Tensor<2> {
    if on_own(&vectors) {
        return apply2(Normed, vectors, gain);
    }
    let [rows, channels] = vectors.dims();
    let vectors = vectors.reshape([rows / 3, 3, channels]);
    let squares = (vectors.clone() * vectors.clone()).sum_dim(1).mean_dim(2) + EPSILON;
    let factor: Tensor<3> = (gain + 1.0).unsqueeze_dim(1);
    (vectors * (factor / squares.sqrt())).reshape([rows, channels])
}

/// Inner products of the first two of three vectors per channel: `[3 A, 3 channels]` to
/// `[A, channels]`.
pub(super) fn inner(three: Tensor<2>) -> Tensor<2> {
    if on_own(&three) {
        return apply1(Inner, three);
    }
    let [a, b, _] = axes(three);
    (a * b).sum_dim(1).squeeze_dim(1)
}

/// `c g + (a x b) h` per channel of three vectors a, b, c `[3 A, 3 channels]` and gates g, h
/// `[A, 2 channels]`: `[3 A, channels]`.
pub(super) fn products(three: Tensor<2>, gates: Tensor<2>) -> Tensor<2> {
    if on_own(&three) {
        return apply2(Products, three, gates);
    }
    let [rows, width] = three.dims();
    let channels = width / 3;
    let gate = |index: usize| -> Tensor<3> {
        gates
            .clone()
            .narrow(1, index * channels, channels)
            .unsqueeze_dim(1)
    };
    let [a, b, c] = axes(three);
    (c * gate(0) + cross(&a, &b) * gate(1)).reshape([rows, channels])
}

/// Three vectors per channel, `[A, 3, channels]` each.
fn axes(three: Tensor<2>) -> [Tensor<3>; 3] {
    let [rows, width] = three.dims();
    let three = three.reshape([rows / 3, 3, width]);
    [0, 1, 2].map(|index| three.clone().narrow(2, index * (width / 3), width / 3))
}

/// Cross product per channel of `[A, 3, channels]`.
fn cross(a: &Tensor<3>, b: &Tensor<3>) -> Tensor<3> {
    let turned = |tensor: &Tensor<3>, by: usize| {
        let (head, tail) = (
            tensor.clone().narrow(1, by, 3 - by),
            tensor.clone().narrow(1, 0, by),
        );
        Tensor::cat(vec![head, tail], 1)
    };
    turned(a, 1) * turned(b, 2) - turned(a, 2) * turned(b, 1)
}

/// Calls `run` with the part of the targets that belongs to some atoms, and the first of these, for
/// all atoms, on several threads where that is worth it. `widths` are numbers per atom.
fn each<T: Real, const N: usize>(
    targets: [&mut [T]; N],
    widths: [usize; N],
    run: impl Fn([&mut [T]; N], usize) + Sync,
) {
    let atoms = (SHARE / widths[0].max(1)).max(1);
    let mut parts: Vec<_> = targets
        .into_iter()
        .zip(widths)
        .map(|(target, width)| target.chunks_mut(atoms * width))
        .collect();
    let count = parts.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
    let work: Vec<[&mut [T]; N]> = (0..count)
        .map(|_| std::array::from_fn(|place| parts[place].next().unwrap_or_default()))
        .collect();
    let run = |(place, targets): (usize, [&mut [T]; N])| {
        vectorised(
            #[inline(always)]
            || run(targets, place * atoms),
        );
    };
    if count < 2 {
        work.into_iter().enumerate().for_each(run);
    } else {
        work.into_par_iter().enumerate().for_each(run);
    }
}

fn columns(tensor: &FlexTensor) -> usize {
    tensor.layout().shape()[1]
}

#[derive(Debug, Clone)]
struct Normed;

/// `(1 + g) / sqrt(mean)` of one atom needs this.
#[inline(always)]
fn scale<T: Real>(vectors: &[T], channels: usize) -> T {
    let mean = dot(vectors, vectors) / T::of(channels as f64) + T::of(EPSILON);
    T::ONE / mean.root()
}

impl Operation<2> for Normed {
    type Kept = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 2]) -> (FlexTensor, Self::Kept) {
        let inputs = inputs.map(whole);
        let channels = columns(&inputs[0]);
        let output = with_real!(inputs[0], T => {
            let [vectors, gains] = inputs.each_ref().map(FlexTensor::storage::<T>);
            let mut output = vec![T::default(); vectors.len()];
            each([&mut output], [3 * channels], |[output], first| {
                let vectors = vectors[3 * first * channels..].chunks_exact(3 * channels);
                let gains = gains[first * channels..].chunks_exact(channels);
                let atoms = output.chunks_exact_mut(3 * channels).zip(vectors);
                for ((output, vectors), gains) in atoms.zip(gains) {
                    let scale = scale(vectors, channels);
                    let axes = output.chunks_exact_mut(channels);
                    for (output, vector) in axes.zip(vectors.chunks_exact(channels)) {
                        for ((output, &value), &gain) in output.iter_mut().zip(vector).zip(gains) {
                            *output = value * scale * (T::ONE + gain);
                        }
                    }
                }
            });
            like(&inputs[0], output)
        });
        (output, inputs)
    }

    fn backward(
        &self,
        inputs: Self::Kept,
        gradient: FlexTensor,
        _wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradient = whole(gradient);
        let channels = columns(&inputs[0]);
        with_real!(gradient, T => {
            let [vectors, gains] = inputs.each_ref().map(FlexTensor::storage::<T>);
            let slopes: &[T] = gradient.storage();
            let mut for_vectors = vec![T::default(); vectors.len()];
            let mut for_gains = vec![T::default(); gains.len()];
            let widths = [3 * channels, channels];
            each([&mut for_vectors, &mut for_gains], widths, |[for_vectors, for_gains], first| {
                let size = 3 * channels;
                let reads = vectors[first * size..].chunks_exact(size);
                let reads = reads.zip(slopes[first * size..].chunks_exact(size));
                let reads = reads.zip(gains[first * channels..].chunks_exact(channels));
                let targets = for_vectors.chunks_exact_mut(size);
                let targets = targets.zip(for_gains.chunks_exact_mut(channels));
                for ((for_vectors, for_gains), ((vectors, slopes), gains)) in targets.zip(reads) {
                    let scale = scale(vectors, channels);
                    let axes = for_vectors.chunks_exact_mut(channels);
                    let axes = axes.zip(vectors.chunks_exact(channels));
                    for ((target, vector), slopes) in axes.zip(slopes.chunks_exact(channels)) {
                        for place in 0..channels {
                            for_gains[place] += slopes[place] * vector[place] * scale;
                            target[place] = slopes[place] * (T::ONE + gains[place]);
                        }
                    }
                    let along = dot(for_vectors, vectors) * scale * scale / T::of(channels as f64);
                    for (target, &vector) in for_vectors.iter_mut().zip(vectors) {
                        *target = (*target - vector * along) * scale;
                    }
                }
            });
            [Some(like(&inputs[0], for_vectors)), Some(like(&inputs[1], for_gains))]
        })
    }
}

#[derive(Debug, Clone)]
struct Inner;

impl Operation<1> for Inner {
    type Kept = FlexTensor;

    fn forward(&self, [three]: [FlexTensor; 1]) -> (FlexTensor, FlexTensor) {
        let three = whole(three);
        let channels = columns(&three) / 3;
        let output = with_real!(three, T => {
            let read: &[T] = three.storage();
            let atoms = read.len() / (9 * channels);
            let mut output = vec![T::default(); atoms * channels];
            each([&mut output], [channels], |[output], first| {
                let read = read[first * 9 * channels..].chunks_exact(9 * channels);
                for (output, three) in output.chunks_exact_mut(channels).zip(read) {
                    for axis in three.chunks_exact(3 * channels) {
                        let (a, rest) = axis.split_at(channels);
                        for ((output, &a), &b) in output.iter_mut().zip(a).zip(rest) {
                            *output += a * b;
                        }
                    }
                }
            });
            tensor(output, [atoms, channels])
        });
        (output, three)
    }

    fn backward(
        &self,
        three: FlexTensor,
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let gradient = whole(gradient);
        let channels = columns(&gradient);
        with_real!(gradient, T => {
            let (read, slopes): (&[T], &[T]) = (three.storage(), gradient.storage());
            let mut found = vec![T::default(); read.len()];
            each([&mut found], [9 * channels], |[found], first| {
                let read = read[first * 9 * channels..].chunks_exact(9 * channels);
                let slopes = slopes[first * channels..].chunks_exact(channels);
                let atoms = found.chunks_exact_mut(9 * channels).zip(read);
                for ((found, three), slopes) in atoms.zip(slopes) {
                    let axes = found.chunks_exact_mut(3 * channels);
                    for (found, axis) in axes.zip(three.chunks_exact(3 * channels)) {
                        for place in 0..channels {
                            found[place] = slopes[place] * axis[channels + place];
                            found[channels + place] = slopes[place] * axis[place];
                        }
                    }
                }
            });
            [Some(like(&three, found))]
        })
    }
}

#[derive(Debug, Clone)]
struct Products;

impl Operation<2> for Products {
    type Kept = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 2]) -> (FlexTensor, Self::Kept) {
        let inputs = inputs.map(whole);
        let channels = columns(&inputs[0]) / 3;
        let output = with_real!(inputs[0], T => {
            let [three, gates] = inputs.each_ref().map(FlexTensor::storage::<T>);
            let rows = three.len() / (3 * channels);
            let mut output = vec![T::default(); rows * channels];
            each([&mut output], [3 * channels], |[output], first| {
                let three = three[first * 9 * channels..].chunks_exact(9 * channels);
                let gates = gates[first * 2 * channels..].chunks_exact(2 * channels);
                let atoms = output.chunks_exact_mut(3 * channels).zip(three);
                for ((output, three), gates) in atoms.zip(gates) {
                    let (through, across) = gates.split_at(channels);
                    for (axis, output) in output.chunks_exact_mut(channels).enumerate() {
                        let [a, b] = [1, 2].map(|step| {
                            let axis = (axis + step) % 3;
                            &three[axis * 3 * channels..][..2 * channels]
                        });
                        let c = &three[(axis * 3 + 2) * channels..][..channels];
                        for place in 0..channels {
                            let turned =
                                a[place] * b[channels + place] - b[place] * a[channels + place];
                            output[place] = c[place] * through[place] + turned * across[place];
                        }
                    }
                }
            });
            tensor(output, [rows, channels])
        });
        (output, inputs)
    }

    fn backward(
        &self,
        inputs: Self::Kept,
        gradient: FlexTensor,
        _wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradient = whole(gradient);
        let channels = columns(&gradient);
        with_real!(gradient, T => {
            let [three, gates] = inputs.each_ref().map(FlexTensor::storage::<T>);
            let slopes: &[T] = gradient.storage();
            let mut for_three = vec![T::default(); three.len()];
            let mut for_gates = vec![T::default(); gates.len()];
            let widths = [9 * channels, 2 * channels];
            each([&mut for_three, &mut for_gates], widths, |[for_three, for_gates], first| {
                let reads = three[first * 9 * channels..].chunks_exact(9 * channels);
                let reads = reads.zip(slopes[first * 3 * channels..].chunks_exact(3 * channels));
                let reads = reads.zip(gates[first * 2 * channels..].chunks_exact(2 * channels));
                let targets = for_three.chunks_exact_mut(9 * channels);
                let targets = targets.zip(for_gates.chunks_exact_mut(2 * channels));
                for ((for_three, for_gates), ((three, slopes), gates)) in targets.zip(reads) {
                    let (through, across) = gates.split_at(channels);
                    let (for_through, for_across) = for_gates.split_at_mut(channels);
                    for axis in 0..3 {
                        let (next, last) = ((axis + 1) % 3, (axis + 2) % 3);
                        let at = |axis: usize, which: usize| (3 * axis + which) * channels;
                        let slopes = &slopes[axis * channels..][..channels];
                        for place in 0..channels {
                            let slope = slopes[place];
                            let [a1, b1] = [0, 1].map(|which| three[at(next, which) + place]);
                            let [a2, b2] = [0, 1].map(|which| three[at(last, which) + place]);
                            for_through[place] += slope * three[at(axis, 2) + place];
                            for_across[place] += slope * (a1 * b2 - a2 * b1);
                            for_three[at(axis, 2) + place] = slope * through[place];
                            let turned = slope * across[place];
                            for_three[at(next, 0) + place] += turned * b2;
                            for_three[at(last, 1) + place] += turned * a1;
                            for_three[at(last, 0) + place] += -(turned * b1);
                            for_three[at(next, 1) + place] += -(turned * a2);
                        }
                    }
                }
            });
            [Some(like(&inputs[0], for_three)), Some(like(&inputs[1], for_gates))]
        })
    }
}
