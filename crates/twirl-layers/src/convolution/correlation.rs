//! Sums over input channels and kernel cells: the convolution and its adjoint, for whole batches.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::kernel::{Job, WIDTH, correlate};
use super::plan::{Layout, Part, Shape, Vectors};
use crate::own::Real;

/// `bias + weight * input` on the coarse grid, from `input` on the fine grid.
pub(super) fn forward<'a, T: Real>(
    shape: &'a Shape,
    input: &'a [T],
    weight: &'a [T],
    bias: &'a [T],
) -> impl Job<Output = Vec<T>> {
    let (layout, parts) = shape.forward();
    let taps = shape.taps();
    Correlation {
        source: input,
        channels: [shape.inputs, shape.outputs],
        volumes: [shape.fine_volume(), shape.coarse_volume()],
        grid: shape.coarse,
        batch: shape.batch,
        layout,
        parts,
        weight: move |to: usize, from: usize, tap: usize| {
            weight[(to * shape.inputs + from) * taps + tap]
        },
        bias,
    }
}

/// The adjoint of [`forward`] in `input`, plus a bias: from the coarse to the fine grid.
pub(super) fn adjoint<'a, T: Real>(
    shape: &'a Shape,
    source: &'a [T],
    weight: &'a [T],
    bias: &'a [T],
) -> impl Job<Output = Vec<T>> {
    let (layout, parts) = shape.adjoint();
    let taps = shape.taps();
    Correlation {
        source,
        channels: [shape.outputs, shape.inputs],
        volumes: [shape.coarse_volume(), shape.fine_volume()],
        grid: shape.fine,
        batch: shape.batch,
        layout,
        parts,
        weight: move |to: usize, from: usize, tap: usize| {
            weight[(from * shape.inputs + to) * taps + tap]
        },
        bias,
    }
}

/// Zeros behind a volume, so that the last vectors of a plane may reach over its end.
pub(super) fn slack<T: Real, S: Simd>() -> usize {
    2 * T::lanes::<S>()
}

struct Correlation<'a, T, W> {
    source: &'a [T],
    /// From, to.
    channels: [usize; 2],
    volumes: [usize; 2],
    /// Sizes of the target.
    grid: [usize; 3],
    batch: usize,
    layout: Layout,
    parts: Vec<Part>,
    /// By target channel, source channel and tap.
    weight: W,
    bias: &'a [T],
}

impl<T: Real, W: Fn(usize, usize, usize) -> T> Job for Correlation<'_, T, W> {
    type Output = Vec<T>;

    fn run<S: Simd, const ROWS: usize>(self, simd: S) -> Vec<T> {
        let [from, to] = self.channels;
        let [source_volume, target_volume] = self.volumes;
        let row = |block: usize, i: usize| Some(block * ROWS + i).filter(|&row| row < to);
        let blocks: Vec<Block<T, ROWS>> = (0..to.div_ceil(ROWS))
            .map(|block| {
                let weights = |part: &Part| -> Vec<[T; ROWS]> {
                    let taps = |channel| part.taps.iter().map(move |&(tap, _)| (channel, tap));
                    let entry = |(channel, tap)| {
                        std::array::from_fn(|i| {
                            row(block, i)
                                .map_or(T::default(), |row| (self.weight)(row, channel, tap))
                        })
                    };
                    (0..from).flat_map(taps).map(entry).collect()
                };
                Block {
                    weights: self.parts.iter().map(weights).collect(),
                    bias: std::array::from_fn(|i| {
                        row(block, i).map_or(T::default(), |row| self.bias[row])
                    }),
                }
            })
            .collect();
        let channel = self.layout.channel();
        let pitch = self.layout.pitch();
        let parts: Vec<Placed> = self
            .parts
            .iter()
            .map(|part| Placed {
                part,
                offsets: part.offsets(from, channel),
                vectors: Vectors::new(part.counts[1], part.counts[2], pitch[1], T::lanes::<S>()),
                pitch,
            })
            .collect();
        let mut output = vec![T::default(); self.batch * to * target_volume];
        output
            .par_chunks_mut(to * target_volume)
            .zip(self.source.par_chunks(from * source_volume))
            .for_each(|(output, source)| {
                let volume = padded(&self.layout, source, source_volume, slack::<T, S>());
                output
                    .par_chunks_mut(ROWS * target_volume)
                    .zip(&blocks)
                    .for_each(|(output, block)| {
                        for (placed, weights) in parts.iter().zip(&block.weights) {
                            simd.vectorize(Place {
                                placed,
                                weights,
                                bias: &block.bias,
                                volume: &volume,
                                output: &mut *output,
                                grid: self.grid,
                            });
                        }
                    });
            });
        output
    }
}

/// All channels of `source` in their padded places.
fn padded<T: Real>(layout: &Layout, source: &[T], volume: usize, slack: usize) -> Vec<T> {
    let (channel, channels) = (layout.channel(), source.len() / volume);
    let mut target = vec![T::default(); channels * channel + slack];
    pad_into(layout, source, volume, &mut target);
    target
}

pub(super) fn pad_into<T: Real>(layout: &Layout, source: &[T], volume: usize, target: &mut [T]) {
    target
        .par_chunks_mut(layout.channel())
        .zip(source.par_chunks(volume))
        .for_each(|(target, source)| layout.pad(source, target));
}

/// Weights of `ROWS` target channels, by part, and their biases.
struct Block<T, const ROWS: usize> {
    weights: Vec<Vec<[T; ROWS]>>,
    bias: [T; ROWS],
}

struct Placed<'a> {
    part: &'a Part,
    offsets: Vec<usize>,
    vectors: Vectors,
    pitch: [usize; 2],
}

/// One part of `ROWS` target channels of one batch entry.
struct Place<'a, T, const ROWS: usize> {
    placed: &'a Placed<'a>,
    weights: &'a [[T; ROWS]],
    bias: &'a [T; ROWS],
    volume: &'a [T],
    output: &'a mut [T],
    grid: [usize; 3],
}

impl<T: Real, const ROWS: usize> WithSimd for Place<'_, T, ROWS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let [rows, row] = [self.placed.part.counts[1], self.placed.part.counts[2]];
        let width = (rows - 1) * self.placed.pitch[1] + row + slack::<T, S>();
        let mut plane = vec![T::default(); ROWS * width];
        for x in 0..self.placed.part.counts[0] {
            let base = self.placed.part.base + x * self.placed.pitch[0];
            let mut tiles = self.placed.vectors.starts.chunks_exact(WIDTH);
            for starts in &mut tiles {
                let starts = [starts[0], starts[1], starts[2]];
                self.tile(simd, base, starts, &mut plane, width);
            }
            match *tiles.remainder() {
                [a, b] => self.tile(simd, base, [a, b], &mut plane, width),
                [a] => self.tile(simd, base, [a], &mut plane, width),
                _ => {}
            }
            self.scatter(x, &plane, width);
        }
    }
}

impl<T: Real, const ROWS: usize> Place<'_, T, ROWS> {
    #[inline(always)]
    fn tile<S: Simd, const COLUMNS: usize>(
        &self,
        simd: S,
        base: usize,
        starts: [usize; COLUMNS],
        plane: &mut [T],
        width: usize,
    ) {
        let mut places = starts;
        for place in &mut places {
            *place += base;
        }
        let offsets = &self.placed.offsets;
        let sums = correlate(simd, self.weights, offsets, self.volume, places, self.bias);
        // Row by row in ascending order: what a vector holds beyond its row is overwritten.
        for (i, sums) in sums.into_iter().enumerate() {
            for (start, sums) in starts.into_iter().zip(sums) {
                T::store::<S>(plane, i * width + start, sums);
            }
        }
    }

    fn scatter(&mut self, x: usize, plane: &[T], width: usize) {
        let Part {
            counts,
            first,
            step,
            ..
        } = self.placed.part;
        let [nx, ny, nz] = self.grid;
        let channels = self.output.chunks_exact_mut(nx * ny * nz);
        for (output, plane) in channels.zip(plane.chunks_exact(width)) {
            for y in 0..counts[1] {
                let row = &plane[y * self.placed.pitch[1]..][..counts[2]];
                let at = ((first[0] + step * x) * ny + first[1] + step * y) * nz;
                let target = &mut output[at..at + nz][first[2]..];
                if *step == 1 {
                    target[..row.len()].copy_from_slice(row);
                } else {
                    for (target, &value) in target.iter_mut().step_by(*step).zip(row) {
                        *target = value;
                    }
                }
            }
        }
    }
}
