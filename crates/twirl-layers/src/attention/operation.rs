//! Attention as an operation of burn's.

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::kernel::{Added, Backward, Forward, Inputs, Rows, Scratch};
use super::spans::{Span, Spans};
use crate::own::{Operation, Real, tensor, vectorised, whole};
use crate::with_real;

/// Multiplications above which groups are divided over threads.
const SHARED: usize = 1 << 20;

/// Queries, keys, values, and what is added to logits.
#[derive(Debug, Clone)]
pub(super) struct Attend {
    pub heads: usize,
    pub spans: Spans,
}

/// The inputs, and probabilities `[heads, queries, keys]` of group after group.
type Kept = (Vec<FlexTensor>, FlexTensor);

macro_rules! operation {
    ($count:literal) => {
        impl Operation<$count> for Attend {
            type Kept = Kept;

            fn forward(&self, inputs: [FlexTensor; $count]) -> (FlexTensor, Kept) {
                let inputs: Vec<_> = inputs.map(in_rows).into();
                let [output, probabilities] =
                    with_real!(inputs[0], T => self.outputs::<T>(&inputs));
                (output, (inputs, probabilities))
            }

            fn backward(
                &self,
                (inputs, probabilities): Kept,
                gradient: FlexTensor,
                wanted: [bool; $count],
            ) -> [Option<FlexTensor>; $count] {
                let gradient = in_rows(gradient);
                let for_added = wanted.get(3).copied().unwrap_or(false);
                let found = with_real!(gradient, T => {
                    self.gradients::<T>(&inputs, &probabilities, &gradient, for_added)
                });
                let mut found = found.into_iter();
                std::array::from_fn(|_| found.next())
            }
        }
    };
}

operation!(3);
operation!(4);
operation!(5);

impl Attend {
    fn inputs<'a, T: Real>(&self, inputs: &'a [FlexTensor]) -> Inputs<'a, T> {
        Inputs {
            query: rows(&inputs[0]),
            key: rows(&inputs[1]),
            value: rows(&inputs[2]),
            added: match &inputs[3..] {
                [] => Added::None,
                [table] => Added::Table(rows(table)),
                [strengths, values, ..] => Added::Scaled(numbers(strengths), numbers(values)),
            },
            heads: self.heads,
            channels: inputs[0].layout().shape()[1],
        }
    }

    /// Calls `run` for every group, on several threads where that is worth it.
    fn each<W: Send>(&self, channels: usize, mut work: Vec<W>, run: impl Fn(&mut W) + Sync + Send) {
        if 2 * self.spans.pairs() * channels < SHARED {
            work.iter_mut().for_each(run);
        } else {
            work.par_iter_mut().for_each(run);
        }
    }

    fn outputs<T: Real>(&self, tensors: &[FlexTensor]) -> [FlexTensor; 2] {
        let inputs = self.inputs::<T>(tensors);
        let (spans, [count, ..]) = (&*self.spans.groups, self.spans.rows);
        let channels = inputs.channels;
        let mut output = vec![T::default(); count * channels];
        let mut probabilities = vec![T::default(); self.spans.pairs() * self.heads];
        let work: Vec<_> = {
            let outputs = carve(&mut output, spans, |span| {
                [span.query * channels, span.queries * channels]
            });
            let probabilities = self.probabilities(&mut probabilities);
            outputs.into_iter().zip(probabilities).zip(spans).collect()
        };
        self.each(channels, shares(work), |share| {
            let mut scratch = Scratch::default();
            for ((output, probabilities), span) in share {
                vectorised(Forward {
                    inputs,
                    span: **span,
                    output,
                    probabilities,
                    scratch: &mut scratch,
                });
            }
        });
        let size = probabilities.len();
        [
            tensor(output, [count, channels]),
            tensor(probabilities, [size]),
        ]
    }

    /// The part of every group.
    fn probabilities<'a, T>(&self, mut values: &'a mut [T]) -> Vec<&'a mut [T]> {
        let sizes = self.spans.groups.iter();
        sizes
            .map(|span| {
                let size = span.queries * span.keys * self.heads;
                let (part, rest) = std::mem::take(&mut values).split_at_mut(size);
                values = rest;
                part
            })
            .collect()
    }

    fn gradients<T: Real>(
        &self,
        tensors: &[FlexTensor],
        probabilities: &FlexTensor,
        gradient: &FlexTensor,
        for_added: bool,
    ) -> Vec<FlexTensor> {
        let inputs = self.inputs::<T>(tensors);
        let (spans, [count, keys, pairs]) = (&*self.spans.groups, self.spans.rows);
        let (channels, heads) = (inputs.channels, self.heads);
        let mut for_query = vec![T::default(); count * channels];
        let mut for_key = vec![T::default(); keys * channels];
        let mut for_value = vec![T::default(); keys * channels];
        let added = match (for_added, inputs.added) {
            (false, _) | (true, Added::None) => 0,
            (true, Added::Table(_)) => pairs * heads,
            (true, Added::Scaled(..)) => spans.len() * heads,
        };
        let mut for_added = vec![T::default(); added];
        let work: Vec<Slopes<'_, T>> = {
            let of_keys = |span: &Span| [span.key * channels, span.keys * channels];
            let of_queries = |span: &Span| [span.query * channels, span.queries * channels];
            let mut for_query = carve(&mut for_query, spans, of_queries).into_iter();
            let mut for_key = carve(&mut for_key, spans, of_keys).into_iter();
            let mut for_value = carve(&mut for_value, spans, of_keys).into_iter();
            let mut for_added = match inputs.added {
                _ if added == 0 => Vec::new(),
                Added::Scaled(..) => for_added.chunks_exact_mut(heads).collect(),
                _ => carve(&mut for_added, spans, |span| {
                    [span.pair * heads, span.queries * span.step * heads]
                }),
            }
            .into_iter();
            let mut values: &[T] = probabilities.storage();
            let slopes = spans.iter().map(|span| {
                let (part, rest) = values.split_at(span.queries * span.keys * heads);
                values = rest;
                Slopes {
                    span: *span,
                    probabilities: part,
                    for_query: for_query.next().unwrap_or_default(),
                    for_key: for_key.next().unwrap_or_default(),
                    for_value: for_value.next().unwrap_or_default(),
                    for_added: for_added.next().unwrap_or_default(),
                }
            });
            slopes.collect()
        };
        let gradient = rows(gradient);
        self.each(channels, shares(work), |share| {
            let mut scratch = Scratch::default();
            for slopes in share {
                vectorised(Backward {
                    inputs,
                    span: slopes.span,
                    probabilities: slopes.probabilities,
                    gradient,
                    for_query: slopes.for_query,
                    for_key: slopes.for_key,
                    for_value: slopes.for_value,
                    for_added: slopes.for_added,
                    scratch: &mut scratch,
                });
            }
        });
        let mut found = vec![
            tensor(for_query, [count, channels]),
            tensor(for_key, [keys, channels]),
            tensor(for_value, [keys, channels]),
        ];
        match inputs.added {
            _ if added == 0 => {}
            Added::Scaled(..) => {
                let mut sums = vec![T::default(); heads];
                for group in for_added.chunks_exact(heads) {
                    for (sum, &value) in sums.iter_mut().zip(group) {
                        *sum += value;
                    }
                }
                found.push(tensor(sums, [heads]));
            }
            _ => found.push(tensor(for_added, [pairs, heads])),
        }
        found
    }
}

/// One group of the backward pass.
struct Slopes<'a, T> {
    span: Span,
    probabilities: &'a [T],
    for_query: &'a mut [T],
    for_key: &'a mut [T],
    for_value: &'a mut [T],
    for_added: &'a mut [T],
}

/// Several groups to a task.
fn shares<W>(work: Vec<W>) -> Vec<Vec<W>> {
    let size = work.len().div_ceil(8 * rayon::current_num_threads()).max(1);
    let mut work = work.into_iter();
    let mut shares = Vec::new();
    loop {
        let share: Vec<W> = work.by_ref().take(size).collect();
        if share.is_empty() {
            return shares;
        }
        shares.push(share);
    }
}

/// The ranges `[start, length]` of all groups, which follow one another.
fn carve<'a, T>(
    mut values: &'a mut [T],
    spans: &[Span],
    range: impl Fn(&Span) -> [usize; 2],
) -> Vec<&'a mut [T]> {
    let mut before = 0;
    spans
        .iter()
        .map(|span| {
            let [start, length] = range(span);
            let (_, rest) = std::mem::take(&mut values).split_at_mut(start - before);
            let (part, rest) = rest.split_at_mut(length);
            (values, before) = (rest, start + length);
            part
        })
        .collect()
}

/// With columns one after another.
fn in_rows(tensor: FlexTensor) -> FlexTensor {
    let strides = tensor.layout().strides();
    let forwards = strides.iter().all(|&stride| stride > 0);
    if forwards && strides.last() == Some(&1) {
        tensor
    } else {
        whole(tensor)
    }
}

fn rows<T: Real>(tensor: &FlexTensor) -> Rows<'_, T> {
    let layout = tensor.layout();
    Rows {
        values: &tensor.storage()[layout.start_offset()..],
        stride: usize::try_from(layout.strides()[0]).expect("strides that go forwards"),
    }
}

fn numbers<T: Real>(tensor: &FlexTensor) -> &[T] {
    &tensor.storage()[tensor.layout().start_offset()..]
}
