//! Sums over batch and places: the gradients of weight and bias.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::correlation::{pad_into, slack};
use super::kernel::{Job, WIDTH, outer};
use super::plan::{Shape, Vectors};
use crate::own::Real;

/// Vectors of places per pass of [`Accumulate`]: their gradients stay in the first cache.
const CHUNK: usize = 64;
/// Input channels whose weight gradients one task sums.
const CHANNELS: usize = 8;

/// Gradient of `sum(gradient * forward(input, weight))` in the weight.
pub(super) fn weight<'a, T: Real>(
    shape: &'a Shape,
    input: &'a [T],
    gradient: &'a [T],
) -> impl Job<Output = Vec<T>> {
    WeightGradient {
        shape,
        input,
        gradient,
    }
}

/// Sums over batch and places: `[batch, channels, volume]` to `[channels]`.
pub(super) fn channel_sums<T: Real>(values: &[T], channels: usize, volume: usize) -> Vec<T> {
    const LANES: usize = 16;
    let sum = |values: &[T]| {
        let mut lanes = [T::default(); LANES];
        for values in values.chunks(LANES) {
            for (lane, &value) in lanes.iter_mut().zip(values) {
                *lane += value;
            }
        }
        lanes.into_iter().fold(T::default(), |mut sum, lane| {
            sum += lane;
            sum
        })
    };
    let parts: Vec<T> = values.par_chunks(volume).map(sum).collect();
    let mut sums = vec![T::default(); channels];
    for parts in parts.chunks(channels) {
        for (sum, &part) in sums.iter_mut().zip(parts) {
            *sum += part;
        }
    }
    sums
}

struct WeightGradient<'a, T> {
    shape: &'a Shape,
    input: &'a [T],
    gradient: &'a [T],
}

impl<T: Real> Job for WeightGradient<'_, T> {
    type Output = Vec<T>;

    fn run<S: Simd, const ROWS: usize>(self, simd: S) -> Vec<T> {
        let shape = self.shape;
        let (layout, parts) = shape.forward();
        let part = &parts[0];
        let offsets = part.offsets(shape.inputs, layout.channel());
        let [rows, row] = [shape.coarse[1], shape.coarse[2]];
        let lanes = T::lanes::<S>();
        let vectors = Vectors::new(rows, row, layout.pitch()[1], lanes);
        let starts: Vec<usize> = (0..shape.coarse[0])
            .flat_map(|x| {
                let base = part.base + x * layout.pitch()[0];
                vectors.starts.iter().map(move |start| base + start)
            })
            .collect();

        let run = CHANNELS * shape.taps();
        let blocks = shape.outputs.div_ceil(ROWS);
        let mut tasks: Vec<_> = (0..blocks)
            .flat_map(|block| offsets.chunks(run).map(move |offsets| (block, offsets)))
            .map(|(block, offsets)| {
                (
                    block,
                    offsets,
                    vec![T::default(); offsets.len() * ROWS * lanes],
                )
            })
            .collect();

        let (fine, coarse) = (shape.fine_volume(), shape.coarse_volume());
        let channel = layout.channel();
        let mut volume = vec![T::default(); shape.inputs * channel + slack::<T, S>()];
        let mut packed = vec![T::default(); blocks * starts.len() * ROWS * lanes];
        let entries = self.input.chunks(shape.inputs * fine);
        for (input, gradient) in entries.zip(self.gradient.chunks(shape.outputs * coarse)) {
            pad_into(&layout, input, fine, &mut volume);
            packed
                .par_chunks_mut(starts.len() * ROWS * lanes)
                .zip(gradient.par_chunks(ROWS * coarse))
                .for_each(|(packed, gradient)| {
                    pack::<T, ROWS>(packed, gradient, &vectors, shape.coarse, lanes);
                });
            tasks.par_iter_mut().for_each(|(block, offsets, sums)| {
                let length = starts.len() * ROWS * lanes;
                simd.vectorize(Accumulate::<T, ROWS> {
                    gradients: &packed[*block * length..][..length],
                    starts: &starts,
                    volume: &volume,
                    offsets,
                    sums,
                });
            });
        }

        let mut result = vec![T::default(); shape.outputs * offsets.len()];
        let mut done = 0;
        for (block, offsets_here, sums) in &tasks {
            let sums = simd.vectorize(Total::<T, ROWS> { sums });
            for (i, sums) in sums.chunks(offsets_here.len()).enumerate() {
                let output = block * ROWS + i;
                if output < shape.outputs {
                    result[output * offsets.len() + done..][..sums.len()].copy_from_slice(sums);
                }
            }
            done = (done + offsets_here.len()) % offsets.len();
        }
        result
    }
}

/// Lays `ROWS` channels out as `[vector][channel][lane]`; lanes that hold no place stay 0.
fn pack<T: Real, const ROWS: usize>(
    packed: &mut [T],
    gradient: &[T],
    vectors: &Vectors,
    grid: [usize; 3],
    lanes: usize,
) {
    let [nx, ny, nz] = grid;
    let per_plane = vectors.starts.len();
    for (i, channel) in gradient.chunks_exact(nx * ny * nz).enumerate() {
        for (line, values) in channel.chunks_exact(nz).enumerate() {
            let (x, y) = (line / ny, line % ny);
            let mut z = 0;
            while z < nz {
                let (vector, lane) = vectors.slot(y, z);
                let count = (lanes - lane).min(nz - z);
                let at = ((x * per_plane + vector) * ROWS + i) * lanes + lane;
                packed[at..at + count].copy_from_slice(&values[z..z + count]);
                z += count;
            }
        }
    }
}

/// Adds one batch entry to the weight gradients of `ROWS` output channels and a run of offsets.
struct Accumulate<'a, T, const ROWS: usize> {
    gradients: &'a [T],
    starts: &'a [usize],
    volume: &'a [T],
    offsets: &'a [usize],
    /// `[group of WIDTH offsets][row][offset][lane]`.
    sums: &'a mut [T],
}

impl<T: Real, const ROWS: usize> WithSimd for Accumulate<'_, T, ROWS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let depth = ROWS * T::lanes::<S>();
        let chunks = self.gradients.chunks(CHUNK * depth);
        for (gradients, starts) in chunks.zip(self.starts.chunks(CHUNK)) {
            let groups = self.offsets.chunks(WIDTH);
            for (offsets, sums) in groups.zip(self.sums.chunks_mut(WIDTH * depth)) {
                let read = [gradients, self.volume];
                match *offsets {
                    [a, b, c] => {
                        outer::<T, S, ROWS, _>(simd, read, starts, [a, b, c], sums);
                    }
                    [a, b] => outer::<T, S, ROWS, _>(simd, read, starts, [a, b], sums),
                    [a] => outer::<T, S, ROWS, _>(simd, read, starts, [a], sums),
                    _ => {}
                }
            }
        }
    }
}

/// Sums the lanes of [`Accumulate`]: to `[row][offset]`.
struct Total<'a, T, const ROWS: usize> {
    sums: &'a [T],
}

impl<T: Real, const ROWS: usize> WithSimd for Total<'_, T, ROWS> {
    type Output = Vec<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<T> {
        let lanes = T::lanes::<S>();
        let count = self.sums.len() / (ROWS * lanes);
        let mut totals = vec![T::default(); ROWS * count];
        for (group, sums) in self.sums.chunks(WIDTH * ROWS * lanes).enumerate() {
            let columns = sums.len() / (ROWS * lanes);
            for i in 0..ROWS {
                for j in 0..columns {
                    let lanes = T::load::<S>(sums, (i * columns + j) * lanes);
                    totals[i * count + group * WIDTH + j] = T::sum(simd, lanes);
                }
            }
        }
        totals
    }
}
