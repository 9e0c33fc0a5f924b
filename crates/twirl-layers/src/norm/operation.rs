//! The norms as operations of burn's.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use crate::own::{Operation, Real, dot, like, sum, tensor, vectorised, whole};
use crate::with_real;

/// Added to variances, so that an all-zero row stays zero.
pub(super) const EPSILON: f64 = 1e-6;
/// Rows of a task. Sums over rows are added task by task, so their bits do not depend on threads.
const ROWS: usize = 64;
/// Numbers below which more threads are not worth their waking.
const SHARED: usize = 1 << 15;

/// What is normalised, and what follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Norm {
    /// Whether the mean is taken away first.
    centred: bool,
    /// Whether gains and offsets belong to rows, and gains are added to 1.
    of_rows: bool,
}

impl Norm {
    /// `x / sqrt(mean(x^2))`.
    pub(super) fn mean_square() -> Self {
        Self {
            centred: false,
            of_rows: false,
        }
    }

    /// `(x - mean) / sqrt(variance)`.
    pub(super) fn variance() -> Self {
        Self {
            centred: true,
            of_rows: false,
        }
    }

    /// The same, with a gain and an offset for every entry.
    pub(super) fn modulated() -> Self {
        Self {
            centred: true,
            of_rows: true,
        }
    }
}

/// Rows, and gain and offset where they are given; the mean and the scale of every row.
type Kept = (Vec<FlexTensor>, FlexTensor);

macro_rules! operation {
    ($count:literal) => {
        impl Operation<$count> for Norm {
            type Kept = Kept;

            fn forward(&self, inputs: [FlexTensor; $count]) -> (FlexTensor, Kept) {
                let inputs: Vec<_> = inputs.map(whole).into();
                let (output, moments) = with_real!(inputs[0], T => {
                    let (output, moments) = self.value::<T>(&inputs);
                    let count = moments.len();
                    (like(&inputs[0], output), tensor(moments, [count]))
                });
                (output, (inputs, moments))
            }

            fn backward(
                &self,
                (inputs, moments): Kept,
                gradient: FlexTensor,
                _wanted: [bool; $count],
            ) -> [Option<FlexTensor>; $count] {
                let gradient = whole(gradient);
                let found = with_real!(gradient, T => {
                    self.gradients::<T>(&inputs, moments.storage(), &gradient)
                });
                let mut found = found.into_iter();
                std::array::from_fn(|_| found.next())
            }
        }
    };
}

operation!(1);
operation!(2);
operation!(3);

impl Norm {
    /// Output, and mean and scale of every row.
    fn value<T: Real>(self, inputs: &[FlexTensor]) -> (Vec<T>, Vec<T>) {
        let input: &[T] = inputs[0].storage();
        let channels = inputs[0].layout().shape()[1];
        let mut output = vec![T::default(); input.len()];
        let mut moments = vec![T::default(); 2 * (input.len() / channels)];
        let size = ROWS * channels;
        let run = |place: usize, input: &[T], output: &mut [T], moments: &mut [T]| {
            vectorised(
                #[inline(always)]
                || {
                    let affine = Affine::of(self, inputs, place * size, input.len());
                    let rows = input.chunks_exact(channels);
                    let rows = rows.zip(output.chunks_exact_mut(channels));
                    let (moments, _) = moments.as_chunks_mut::<2>();
                    for (row, ((input, output), moments)) in rows.zip(moments).enumerate() {
                        *moments = self.row(input, output);
                        affine.apply(row * channels, output);
                    }
                },
            );
        };
        if input.len() < SHARED {
            let shares = output.chunks_mut(size).zip(moments.chunks_mut(2 * ROWS));
            for (place, ((output, moments), input)) in shares.zip(input.chunks(size)).enumerate() {
                run(place, input, output, moments);
            }
        } else {
            let shares = output
                .par_chunks_mut(size)
                .zip(moments.par_chunks_mut(2 * ROWS));
            shares
                .zip(input.par_chunks(size))
                .enumerate()
                .for_each(|(place, ((output, moments), input))| run(place, input, output, moments));
        }
        (output, moments)
    }

    /// Writes the normalised row; gives its mean and scale.
    #[inline(always)]
    fn row<T: Real>(self, input: &[T], output: &mut [T]) -> [T; 2] {
        let count = T::of(input.len() as f64);
        let mean = if self.centred {
            sum(input) / count
        } else {
            T::default()
        };
        for (output, &input) in output.iter_mut().zip(input) {
            *output = input - mean;
        }
        let scale = T::ONE / (dot(output, output) / count + T::of(EPSILON)).root();
        for output in output {
            *output = *output * scale;
        }
        [mean, scale]
    }

    /// For rows, gain and offset, as many as there are.
    fn gradients<T: Real>(
        self,
        inputs: &[FlexTensor],
        moments: &[T],
        gradient: &FlexTensor,
    ) -> Vec<FlexTensor> {
        let input: &[T] = inputs[0].storage();
        let slopes: &[T] = gradient.storage();
        let channels = inputs[0].layout().shape()[1];
        let size = ROWS * channels;
        let tasks = input.len().div_ceil(size);
        let gains = match (inputs.len() > 1, self.of_rows) {
            (false, _) => 0,
            (true, true) => input.len(),
            (true, false) => tasks * channels,
        };
        let offsets = if inputs.len() > 2 && !self.of_rows {
            tasks * channels
        } else {
            0
        };
        let mut for_rows = vec![T::default(); input.len()];
        let mut for_gain = vec![T::default(); gains];
        let mut for_offset = vec![T::default(); offsets];
        let share = if self.of_rows { size } else { channels };
        let mut work: Vec<_> = {
            let mut gains = for_gain.chunks_mut(share);
            let mut offsets = for_offset.chunks_mut(channels);
            let shares = for_rows.chunks_mut(size).zip(input.chunks(size));
            let shares = shares
                .zip(slopes.chunks(size))
                .zip(moments.chunks(2 * ROWS));
            shares
                .map(|(((output, input), slopes), moments)| Share {
                    output,
                    gain: gains.next().unwrap_or_default(),
                    offset: offsets.next().unwrap_or_default(),
                    input,
                    slopes,
                    moments,
                })
                .collect()
        };
        let run = |(place, share): (usize, &mut Share<'_, T>)| {
            vectorised(
                #[inline(always)]
                || {
                    let affine = Affine::of(self, inputs, place * size, share.input.len());
                    self.share(&affine, channels, share);
                },
            );
        };
        if input.len() < SHARED {
            work.iter_mut().enumerate().for_each(run);
        } else {
            work.par_iter_mut().enumerate().for_each(run);
        }
        let mut found = vec![like(&inputs[0], for_rows)];
        if inputs.len() > 1 {
            found.push(if self.of_rows {
                like(&inputs[1], for_gain)
            } else {
                tensor(added(&for_gain, channels), [channels])
            });
        }
        if inputs.len() > 2 {
            found.push(if self.of_rows {
                gradient.clone()
            } else {
                tensor(added(&for_offset, channels), [channels])
            });
        }
        found
    }

    #[inline(always)]
    fn share<T: Real>(self, affine: &Affine<'_, T>, channels: usize, share: &mut Share<'_, T>) {
        let count = T::of(channels as f64);
        let mut normal = vec![T::default(); channels];
        let rows = share.input.chunks_exact(channels);
        let rows = rows.zip(share.slopes.chunks_exact(channels));
        let outputs = share.output.chunks_exact_mut(channels);
        let (moments, _) = share.moments.as_chunks::<2>();
        for (row, (((input, slopes), output), &[mean, scale])) in
            rows.zip(outputs).zip(moments).enumerate()
        {
            for (normal, &input) in normal.iter_mut().zip(input) {
                *normal = (input - mean) * scale;
            }
            if self.of_rows {
                let gains = &mut share.gain[row * channels..][..channels];
                for ((gain, &slope), &normal) in gains.iter_mut().zip(slopes).zip(&normal) {
                    *gain = slope * normal;
                }
            } else {
                for ((gain, &slope), &normal) in share.gain.iter_mut().zip(slopes).zip(&normal) {
                    *gain += slope * normal;
                }
                for (offset, &slope) in share.offset.iter_mut().zip(slopes) {
                    *offset += slope;
                }
            }
            affine.chain(row * channels, slopes, output);
            let along = dot(output, &normal) / count;
            let level = if self.centred {
                sum(output) / count
            } else {
                T::default()
            };
            for (output, &normal) in output.iter_mut().zip(&normal) {
                *output = (*output - level - normal * along) * scale;
            }
        }
    }
}

/// One task of the backward pass.
struct Share<'a, T> {
    output: &'a mut [T],
    gain: &'a mut [T],
    offset: &'a mut [T],
    input: &'a [T],
    slopes: &'a [T],
    moments: &'a [T],
}

/// Gain and offset of the rows of a task.
struct Affine<'a, T> {
    gain: Option<&'a [T]>,
    offset: Option<&'a [T]>,
    /// Whether they are given row by row.
    of_rows: bool,
}

impl<'a, T: Real> Affine<'a, T> {
    fn of(norm: Norm, inputs: &'a [FlexTensor], start: usize, count: usize) -> Self {
        let part = |input: &'a FlexTensor| {
            let values: &[T] = input.storage();
            if norm.of_rows {
                &values[start..start + count]
            } else {
                values
            }
        };
        Self {
            gain: inputs.get(1).map(part),
            offset: inputs.get(2).map(part),
            of_rows: norm.of_rows,
        }
    }

    /// To a row that begins at `start`.
    #[inline(always)]
    fn apply(&self, start: usize, values: &mut [T]) {
        let start = if self.of_rows { start } else { 0 };
        if let Some(gain) = self.gain {
            let more = if self.of_rows { T::ONE } else { T::default() };
            for (value, &gain) in values.iter_mut().zip(&gain[start..]) {
                *value = *value * (more + gain);
            }
        }
        if let Some(offset) = self.offset {
            for (value, &offset) in values.iter_mut().zip(&offset[start..]) {
                *value += offset;
            }
        }
    }

    /// Gradients for the normalised row from those for its output.
    #[inline(always)]
    fn chain(&self, start: usize, slopes: &[T], values: &mut [T]) {
        let start = if self.of_rows { start } else { 0 };
        let Some(gain) = self.gain else {
            values.copy_from_slice(slopes);
            return;
        };
        let more = if self.of_rows { T::ONE } else { T::default() };
        for ((value, &slope), &gain) in values.iter_mut().zip(slopes).zip(&gain[start..]) {
            *value = slope * (more + gain);
        }
    }
}

/// Sums of the tasks, in order.
fn added<T: Real>(parts: &[T], channels: usize) -> Vec<T> {
    let mut sums = vec![T::default(); channels];
    for part in parts.chunks_exact(channels) {
        for (sum, &part) in sums.iter_mut().zip(part) {
            *sum += part;
        }
    }
    sums
}
