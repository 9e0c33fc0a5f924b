//! Lanczos' method with full reorthogonalisation.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::LandscapeError;
use crate::vector::{add, dot, norm, scale};

/// Largest residual, as a share of the largest eigenvalue, of a Ritz value that counts as an
/// eigenvalue.
pub const CONVERGED: f64 = 1e-2;

/// An eigenvalue of the projection onto a Krylov space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ritz {
    /// The value. There is an eigenvalue within `residual` of it.
    pub value: f64,
    /// Share of the start vector's squared length along its Ritz vector: the weight of Gauss
    /// quadrature.
    pub weight: f64,
    /// `|H x - value x|` for the unit Ritz vector `x`.
    pub residual: f64,
}

/// Ritz values of a symmetric operator after at most `steps` products, from the largest down.
///
/// Every new vector is made orthogonal to all before it, twice, so that no eigenvalue appears in
/// ghost copies. Fewer values are returned if the Krylov space is exhausted, and then they are
/// eigenvalues to rounding. An eigenvalue of any multiplicity appears once.
///
/// # Errors
/// [`LandscapeError::Zero`] for a start of length zero, and those of the operator.
pub fn lanczos(
    mut apply: impl FnMut(&[f64]) -> Result<Vec<f64>, LandscapeError>,
    start: &[f64],
    steps: usize,
) -> Result<Vec<Ritz>, LandscapeError> {
    let length = norm(start);
    if length == 0.0 || steps == 0 {
        return Err(LandscapeError::Zero {
            what: "the start vector or the number of steps",
        });
    }
    let mut basis: Vec<Vec<f64>> = vec![start.iter().map(|value| value / length).collect()];
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut size = 0.0_f64;
    for step in 0..steps.min(start.len()) {
        let mut next = apply(&basis[step])?;
        size = size.max(norm(&next));
        diagonal.push(dot(&next, &basis[step]));
        for _ in 0..2 {
            for vector in &basis {
                let overlap = dot(&next, vector);
                add(&mut next, -overlap, vector);
            }
        }
        let length = norm(&next);
        beside.push(length);
        // What is left of an exhausted space is rounding of the products.
        if length <= 1e-10 * size || step + 1 == steps.min(start.len()) {
            break;
        }
        scale(&mut next, 1.0 / length);
        basis.push(next);
    }
    Ok(ritz(&diagonal, &beside))
}

fn ritz(diagonal: &[f64], beside: &[f64]) -> Vec<Ritz> {
    let count = diagonal.len();
    let tridiagonal = DMatrix::from_fn(count, count, |row, column| match row.abs_diff(column) {
        0 => diagonal[row],
        1 => beside[row.min(column)],
        _ => 0.0,
    });
    let eigen = SymmetricEigen::new(tridiagonal);
    let mut values: Vec<Ritz> = (0..count)
        .map(|index| {
            let vector = eigen.eigenvectors.column(index);
            Ritz {
                value: eigen.eigenvalues[index],
                weight: vector[0] * vector[0],
                residual: beside[count - 1] * vector[count - 1].abs(),
            }
        })
        .collect();
    values.sort_by(|a, b| b.value.total_cmp(&a.value));
    values
}
