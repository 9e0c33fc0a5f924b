//! Batches of matrices within tensors, and their products.

use std::borrow::Cow;

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::kernel::Multiply;
use super::pack::{Matrix, ROWS};
use crate::own::{Real, vectorised};

/// Multiplications above which a product is divided over threads.
const SHARED: usize = 1 << 21;
/// Rows that one task takes: a block of the left side that stays in the second cache.
const BLOCK: usize = 16 * ROWS;

/// Matrices of one shape within a slice.
#[derive(Debug, Clone)]
pub(super) struct View<'a, T: Clone> {
    values: Cow<'a, [T]>,
    /// Where each matrix begins.
    starts: Vec<usize>,
    rows: usize,
    columns: usize,
    row: usize,
    column: usize,
}

impl<'a, T: Real> View<'a, T> {
    /// The last two axes of a tensor are those of its matrices.
    pub(super) fn of(tensor: &'a FlexTensor) -> Self {
        let layout = tensor.layout();
        let dims: &[usize] = &layout.shape()[..];
        let strides: Vec<usize> = layout
            .strides()
            .iter()
            .map(|&stride| usize::try_from(stride).expect("own products of views that go forwards"))
            .collect();
        let (axes, last) = (dims.len() - 2, dims.len() - 1);
        let mut starts = vec![layout.start_offset()];
        for (&dim, &stride) in dims[..axes].iter().zip(&strides) {
            starts = starts
                .iter()
                .flat_map(|start| (0..dim).map(move |place| start + place * stride))
                .collect();
        }
        Self {
            values: Cow::Borrowed(tensor.storage()),
            starts,
            rows: dims[axes],
            columns: dims[last],
            row: strides[axes],
            column: strides[last],
        }
    }

    /// Rows and columns exchanged, without moving anything.
    pub(super) fn transposed(&self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row: self.column,
            column: self.row,
            ..self.clone()
        }
    }

    /// With rows one after another where they are not.
    fn in_rows(&self) -> Cow<'_, Self> {
        if self.column == 1 || self.columns == 1 {
            return Cow::Borrowed(self);
        }
        let mut values = Vec::with_capacity(self.starts.len() * self.rows * self.columns);
        for &start in &self.starts {
            for row in 0..self.rows {
                let row = self.values[start + row * self.row..].iter();
                values.extend(row.step_by(self.column).take(self.columns));
            }
        }
        let size = self.rows * self.columns;
        Cow::Owned(View {
            values: Cow::Owned(values),
            starts: (0..self.starts.len()).map(|place| place * size).collect(),
            rows: self.rows,
            columns: self.columns,
            row: self.columns,
            column: 1,
        })
    }

    fn matrix(&self, place: usize) -> Matrix<'_, T> {
        Matrix {
            values: &self.values[self.starts[place]..],
            row: self.row,
            column: if self.columns == 1 { 1 } else { self.column },
        }
    }

    /// All products of a matrix with the one at the same place of `right`, row-major.
    pub(super) fn times(&self, right: &View<'_, T>) -> Vec<T> {
        let mut output = vec![T::default(); self.starts.len() * self.rows * right.columns];
        self.times_onto(right, &mut output);
        output
    }

    /// As [`View::times`], added to what the output holds.
    pub(super) fn times_onto(&self, right: &View<'_, T>, output: &mut [T]) {
        let size = self.rows * right.columns;
        if size == 0 || self.columns == 0 || self.starts.is_empty() {
            return;
        }
        let left = if self.row == 1 || self.rows == 1 {
            Cow::Borrowed(self)
        } else {
            self.in_rows()
        };
        let right = right.in_rows();
        let run = |place: usize, first: usize, output: &mut [T]| {
            let matrix = left.matrix(place);
            let matrix = Matrix {
                values: &matrix.values[first * matrix.row..],
                row: if left.rows == 1 { 1 } else { matrix.row },
                ..matrix
            };
            vectorised(Multiply {
                left: matrix,
                right: right.matrix(place),
                output,
                inner: left.columns,
                columns: right.columns,
            });
        };
        let places = output.chunks_exact_mut(size).enumerate();
        if size * self.columns * self.starts.len() < SHARED {
            places.for_each(|(place, output)| run(place, 0, output));
        } else if self.starts.len() > 1 {
            let places = output.par_chunks_exact_mut(size).enumerate();
            places.for_each(|(place, output)| run(place, 0, output));
        } else {
            let threads = rayon::current_num_threads();
            let rows = BLOCK.min(self.rows.div_ceil(threads).next_multiple_of(ROWS));
            let blocks = output.par_chunks_mut(rows * right.columns).enumerate();
            blocks.for_each(|(block, output)| run(0, block * rows, output));
        }
    }
}
