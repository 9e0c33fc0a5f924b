//! Gauss-Newton kernels over rotations, and their twirled and remaining parts.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::LandscapeError;

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
        for (i, row) in rows.iter().enumerate() {
            for (j, other) in rows.iter().enumerate().take(i + 1) {
                let value = crate::dot(row, other);
                gram[(i, j)] = value;
                gram[(j, i)] = value;
            }
        }
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
        eigenvalues(self.gram.clone())
    }

    /// The `outputs` eigenvalues of `P K P` that can differ from zero, from the largest down.
    pub fn twirled(&self) -> Vec<f64> {
        let count = self.rotations as f64;
        let mut mean = DMatrix::zeros(self.outputs, self.outputs);
        for (row, column) in self.pairs() {
            mean[(row % self.outputs, column % self.outputs)] += self.gram[(row, column)] / count;
        }
        eigenvalues(mean)
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
        let mut values = eigenvalues(centred);
        values.truncate(size - self.outputs);
        values
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let size = self.rotations * self.outputs;
        (0..size).flat_map(move |row| (0..size).map(move |column| (row, column)))
    }
}

fn eigenvalues(matrix: DMatrix<f64>) -> Vec<f64> {
    let mut values: Vec<f64> = SymmetricEigen::new(matrix)
        .eigenvalues
        .iter()
        .copied()
        .collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}
