//! Register tiles, written once for every instruction set.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]

use pulp::{Scalar, Simd};

use crate::own::Real;

/// Vectors of places, or kernel offsets, in a register tile.
pub(super) const WIDTH: usize = 3;

/// `bias[i] + sum_k weights[k][i] volume[starts[j] + offsets[k]..]` for every `i` and `j`.
#[inline(always)]
pub(super) fn correlate<T: Real, S: Simd, const ROWS: usize, const COLUMNS: usize>(
    simd: S,
    weights: &[[T; ROWS]],
    offsets: &[usize],
    volume: &[T],
    starts: [usize; COLUMNS],
    bias: &[T; ROWS],
) -> [[T::Lanes<S>; COLUMNS]; ROWS] {
    let zero = T::splat(simd, T::default());
    let mut sums = [[zero; COLUMNS]; ROWS];
    for (sums, &bias) in sums.iter_mut().zip(bias) {
        *sums = [T::splat(simd, bias); COLUMNS];
    }
    for (weights, &offset) in weights.iter().zip(offsets) {
        let mut values = [zero; COLUMNS];
        for (value, start) in values.iter_mut().zip(starts) {
            *value = T::load::<S>(volume, start.wrapping_add(offset));
        }
        for (sums, &weight) in sums.iter_mut().zip(weights) {
            let weight = T::splat(simd, weight);
            for (sum, &value) in sums.iter_mut().zip(&values) {
                *sum = T::multiply_add(simd, weight, value, *sum);
            }
        }
    }
    sums
}

/// Adds `sum_v gradients[v][i] volume[starts[v] + offsets[j]..]` to `sums[i][j]`, lane by lane.
#[inline(always)]
pub(super) fn outer<T: Real, S: Simd, const ROWS: usize, const COLUMNS: usize>(
    simd: S,
    [gradients, volume]: [&[T]; 2],
    starts: &[usize],
    offsets: [usize; COLUMNS],
    sums: &mut [T],
) {
    let lanes = T::lanes::<S>();
    let mut tile = [[T::splat(simd, T::default()); COLUMNS]; ROWS];
    for (i, tile) in tile.iter_mut().enumerate() {
        for (j, tile) in tile.iter_mut().enumerate() {
            *tile = T::load::<S>(sums, (i * COLUMNS + j) * lanes);
        }
    }
    let (gradients, _) = T::vectors::<S>(gradients).as_chunks::<ROWS>();
    for (gradients, &start) in gradients.iter().zip(starts) {
        let mut values = [T::splat(simd, T::default()); COLUMNS];
        for (value, offset) in values.iter_mut().zip(offsets) {
            *value = T::load::<S>(volume, start.wrapping_add(offset));
        }
        for (tile, &gradient) in tile.iter_mut().zip(gradients) {
            for (tile, &value) in tile.iter_mut().zip(&values) {
                *tile = T::multiply_add(simd, gradient, value, *tile);
            }
        }
    }
    for (i, tile) in tile.into_iter().enumerate() {
        for (j, tile) in tile.into_iter().enumerate() {
            T::store::<S>(sums, (i * COLUMNS + j) * lanes, tile);
        }
    }
}

/// Work that is told the instruction set and how many rows of a tile fit into its registers.
pub(super) trait Job {
    type Output;
    fn run<S: Simd, const ROWS: usize>(self, simd: S) -> Self::Output;
}

/// Runs a job with one instruction set.
pub(super) fn run<J: Job, S: Simd>(job: J, simd: S) -> J::Output {
    // ROWS x WIDTH sums, WIDTH values and one weight.
    if S::REGISTER_COUNT >= 32 {
        job.run::<S, 8>(simd)
    } else {
        job.run::<S, 4>(simd)
    }
}

/// Runs a job with the best instruction set of this machine.
pub(super) fn dispatch<J: Job>(job: J) -> J::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            return run(job, simd);
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return run(job, simd);
        }
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(simd) = pulp::aarch64::Neon::try_new() {
        return run(job, simd);
    }
    run(job, Scalar::new())
}
