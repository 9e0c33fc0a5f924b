//! One group of one batch entry, forward and backward.
//!
//! The loops are plain, for the compiler to turn into vectors of whatever instruction set they are
//! compiled for. No sum or product is fused or reordered, so every set gives the same bits.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use pulp::{Simd, WithSimd};

use crate::own::{Real, dot_in, sum_in};

/// Added to variances, so that a constant field stays finite.
pub(super) const EPSILON: f64 = 1e-5;

/// Entries whose sum is carried in the type of the field; sums of blocks are carried in f64.
const BLOCK: usize = 1024;
/// Partial sums of a block, enough to hide the latency of additions.
const LANES: usize = 32;

/// What to compute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub groups: usize,
    /// Whether `SiLU` follows.
    pub silu: bool,
}

/// `1 / (1 + exp(-h))` and `1 / (1 + exp(h))`, without overflow or cancellation.
#[inline(always)]
fn sigmoids<T: Real>(h: T) -> [T; 2] {
    let decay = (-h.size()).decay();
    let large = T::ONE / (T::ONE + decay);
    let small = decay * large;
    if h < T::default() {
        [small, large]
    } else {
        [large, small]
    }
}

/// Sum of the products, of at most [`BLOCK`] entries.
#[inline(always)]
fn dot<T: Real>(a: &[T], b: &[T]) -> f64 {
    dot_in::<LANES, T>(a, b).wide()
}

/// Sum of at most [`BLOCK`] entries.
#[inline(always)]
fn sum<T: Real>(values: &[T]) -> f64 {
    sum_in::<LANES, T>(values).wide()
}

#[inline(always)]
fn subtract<T: Real>(values: &[T], centre: T, target: &mut [T]) {
    for (target, &value) in target.iter_mut().zip(values) {
        *target = value - centre;
    }
}

/// Mean, and reciprocal of the root of variance plus [`EPSILON`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    mean: f64,
    scale: f64,
}

impl Moments {
    #[inline(always)]
    fn of<T: Real>(values: &[T]) -> Self {
        let mut buffer = [T::default(); BLOCK];
        let count = values.len() as f64;
        // Differences to one of the entries: a constant has exactly its own mean.
        let start = values[0];
        let mut deviation = 0.0;
        for block in values.chunks(BLOCK) {
            let buffer = &mut buffer[..block.len()];
            subtract(block, start, buffer);
            deviation += sum(buffer);
        }
        let mean = start.wide() + deviation / count;
        let mut square = 0.0;
        for block in values.chunks(BLOCK) {
            let buffer = &mut buffer[..block.len()];
            subtract(block, T::of(mean), buffer);
            square += dot(buffer, buffer);
        }
        let scale = (square / count + EPSILON).sqrt().recip();
        Self { mean, scale }
    }
}

/// Gains and offsets of one group, each for an equal share of its entries.
#[derive(Clone, Copy)]
pub(super) struct Affine<'a, T> {
    pub gain: &'a [T],
    pub offset: &'a [T],
}

/// `output = f(gain (input - mean) scale + offset)`, `f` the identity or `SiLU`.
pub(super) struct Forward<'a, T> {
    pub affine: Affine<'a, T>,
    pub silu: bool,
    pub input: &'a [T],
    pub output: &'a mut [T],
}

impl<T: Real> WithSimd for Forward<'_, T> {
    type Output = Moments;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Moments {
        let moments = Moments::of(self.input);
        let mean = T::of(moments.mean);
        let Affine { gain, offset } = self.affine;
        let share = self.input.len() / gain.len();
        let shares = self.input.chunks(share).zip(self.output.chunks_mut(share));
        for ((input, output), (&gain, &offset)) in shares.zip(gain.iter().zip(offset)) {
            let factor = T::of(gain.wide() * moments.scale);
            if self.silu {
                for (output, &input) in output.iter_mut().zip(input) {
                    let h = (input - mean) * factor + offset;
                    *output = h * sigmoids(h)[0];
                }
            } else {
                for (output, &input) in output.iter_mut().zip(input) {
                    *output = (input - mean) * factor + offset;
                }
            }
        }
        moments
    }
}

/// The gradient in the input, and sums for those in offset and gain.
///
/// With `n = (x - mean) scale`, `h = gain n + offset` and `d = f'(h) gradient`, sums over a share
/// are `[sum d, sum d n]`, the gradients in offset and gain, and the gradient in `x` is
/// `scale (gain d - <gain d> - n <gain d n>)`, `<>` the mean over the group.
pub(super) struct Backward<'a, T> {
    pub affine: Affine<'a, T>,
    pub silu: bool,
    pub moments: Moments,
    pub input: &'a [T],
    pub gradient: &'a [T],
    pub output: &'a mut [T],
    pub sums: &'a mut [[f64; 2]],
}

impl<T: Real> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Affine { gain, offset } = self.affine;
        let [mean, scale] = [self.moments.mean, self.moments.scale].map(T::of);
        let count = self.input.len();
        let share = count / gain.len();
        let mut buffer = [T::default(); BLOCK];
        let mut means = [0.0; 2];
        for (place, (&gain, &offset)) in gain.iter().zip(offset).enumerate() {
            let (start, end) = (place * share, (place + 1) * share);
            let reads = self.input[start..end].chunks(BLOCK);
            let reads = reads.zip(self.gradient[start..end].chunks(BLOCK));
            let mut sums = [0.0; 2];
            for ((input, gradient), slopes) in reads.zip(self.output[start..end].chunks_mut(BLOCK))
            {
                let normals = &mut buffer[..input.len()];
                for (normal, &input) in normals.iter_mut().zip(input) {
                    *normal = (input - mean) * scale;
                }
                if self.silu {
                    let reads = normals.iter().zip(gradient);
                    for (slope, (&normal, &gradient)) in slopes.iter_mut().zip(reads) {
                        let h = gain * normal + offset;
                        let [up, down] = sigmoids(h);
                        *slope = gradient * (up * (T::ONE + h * down));
                    }
                } else {
                    slopes.copy_from_slice(gradient);
                }
                sums[0] += sum(slopes);
                sums[1] += dot(slopes, normals);
            }
            for (mean, sum) in means.iter_mut().zip(sums) {
                *mean += gain.wide() * sum / count as f64;
            }
            self.sums[place] = sums;
        }
        let means = means.map(T::of);
        let shares = self.input.chunks(share).zip(self.output.chunks_mut(share));
        for ((input, output), &gain) in shares.zip(gain) {
            for (output, &input) in output.iter_mut().zip(input) {
                let normal = (input - mean) * scale;
                *output = (gain * *output - means[0] - normal * means[1]) * scale;
            }
        }
    }
}
