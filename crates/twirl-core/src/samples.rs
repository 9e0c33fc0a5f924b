//! Vectors measured at the rotations of a design, with block weights.

use crate::error::CoreError;
use crate::loss::Loss;

/// Untwisted vectors `u_m = g_m^-1 f(g_m x) - y`, or predictions alone with `y = 0`.
///
/// The array has shape `[rotations][blocks][dim]`. A block is what a loss takes the length of: one
/// atom's force (`dim` 3), one energy (`dim` 1), one voxel grid. The loss of one row is
/// `sum_b w_b l(|r_b|)`, and `<u, v> = sum_b w_b u_b . v_b`.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    rotations: usize,
    blocks: usize,
    dim: usize,
    residuals: &'a [f64],
    weights: &'a [f64],
}

impl<'a> Samples<'a> {
    /// Checks shapes and values.
    ///
    /// `residuals` is `[rotations][blocks][dim]`, `weights` is `[blocks]`.
    ///
    /// # Errors
    /// [`CoreError::Size`], [`CoreError::Shape`], [`CoreError::NonFiniteSample`] and
    /// [`CoreError::BlockWeight`], each naming the place.
    pub fn new(
        rotations: usize,
        blocks: usize,
        dim: usize,
        residuals: &'a [f64],
        weights: &'a [f64],
    ) -> Result<Self, CoreError> {
        let expected = rotations
            .checked_mul(blocks)
            .and_then(|rows| rows.checked_mul(dim))
            .filter(|&size| size > 0)
            .ok_or(CoreError::Size {
                rotations,
                blocks,
                dim,
            })?;
        if residuals.len() != expected {
            let what = "samples [rotations][blocks][dim]";
            return Err(CoreError::Shape {
                what,
                found: residuals.len(),
                expected,
            });
        }
        if weights.len() != blocks {
            let what = "weights [blocks]";
            return Err(CoreError::Shape {
                what,
                found: weights.len(),
                expected: blocks,
            });
        }
        if let Some(place) = residuals.iter().position(|value| !value.is_finite()) {
            return Err(CoreError::NonFiniteSample {
                rotation: place / (blocks * dim),
                block: place / dim % blocks,
                component: place % dim,
                value: residuals[place],
            });
        }
        if let Some(block) = weights
            .iter()
            .position(|value| !value.is_finite() || *value < 0.0)
        {
            return Err(CoreError::BlockWeight {
                block,
                value: weights[block],
            });
        }
        Ok(Self {
            rotations,
            blocks,
            dim,
            residuals,
            weights,
        })
    }

    /// Number of rotations.
    #[must_use]
    pub const fn rotations(&self) -> usize {
        self.rotations
    }

    /// Number of blocks.
    #[must_use]
    pub const fn blocks(&self) -> usize {
        self.blocks
    }

    /// Number of components of a block.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// The `[blocks]` weights.
    #[must_use]
    pub const fn weights(&self) -> &'a [f64] {
        self.weights
    }

    /// The `[blocks][dim]` vector at one rotation.
    ///
    /// # Panics
    /// If `rotation` is out of range.
    #[must_use]
    pub fn row(&self, rotation: usize) -> &'a [f64] {
        let width = self.blocks * self.dim;
        &self.residuals[rotation * width..(rotation + 1) * width]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &'a [f64]> + use<'a> {
        self.residuals.chunks_exact(self.blocks * self.dim)
    }

    /// Consecutive sets of `size` rotations; what is left over is not in any.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn sets(&self, size: usize) -> impl ExactSizeIterator<Item = Self> + use<'a> {
        let whole = *self;
        let sets = whole
            .residuals
            .chunks_exact(size * whole.blocks * whole.dim);
        sets.map(move |residuals| Self {
            rotations: size,
            residuals,
            ..whole
        })
    }

    /// `sum_b w_b a_b . b_b` for two `[blocks][dim]` vectors.
    #[must_use]
    pub fn dot(&self, a: &[f64], b: &[f64]) -> f64 {
        match self.dim {
            // The usual one: a sum for each component, so that the three do not wait for each other.
            3 => {
                let (a, b) = (a.as_chunks::<3>().0, b.as_chunks::<3>().0);
                let mut sums = [0.0; 3];
                for ((a, b), weight) in a.iter().zip(b).zip(self.weights) {
                    for axis in 0..3 {
                        sums[axis] += weight * (a[axis] * b[axis]);
                    }
                }
                sums[0] + sums[1] + sums[2]
            }
            dim => {
                let blocks = a.chunks_exact(dim).zip(b.chunks_exact(dim));
                let product =
                    |(a, b): (&[f64], &[f64])| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
                let blocks = blocks.zip(self.weights);
                blocks.map(|(pair, weight)| weight * product(pair)).sum()
            }
        }
    }

    /// `sum_b w_b l(|r_b|)` for one `[blocks][dim]` vector.
    #[must_use]
    pub fn loss(&self, loss: Loss, row: &[f64]) -> f64 {
        let squared = |block: &[f64]| block.iter().map(|x| x * x).sum::<f64>();
        let blocks = row.chunks_exact(self.dim).zip(self.weights);
        blocks
            .map(|(block, weight)| weight * loss.value(squared(block)))
            .sum()
    }
}
