//! Gauss-Newton kernels over rotations, and their twirled and remaining parts.

use nalgebra::DMatrix;

use crate::lanczos::project;
use crate::vector::{norm, scale};
use crate::{LandscapeError, random_direction};

/// Columns of `J` that are copied at once to be multiplied.
const COLUMNS: usize = 2048;

/// `K = J J^T`, where `J` has one row per rotation and output, `[rotations][outputs]`.
///
/// The twirl averages untwisted outputs over rotations, `P = 1/M 1 1^T` on the rotation index, so
/// for the squared loss the Gauss-Newton matrices of `L_mean` and `L_equiv` have the non-zero
/// eigenvalues of `P K P` and `(I - P) K (I - P)`. Over a finite group enumerated in full this is
/// exact for that group.
#[derive(Debug, Clone)]
pub struct Kernel {
    rotations: usize,
    outputs: usize,
    gram: DMatrix<f64>,
}

impl Kernel {
    /// From the rows of `J`.
    ///
    /// # Errors
    /// [`LandscapeError::Length`] if the rows are not `rotations * outputs` of one length,
    /// [`LandscapeError::NotFinite`].
    pub fn of(rows: &[Vec<f64>], rotations: usize, outputs: usize) -> Result<Self, LandscapeError> {
        if rows.len() != rotations * outputs || rows.is_empty() {
            return Err(LandscapeError::Length {
                what: "the list of rows",
                found: rows.len(),
                expected: rotations * outputs,
            });
        }
        if let Some(row) = rows.iter().find(|row| row.len() != rows[0].len()) {
            return Err(LandscapeError::Length {
                what: "a row",
                found: row.len(),
                expected: rows[0].len(),
            });
        }
        let mut gram = DMatrix::zeros(rows.len(), rows.len());
        for first in (0..rows[0].len()).step_by(COLUMNS) {
            let count = COLUMNS.min(rows[0].len() - first);
            let columns = DMatrix::from_fn(rows.len(), count, |i, j| rows[i][first + j]);
            gram.gemm(1.0, &columns, &columns.transpose(), 1.0);
        }
        // Symmetric to the last bit.
        let gram = (&gram + gram.transpose()) / 2.0;
        if gram.iter().any(|value| !value.is_finite()) {
            return Err(LandscapeError::NotFinite { what: "a kernel" });
        }
        Ok(Self {
            rotations,
            outputs,
            gram,
        })
    }

    /// Eigenvalues of `K`, from the largest down.
    pub fn spectrum(&self) -> Vec<f64> {
        eigenvalues(&self.gram)
    }

    /// The `outputs` eigenvalues of `P K P` that can differ from zero, from the largest down.
    pub fn twirled(&self) -> Vec<f64> {
        let count = self.rotations as f64;
        let mut mean = DMatrix::zeros(self.outputs, self.outputs);
        for (row, column) in self.pairs() {
            mean[(row % self.outputs, column % self.outputs)] += self.gram[(row, column)] / count;
        }
        eigenvalues(&mean)
    }

    /// The remaining part at the rank of the twirled one: for each of `rotations - 1` orthonormal
    /// vectors `c` over the rotations, all orthogonal to the constant one and otherwise random (a
    /// function of `seed`), the `outputs` eigenvalues of `(c x I)^T K (c x I)`, from the largest down.
    ///
    /// The twirled part is the same with `c = 1 / sqrt(M)`. So where rotations are nothing special,
    /// rows of `J` that are normal, alike and independent between rotations, both have the same law: a
    /// model without any symmetry has equal spectra here, whatever the spectrum of its weights. Its
    /// spectra over `outputs` and over `(rotations - 1) * outputs` dimensions differ by orders of
    /// magnitude, and so do quantiles of them. Traces add up to that of [`Kernel::remaining`].
    pub fn remaining_at_rank_of_twirled(&self, seed: u64) -> Vec<Vec<f64>> {
        let count = self.rotations;
        let mut basis = vec![vec![1.0 / (count as f64).sqrt(); count]];
        for which in 1..count as u64 {
            let mut other = random_direction(count, seed, which);
            project(&mut other, &[], &basis);
            let length = norm(&other);
            scale(&mut other, 1.0 / length);
            basis.push(other);
        }
        let compressed = |contrast: &Vec<f64>| {
            let mut sum = DMatrix::zeros(self.outputs, self.outputs);
            for (row, column) in self.pairs() {
                let factor = contrast[row / self.outputs] * contrast[column / self.outputs];
                sum[(row % self.outputs, column % self.outputs)] +=
                    factor * self.gram[(row, column)];
            }
            eigenvalues(&sum)
        };
        basis[1..].iter().map(compressed).collect()
    }

    /// The `(rotations - 1) * outputs` eigenvalues of `(I - P) K (I - P)` that can differ from
    /// zero, from the largest down.
    pub fn remaining(&self) -> Vec<f64> {
        let count = self.rotations as f64;
        let size = self.rotations * self.outputs;
        // Rows, then columns, centred over rotations.
        let mut centred = self.gram.clone();
        for _ in 0..2 {
            for column in 0..size {
                for output in 0..self.outputs {
                    let own = (0..self.rotations).map(|turn| turn * self.outputs + output);
                    let mean = own.clone().map(|row| centred[(row, column)]).sum::<f64>() / count;
                    own.for_each(|row| centred[(row, column)] -= mean);
                }
            }
            centred.transpose_mut();
        }
        let mut values = eigenvalues(&centred);
        values.truncate(size - self.outputs);
        values
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let size = self.rotations * self.outputs;
        (0..size).flat_map(move |row| (0..size).map(move |column| (row, column)))
    }
}

/// From the largest down.
fn eigenvalues(matrix: &DMatrix<f64>) -> Vec<f64> {
    let mut values: Vec<f64> = matrix.symmetric_eigenvalues().iter().copied().collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}
