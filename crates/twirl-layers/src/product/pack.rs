//! Copies of a block of both sides in the order in which tiles read them.
//!
//! Rows of 128 numbers and more lie at distances at which the lines of a panel push each other out of
//! the first cache, and of which each is on a page of its own. A copy is read as often as there are
//! panels, so it pays for wide products only: a tenth to a half faster.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]

use crate::own::Real;

/// Rows of a register tile.
pub(super) const ROWS: usize = 6;

/// Panels from which on copies pay.
const PANELS: usize = 8;
/// Tiles from which on they pay.
const TILES: usize = 4;

/// A matrix of any strides within a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub values: &'a [T],
    /// From one row to the next.
    pub row: usize,
    /// From one column to the next.
    pub column: usize,
}

/// Storage of the copies.
pub(super) struct Packs<T> {
    /// For each tile, for each term, [`ROWS`] numbers of the left side; empty where it is read in place.
    left: Vec<T>,
    /// For each term, the columns of a panel.
    right: Vec<T>,
    tiles: usize,
}

impl<T: Real> Packs<T> {
    /// For products of so many tiles and panels.
    pub(super) fn new(tiles: usize, panels: usize) -> Self {
        let pays = panels >= PANELS && tiles >= TILES;
        Self {
            left: Vec::new(),
            right: Vec::new(),
            tiles: if pays { tiles } else { 0 },
        }
    }

    /// Copies `depth` terms of the tiles of the left side, if that pays.
    #[inline(always)]
    pub(super) fn copy_left(&mut self, left: &Matrix<'_, T>, depth: usize) {
        if self.tiles == 0 {
            return;
        }
        let tile = ROWS * depth;
        self.left.resize(self.tiles * tile, T::default());
        let tiles = self.left.chunks_exact_mut(tile);
        let tiles = tiles.map(|tile| tile.as_chunks_mut::<ROWS>().0);
        if left.column == 1 {
            for (place, tile) in tiles.enumerate() {
                let mut rows = [left.values; ROWS];
                for (row, values) in rows.iter_mut().enumerate() {
                    *values = &left.values[(place * ROWS + row) * left.row..][..depth];
                }
                for (term, numbers) in tile.iter_mut().enumerate() {
                    for (number, row) in numbers.iter_mut().zip(rows) {
                        *number = row[term];
                    }
                }
            }
        } else {
            // Every line of the left side is read once, and goes to several tiles.
            let mut tiles: Vec<_> = tiles.map(<[_]>::iter_mut).collect();
            for term in 0..depth {
                let (values, _) = left.values[term * left.column..].as_chunks::<ROWS>();
                for (tile, numbers) in tiles.iter_mut().zip(values) {
                    *tile.next().expect("as many terms") = *numbers;
                }
            }
        }
    }

    /// Copies `depth` terms of a panel of the right side, if that pays: the numbers, and from one term to
    /// the next.
    #[inline(always)]
    pub(super) fn copy_right<'a>(
        &'a mut self,
        (panel, stride): (&'a [T], usize),
        width: usize,
        depth: usize,
    ) -> (&'a [T], (&'a [T], usize)) {
        if self.tiles == 0 {
            return (&[], (panel, stride));
        }
        self.right.clear();
        for term in 0..depth {
            self.right
                .extend_from_slice(&panel[term * stride..][..width]);
        }
        (&self.left, (&self.right, width))
    }
}
