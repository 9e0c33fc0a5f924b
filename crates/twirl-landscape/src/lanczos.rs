//! Lanczos' method with full reorthogonalisation.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::LandscapeError;
use crate::vector::{add, dot, norm, scale};

/// Largest residual, as a share of the value itself, of a Ritz value that counts as an eigenvalue.
pub const CONVERGED: f64 = 1e-2;

/// Error of products as a share of the largest eigenvalue: what central differences reach. No
/// residual is known better.
const RESOLVED: f64 = 1e-8;

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

impl Ritz {
    /// Whether an eigenvalue is known to lie within the share [`CONVERGED`] of the value:
    /// `residual <= CONVERGED |value|`, with no residual below 1e-8 of `largest`, the largest
    /// size of an eigenvalue, which is what products resolve.
    ///
    /// The share is one of the value: 1 % of the largest eigenvalue would say nothing of values of
    /// 1 % of it. That the eigenvalue is simple, or that no other lies as near, no residual tells.
    pub fn settled(&self, largest: f64) -> bool {
        self.residual.max(RESOLVED * largest) <= CONVERGED * self.value.abs()
    }
}

/// The largest size of a Ritz value.
pub(crate) fn largest(ritz: &[Ritz]) -> f64 {
    ritz.iter().map(|ritz| ritz.value.abs()).fold(0.0, f64::max)
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
    apply: impl FnMut(&[f64]) -> Result<Vec<f64>, LandscapeError>,
    start: &[f64],
    steps: usize,
) -> Result<Vec<Ritz>, LandscapeError> {
    Ok(Krylov::new(apply, start, steps.min(start.len()), &[], 0.0)?.ritz)
}

/// A Krylov space and what the operator does on it.
pub(crate) struct Krylov {
    /// Ritz values, from the largest down.
    pub(crate) ritz: Vec<Ritz>,
    /// Largest length of a product with a unit vector.
    pub(crate) size: f64,
    basis: Vec<Vec<f64>>,
    /// Components of the Ritz vectors along the basis.
    vectors: Vec<Vec<f64>>,
    /// The operator on the basis: a tridiagonal matrix.
    diagonal: Vec<f64>,
    beside: Vec<f64>,
}

impl Krylov {
    /// That of `P H P`, where `P` projects onto the vectors orthogonal to the orthonormal
    /// `outside`, from `P start`, after at most as many steps as the range of `P` has dimensions.
    /// `size` is known of `H` beforehand, or zero.
    pub(crate) fn new(
        mut apply: impl FnMut(&[f64]) -> Result<Vec<f64>, LandscapeError>,
        start: &[f64],
        steps: usize,
        outside: &[Vec<f64>],
        mut size: f64,
    ) -> Result<Self, LandscapeError> {
        let mut first = start.to_vec();
        project(&mut first, outside, &[]);
        let length = norm(&first);
        if length == 0.0 || steps == 0 {
            return Err(LandscapeError::Zero {
                what: "the start vector or the number of steps",
            });
        }
        scale(&mut first, 1.0 / length);
        let mut basis = vec![first];
        let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
        for step in 0..steps {
            let mut next = apply(&basis[step])?;
            size = size.max(norm(&next));
            diagonal.push(dot(&next, &basis[step]));
            project(&mut next, outside, &basis);
            let length = norm(&next);
            beside.push(length);
            // What is left of an exhausted space is rounding of the products.
            if length <= 1e-10 * size || step + 1 == steps {
                break;
            }
            scale(&mut next, 1.0 / length);
            basis.push(next);
        }
        let (ritz, vectors) = decompose(&diagonal, &beside);
        Ok(Self {
            ritz,
            size,
            basis,
            vectors,
            diagonal,
            beside,
        })
    }

    /// Ritz values as they were after fewer steps, from the largest down.
    pub(crate) fn after(&self, steps: usize) -> Vec<Ritz> {
        let count = steps.min(self.diagonal.len());
        decompose(&self.diagonal[..count], &self.beside[..count]).0
    }

    /// The unit Ritz vector of a Ritz value.
    pub(crate) fn vector(&self, index: usize) -> Vec<f64> {
        let mut vector = vec![0.0; self.basis[0].len()];
        for (component, basis) in self.vectors[index].iter().zip(&self.basis) {
            add(&mut vector, *component, basis);
        }
        vector
    }
}

/// Makes a vector orthogonal to orthonormal ones. Twice is enough.
pub(crate) fn project(vector: &mut [f64], outside: &[Vec<f64>], basis: &[Vec<f64>]) {
    for _ in 0..2 {
        for other in outside.iter().chain(basis) {
            let overlap = dot(vector, other);
            add(vector, -overlap, other);
        }
    }
}

/// Eigenvalues, from the largest down, and eigenvectors of a tridiagonal matrix.
fn decompose(diagonal: &[f64], beside: &[f64]) -> (Vec<Ritz>, Vec<Vec<f64>>) {
    let count = diagonal.len();
    let tridiagonal = DMatrix::from_fn(count, count, |row, column| match row.abs_diff(column) {
        0 => diagonal[row],
        1 => beside[row.min(column)],
        _ => 0.0,
    });
    let eigen = SymmetricEigen::new(tridiagonal);
    let mut pairs: Vec<(Ritz, Vec<f64>)> = (0..count)
        .map(|index| {
            let vector = eigen.eigenvectors.column(index);
            let ritz = Ritz {
                value: eigen.eigenvalues[index],
                weight: vector[0] * vector[0],
                residual: beside[count - 1] * vector[count - 1].abs(),
            };
            (ritz, vector.iter().copied().collect())
        })
        .collect();
    pairs.sort_by(|(a, _), (b, _)| b.value.total_cmp(&a.value));
    pairs.into_iter().unzip()
}
