//! Dense symmetric matrices whose eigenvalues are chosen.

use nalgebra::{DMatrix, DVector};
use twirl_landscape::{LandscapeError, Quadratic, dot, random_direction};

/// `Q diag(values) Q^T` with `Q` uniform over the orthogonal matrices, a function of `seed`: no
/// eigenvector lies near a coordinate axis, where a vector of signs would have its exact share.
pub(crate) fn with_spectrum(values: &[f64], seed: u64) -> Quadratic {
    let n = values.len();
    let columns: Vec<DVector<f64>> = (0..n as u64)
        .map(|which| DVector::from_vec(random_direction(n, seed, 1000 + which)))
        .collect();
    let rotation = DMatrix::from_columns(&columns).qr().q();
    let stretched = &rotation * DMatrix::from_diagonal(&DVector::from_column_slice(values));
    let matrix = stretched * rotation.transpose();
    Quadratic {
        // Symmetric to the last bit.
        matrix: ((&matrix + matrix.transpose()) / 2.0).as_slice().to_vec(),
        slope: random_direction(n, seed, 200),
    }
}

/// The matrix of a quadratic times a vector.
#[allow(clippy::unnecessary_wraps)] // What operators return.
pub(crate) fn product(quadratic: &Quadratic, v: &[f64]) -> Result<Vec<f64>, LandscapeError> {
    let rows = quadratic.matrix.chunks_exact(v.len());
    Ok(rows.map(|row| dot(row, v)).collect())
}
