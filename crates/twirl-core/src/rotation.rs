//! Orthogonal 3x3 matrices: rotations, and rotations times the inversion.

use nalgebra::{Matrix3, Quaternion, UnitQuaternion, Vector3};

use crate::error::CoreError;
use crate::tolerance;

/// An element of O(3), stored as an orthogonal matrix in f64.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rotation(Matrix3<f64>);

impl Rotation {
    /// The rotation that changes nothing.
    #[must_use]
    pub fn identity() -> Self {
        Self(Matrix3::identity())
    }

    /// The inversion `x -> -x`, of determinant -1.
    #[must_use]
    pub fn inversion() -> Self {
        Self(Matrix3::from_diagonal_element(-1.0))
    }

    /// A rotation from its matrix rows, checked to be orthogonal.
    ///
    /// # Errors
    /// [`CoreError::NotOrthogonal`] if `R R^T` differs from 1 by more than f64 rounding allows.
    pub fn from_matrix(rows: [[f64; 3]; 3]) -> Result<Self, CoreError> {
        let matrix = Matrix3::from_fn(|row, column| rows[row][column]);
        let error = (matrix * matrix.transpose() - Matrix3::identity())
            .abs()
            .max();
        if error <= tolerance::F64.agreement {
            Ok(Self(matrix))
        } else {
            Err(CoreError::NotOrthogonal { error })
        }
    }

    /// The rotation of a quaternion `[w, x, y, z]` of any length but zero; `q` and `-q` agree.
    pub(crate) fn from_quaternion(q: [f64; 4]) -> Self {
        let unit = UnitQuaternion::from_quaternion(Quaternion::new(q[0], q[1], q[2], q[3]));
        Self(unit.to_rotation_matrix().into_inner())
    }

    /// Rotation by `angle` radians about `axis`, which need not have unit length.
    ///
    /// A zero axis gives the identity.
    #[must_use]
    pub fn about(axis: [f64; 3], angle: f64) -> Self {
        let length = Vector3::from(axis).norm();
        if length == 0.0 {
            return Self::identity();
        }
        let (sine, cosine) = (0.5 * angle).sin_cos();
        let [x, y, z] = axis.map(|entry| sine * entry / length);
        Self::from_quaternion([cosine, x, y, z])
    }

    pub(crate) fn from_entries(matrix: Matrix3<f64>) -> Self {
        Self(matrix)
    }

    /// Matrix rows: `matrix()[i][j]` is the entry of row `i` and column `j`.
    #[must_use]
    pub fn matrix(&self) -> [[f64; 3]; 3] {
        let m = &self.0;
        [0, 1, 2].map(|row| [m[(row, 0)], m[(row, 1)], m[(row, 2)]])
    }

    /// The inverse, which is the transpose.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self(self.0.transpose())
    }

    /// `self` after `first`: `x -> self (first x)`. The same as `*self * *first`.
    #[must_use]
    pub fn compose(&self, first: &Self) -> Self {
        Self(self.0 * first.0)
    }

    /// The matrix times a column vector.
    #[must_use]
    pub fn apply(&self, vector: [f64; 3]) -> [f64; 3] {
        (self.0 * Vector3::from(vector)).into()
    }

    /// Determinant: 1 for a rotation, -1 for a rotation times the inversion.
    #[must_use]
    pub fn determinant(&self) -> f64 {
        self.0.determinant()
    }

    /// Whether the determinant is positive.
    #[must_use]
    pub fn is_proper(&self) -> bool {
        self.determinant() > 0.0
    }

    /// Trace of the matrix.
    #[must_use]
    pub fn trace(&self) -> f64 {
        self.0.trace()
    }

    /// Largest difference between two entries of the matrices: 0 for equal rotations, at most 2.
    #[must_use]
    pub fn distance(&self, other: &Self) -> f64 {
        (self.0 - other.0).amax()
    }

    /// Cosine of the angle of `self^-1 other`, both proper: half of its trace less 1.
    pub(crate) fn cosine_to(&self, other: &Self) -> f64 {
        0.5 * (self.0.dot(&other.0) - 1.0)
    }

    /// Angle in `[0, pi]` of the rotation, or of its proper part `-R` where the determinant is -1.
    ///
    /// Taken from the sine and the cosine together, so that it is accurate near 0 and near pi.
    #[must_use]
    pub fn angle(&self) -> f64 {
        let m = if self.is_proper() { self.0 } else { -self.0 };
        let twice_sine_axis = Vector3::new(
            m[(2, 1)] - m[(1, 2)],
            m[(0, 2)] - m[(2, 0)],
            m[(1, 0)] - m[(0, 1)],
        );
        twice_sine_axis.norm().atan2(m.trace() - 1.0)
    }
}

impl std::ops::Mul for Rotation {
    type Output = Self;

    fn mul(self, first: Self) -> Self {
        self.compose(&first)
    }
}

impl std::ops::Neg for Rotation {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}
