//! Attention of one group of rows, all heads, forward and backward.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use pulp::{Simd, WithSimd};

use super::spans::Span;
use crate::own::{Real, dot, sum};
use crate::product::{Matrix, Multiply};

/// Rows within a tensor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a, T> {
    pub values: &'a [T],
    pub stride: usize,
}

impl<'a, T> Rows<'a, T> {
    /// From a row and a column on.
    fn at(self, row: usize, column: usize) -> Matrix<'a, T> {
        Matrix {
            values: &self.values[row * self.stride + column..],
            row: self.stride,
            column: 1,
        }
    }
}

/// What is added to logits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Added<'a, T> {
    None,
    /// `[pairs, heads]`.
    Table(Rows<'a, T>),
    /// Strengths `[heads]`, values `[pairs]`.
    Scaled(&'a [T], &'a [T]),
}

/// Memory that groups use one after another.
#[derive(Debug, Default)]
pub(super) struct Scratch<T> {
    turned: Vec<T>,
    slopes: Vec<T>,
    rows: Vec<T>,
}

/// Inputs of all groups.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'a, T> {
    pub query: Rows<'a, T>,
    pub key: Rows<'a, T>,
    pub value: Rows<'a, T>,
    pub added: Added<'a, T>,
    pub heads: usize,
    pub channels: usize,
}

impl<T: Real> Inputs<'_, T> {
    fn depth(&self) -> usize {
        self.channels / self.heads
    }

    fn scale(&self) -> T {
        T::of(1.0 / (self.depth() as f64).sqrt())
    }

    /// Writes biases of a head to `[queries, keys]`.
    #[inline(always)]
    fn bias(&self, span: &Span, head: usize, logits: &mut [T]) {
        for (query, logits) in logits.chunks_exact_mut(span.keys).enumerate() {
            let pair = span.pair + query * span.step;
            match self.added {
                Added::None => logits.fill(T::default()),
                Added::Table(table) => {
                    let places = table.values[pair * table.stride + head..].iter();
                    for (logit, &bias) in logits.iter_mut().zip(places.step_by(table.stride)) {
                        *logit = bias;
                    }
                }
                Added::Scaled(strengths, values) => {
                    let strength = strengths[head];
                    for (logit, &value) in logits.iter_mut().zip(&values[pair..]) {
                        *logit = strength * value;
                    }
                }
            }
        }
    }
}

/// Writes `[columns, rows]` of rows `[rows, columns]`, times a factor.
#[inline(always)]
fn turn<T: Real>(from: Matrix<'_, T>, rows: usize, columns: usize, factor: T, to: &mut Vec<T>) {
    to.clear();
    to.resize(rows * columns, T::default());
    for row in 0..rows {
        let from = &from.values[row * from.row..][..columns];
        for (to, &value) in to[row..].iter_mut().step_by(rows).zip(from) {
            *to = value * factor;
        }
    }
}

/// Output and probabilities of one group.
pub(super) struct Forward<'a, T> {
    pub inputs: Inputs<'a, T>,
    pub span: Span,
    /// `[queries, channels]`.
    pub output: &'a mut [T],
    /// `[heads, queries, keys]`.
    pub probabilities: &'a mut [T],
    pub scratch: &'a mut Scratch<T>,
}

impl<T: Real> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            inputs,
            span,
            output,
            probabilities,
            scratch,
        } = self;
        let (depth, channels) = (inputs.depth(), inputs.channels);
        if span.keys == 0 || span.queries == 0 {
            return;
        }
        let pairs = span.queries * span.keys;
        for (head, logits) in probabilities.chunks_exact_mut(pairs).enumerate() {
            let first = head * depth;
            let key = inputs.key.at(span.key, first);
            turn(key, span.keys, depth, inputs.scale(), &mut scratch.turned);
            inputs.bias(&span, head, logits);
            simd.vectorize(Multiply {
                left: inputs.query.at(span.query, first),
                right: rows_of(&scratch.turned, span.keys),
                output: logits,
                inner: depth,
                columns: span.keys,
            });
            for row in logits.chunks_exact_mut(span.keys) {
                softmax(row);
            }
            scratch.rows.clear();
            scratch.rows.resize(span.queries * depth, T::default());
            simd.vectorize(Multiply {
                left: rows_of(logits, span.keys),
                right: inputs.value.at(span.key, first),
                output: &mut scratch.rows,
                inner: span.keys,
                columns: depth,
            });
            place(&scratch.rows, depth, T::ONE, output, channels, first);
        }
    }
}

#[inline(always)]
fn rows_of<T>(values: &[T], columns: usize) -> Matrix<'_, T> {
    Matrix {
        values,
        row: columns,
        column: 1,
    }
}

/// Copies contiguous rows to columns of wider ones, times a factor.
#[inline(always)]
fn place<T: Real>(
    from: &[T],
    width: usize,
    factor: T,
    to: &mut [T],
    channels: usize,
    first: usize,
) {
    let rows = from.chunks_exact(width);
    for (from, to) in rows.zip(to.chunks_exact_mut(channels)) {
        for (to, &from) in to[first..first + width].iter_mut().zip(from) {
            *to = from * factor;
        }
    }
}

/// Probabilities below 1e-30 are 0.
#[inline(always)]
fn softmax<T: Real>(row: &mut [T]) {
    let mut largest = row[0];
    for &logit in &*row {
        if logit > largest {
            largest = logit;
        }
    }
    for logit in &mut *row {
        *logit = (*logit - largest).decay();
    }
    let factor = T::ONE / sum(row);
    for value in row {
        *value = *value * factor;
    }
}

/// Gradients of one group.
pub(super) struct Backward<'a, T> {
    pub inputs: Inputs<'a, T>,
    pub span: Span,
    /// `[heads, queries, keys]`.
    pub probabilities: &'a [T],
    /// Of the output, all rows.
    pub gradient: Rows<'a, T>,
    /// `[queries, channels]`, `[keys, channels]` and `[keys, channels]`.
    pub for_query: &'a mut [T],
    pub for_key: &'a mut [T],
    pub for_value: &'a mut [T],
    /// `[pairs, heads]` from the first pair of the group on, or `[heads]` for strengths.
    pub for_added: &'a mut [T],
    pub scratch: &'a mut Scratch<T>,
}

impl<T: Real> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            inputs,
            span,
            probabilities,
            gradient,
            for_query,
            for_key,
            for_value,
            for_added,
            scratch,
        } = self;
        let (depth, channels, scale) = (inputs.depth(), inputs.channels, inputs.scale());
        if span.keys == 0 || span.queries == 0 {
            return;
        }
        let pairs = span.queries * span.keys;
        for (head, probabilities) in probabilities.chunks_exact(pairs).enumerate() {
            let first = head * depth;
            let slopes = gradient.at(span.query, first);
            let columns = Matrix {
                values: probabilities,
                row: 1,
                column: span.keys,
            };
            let product = |left, right, rows: usize, inner, columns, to: &mut Vec<T>| {
                to.clear();
                to.resize(rows * columns, T::default());
                simd.vectorize(Multiply {
                    left,
                    right,
                    output: to,
                    inner,
                    columns,
                });
            };
            product(
                columns,
                slopes,
                span.keys,
                span.queries,
                depth,
                &mut scratch.rows,
            );
            place(&scratch.rows, depth, T::ONE, for_value, channels, first);
            let value = inputs.value.at(span.key, first);
            turn(value, span.keys, depth, T::ONE, &mut scratch.turned);
            product(
                slopes,
                rows_of(&scratch.turned, span.keys),
                span.queries,
                depth,
                span.keys,
                &mut scratch.slopes,
            );
            let rows = scratch.slopes.chunks_exact_mut(span.keys);
            for (slopes, probabilities) in rows.zip(probabilities.chunks_exact(span.keys)) {
                let mean = dot(slopes, probabilities);
                for (slope, &probability) in slopes.iter_mut().zip(probabilities) {
                    *slope = probability * (*slope - mean);
                }
            }
            for_bias(&inputs, &span, head, &scratch.slopes, for_added);
            product(
                rows_of(&scratch.slopes, span.keys),
                inputs.key.at(span.key, first),
                span.queries,
                span.keys,
                depth,
                &mut scratch.rows,
            );
            place(&scratch.rows, depth, scale, for_query, channels, first);
            let columns = Matrix {
                values: &scratch.slopes,
                row: 1,
                column: span.keys,
            };
            product(
                columns,
                inputs.query.at(span.query, first),
                span.keys,
                span.queries,
                depth,
                &mut scratch.rows,
            );
            place(&scratch.rows, depth, scale, for_key, channels, first);
        }
    }
}

/// Gradients of a head for what is added to its logits.
#[inline(always)]
fn for_bias<T: Real>(
    inputs: &Inputs<'_, T>,
    span: &Span,
    head: usize,
    slopes: &[T],
    target: &mut [T],
) {
    if target.is_empty() {
        return;
    }
    for (query, slopes) in slopes.chunks_exact(span.keys).enumerate() {
        match inputs.added {
            Added::None => {}
            Added::Table(_) => {
                let places = target[query * span.step * inputs.heads + head..].iter_mut();
                for (target, &slope) in places.step_by(inputs.heads).zip(slopes) {
                    *target = slope;
                }
            }
            Added::Scaled(_, values) => {
                let pair = span.pair + query * span.step;
                target[head] += dot(slopes, &values[pair..pair + span.keys]);
            }
        }
    }
}
