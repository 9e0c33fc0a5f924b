//! Matrix products on slices, in register tiles, for every instruction set.
//!
//! Every entry of a product is summed in one order that depends on the sizes alone: blocks of
//! [`DEPTH`] terms, one after another. So bits depend neither on threads nor on how rows are divided.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]

use pulp::{Simd, WithSimd};

use super::pack::{Matrix, Packs, ROWS};
use crate::own::Real;

/// Terms that are summed in registers before they are added to the output.
const DEPTH: usize = 256;
/// Adds `left * right` to the output.
pub(crate) struct Multiply<'a, T> {
    /// Of row or column stride 1.
    pub left: Matrix<'a, T>,
    /// Of column stride 1.
    pub right: Matrix<'a, T>,
    /// Contiguous rows.
    pub output: &'a mut [T],
    /// Columns of `left` and rows of `right`.
    pub inner: usize,
    /// Columns of `right` and of the output.
    pub columns: usize,
}

impl<T: Real> WithSimd for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        debug_assert_eq!(self.right.column, 1, "columns of the right side");
        // Sums, a row of the right side and one number of the left fill the registers.
        let most = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
        let lanes = T::lanes::<S>();
        let Self {
            left,
            right,
            output,
            inner,
            columns,
        } = self;
        let tiles = output.len() / columns / ROWS;
        let mut packs = Packs::new(tiles, columns.div_ceil(most * lanes));
        for start in (0..inner).step_by(DEPTH) {
            let depth = DEPTH.min(inner - start);
            let left = Matrix {
                values: &left.values[start * left.column..],
                ..left
            };
            packs.copy_left(&left, depth);
            let mut column = 0;
            while column < columns {
                let width = (columns - column).min(most * lanes);
                let panel = &right.values[start * right.row + column..];
                let (tiles, (right, stride)) = packs.copy_right((panel, right.row), width, depth);
                let job = Panel {
                    left,
                    tiles,
                    right,
                    stride,
                    depth,
                    columns,
                    column,
                    last: width - (width - 1) / lanes * lanes,
                };
                match (width.div_ceil(lanes), width.is_multiple_of(lanes)) {
                    (1, true) => job.run::<S, 1, false>(simd, output),
                    (2, true) => job.run::<S, 2, false>(simd, output),
                    (3, true) => job.run::<S, 3, false>(simd, output),
                    (_, true) => job.run::<S, 4, false>(simd, output),
                    (1, false) => job.run::<S, 1, true>(simd, output),
                    (2, false) => job.run::<S, 2, true>(simd, output),
                    (3, false) => job.run::<S, 3, true>(simd, output),
                    (_, false) => job.run::<S, 4, true>(simd, output),
                }
                column += width;
            }
        }
    }
}

/// A few vectors of columns of the output.
struct Panel<'a, T> {
    left: Matrix<'a, T>,
    /// Copies of its tiles, or nothing.
    tiles: &'a [T],
    right: &'a [T],
    stride: usize,
    depth: usize,
    columns: usize,
    column: usize,
    /// Columns in the last vector.
    last: usize,
}

impl<T: Real> Panel<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const VECTORS: usize, const PART: bool>(&self, simd: S, output: &mut [T]) {
        let mut row = 0;
        let mut tiles = output.chunks_exact_mut(ROWS * self.columns);
        for tile in tiles.by_ref() {
            self.tile::<S, ROWS, VECTORS, PART>(simd, tile, row);
            row += ROWS;
        }
        for tile in tiles.into_remainder().chunks_exact_mut(self.columns) {
            self.tile::<S, 1, VECTORS, PART>(simd, tile, row);
            row += 1;
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const HEIGHT: usize, const VECTORS: usize, const PART: bool>(
        &self,
        simd: S,
        output: &mut [T],
        row: usize,
    ) {
        let Matrix {
            values,
            row: stride,
            column,
        } = self.left;
        if HEIGHT == ROWS && !self.tiles.is_empty() {
            let (numbers, _) = self.tiles[row * self.depth..].as_chunks::<HEIGHT>();
            let numbers = &numbers[..self.depth];
            self.sum::<S, HEIGHT, VECTORS, PART>(
                simd,
                output,
                #[inline(always)]
                |term| numbers[term],
            );
        } else if column == 1 {
            // Loops and not `array::map`, which is not always inlined here.
            let mut rows = [values; HEIGHT];
            for (place, rows) in rows.iter_mut().enumerate() {
                *rows = &values[(row + place) * stride..][..self.depth];
            }
            self.sum::<S, HEIGHT, VECTORS, PART>(
                simd,
                output,
                #[inline(always)]
                |term| {
                    let mut numbers = [T::default(); HEIGHT];
                    for (number, row) in numbers.iter_mut().zip(rows) {
                        *number = row[term];
                    }
                    numbers
                },
            );
        } else {
            debug_assert_eq!(stride, 1, "strides of the left side");
            let values = &values[row..];
            self.sum::<S, HEIGHT, VECTORS, PART>(
                simd,
                output,
                #[inline(always)]
                |term| match values[term * column..].first_chunk::<HEIGHT>() {
                    Some(numbers) => *numbers,
                    None => unreachable!("as many rows as the output"),
                },
            );
        }
    }

    #[inline(always)]
    fn sum<S: Simd, const HEIGHT: usize, const VECTORS: usize, const PART: bool>(
        &self,
        simd: S,
        output: &mut [T],
        left: impl Fn(usize) -> [T; HEIGHT],
    ) {
        let lanes = T::lanes::<S>();
        let zero = T::splat(simd, T::default());
        let mut sums = [[zero; VECTORS]; HEIGHT];
        for term in 0..self.depth {
            let values = &self.right[term * self.stride..];
            let row = self.load::<S, VECTORS, PART>(simd, values);
            for (sums, left) in sums.iter_mut().zip(left(term)) {
                let left = T::splat(simd, left);
                for (sum, &right) in sums.iter_mut().zip(&row) {
                    *sum = T::multiply_add(simd, left, right, *sum);
                }
            }
        }
        let one = T::splat(simd, T::ONE);
        for (sums, output) in sums.into_iter().zip(output.chunks_mut(self.columns)) {
            let output = &mut output[self.column..];
            let before = self.load::<S, VECTORS, PART>(simd, output);
            for (place, (sum, before)) in sums.into_iter().zip(before).enumerate() {
                let sum = T::multiply_add(simd, one, sum, before);
                if PART && place + 1 == VECTORS {
                    T::store_part(simd, &mut output[place * lanes..][..self.last], sum);
                } else {
                    T::store::<S>(output, place * lanes, sum);
                }
            }
        }
    }

    #[inline(always)]
    fn load<S: Simd, const VECTORS: usize, const PART: bool>(
        &self,
        simd: S,
        values: &[T],
    ) -> [T::Lanes<S>; VECTORS] {
        let lanes = T::lanes::<S>();
        if PART {
            let whole = (VECTORS - 1) * lanes;
            let vectors = T::vectors::<S>(&values[..whole]);
            let last = T::load_part(simd, &values[whole..][..self.last]);
            let mut row = [last; VECTORS];
            for (place, vector) in row.iter_mut().zip(vectors) {
                *place = *vector;
            }
            row
        } else {
            let vectors = T::vectors::<S>(&values[..VECTORS * lanes]);
            *vectors.first_chunk().expect("as many vectors")
        }
    }
}
