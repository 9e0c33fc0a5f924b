//! Spherical harmonics, Clebsch-Gordan tensors and Wigner matrices of degree 0 to 2, on the host.
//!
//! All follow from closed forms in Cartesian bases. Degree 1 is the vector (x, y, z). Degree 2 is
//! the space of symmetric traceless 3x3 matrices with an orthonormal basis `Q_a`,
//! `tr(Q_a Q_b) = delta_ab`; a matrix `M` has components `m_a = tr(Q_a M)`. All three
//! representations are then orthogonal.

use twirl_core::Rotation;

type Matrix = [[f64; 3]; 3];

/// Degrees `(in, edge, out)` of the 15 couplings with every degree at most 2.
///
/// Those whose degrees add up to an even number keep parity: a feature of degree l then changes by
/// `(-1)^l` under inversion.
pub const PATHS: [[usize; 3]; 15] = [
    [0, 0, 0],
    [0, 1, 1],
    [0, 2, 2],
    [1, 0, 1],
    [1, 1, 0],
    [1, 1, 1],
    [1, 1, 2],
    [1, 2, 1],
    [1, 2, 2],
    [2, 0, 2],
    [2, 1, 1],
    [2, 1, 2],
    [2, 2, 0],
    [2, 2, 1],
    [2, 2, 2],
];

/// Number of components of a degree.
#[must_use]
pub const fn components(degree: usize) -> usize {
    2 * degree + 1
}

/// The basis `Q_a` of symmetric traceless matrices: xy, yz, zx, x^2 - y^2, 2 z^2 - x^2 - y^2.
#[must_use]
pub fn quadrupoles() -> [Matrix; 5] {
    let half = 0.5_f64.sqrt();
    let sixth = (1.0 / 6.0_f64).sqrt();
    let pair = |row: usize, column: usize| {
        let mut matrix = [[0.0; 3]; 3];
        matrix[row][column] = half;
        matrix[column][row] = half;
        matrix
    };
    let diagonal = |entries: [f64; 3]| {
        let mut matrix = [[0.0; 3]; 3];
        for (axis, entry) in entries.into_iter().enumerate() {
            matrix[axis][axis] = entry;
        }
        matrix
    };
    [
        pair(0, 1),
        pair(1, 2),
        pair(2, 0),
        diagonal([half, -half, 0.0]),
        diagonal([-sixth, -sixth, 2.0 * sixth]),
    ]
}

/// Spherical harmonics of a unit vector, all components of one degree, of squared length
/// `2 degree + 1`: `1`, `sqrt(3) r`, `sqrt(15/2) tr(Q_a r r^T)`.
///
/// # Panics
/// If the degree is above 2.
#[must_use]
pub fn harmonics(degree: usize, unit: [f64; 3]) -> Vec<f64> {
    match degree {
        0 => vec![1.0],
        1 => unit.iter().map(|entry| 3.0_f64.sqrt() * entry).collect(),
        2 => {
            let outer = std::array::from_fn(|row| unit.map(|entry| unit[row] * entry));
            let scale = 7.5_f64.sqrt();
            coefficients(&outer).map(|entry| scale * entry).into()
        }
        _ => panic!("degree {degree} is above 2"),
    }
}

/// Orthogonal matrix by which components of one degree change under a rotation, row-major:
/// `1`, `R`, and `D_ab = tr(Q_a R Q_b R^T)`.
///
/// An improper rotation `-R` gives the matrix of true tensors, `(-1)^degree` times that of `R`.
///
/// # Panics
/// If the degree is above 2.
#[must_use]
pub fn wigner(degree: usize, rotation: &Rotation) -> Vec<f64> {
    let turn = rotation.matrix();
    match degree {
        0 => vec![1.0],
        1 => turn.concat(),
        2 => {
            let columns = quadrupoles().map(|matrix| {
                coefficients(&multiply(&multiply(&turn, &matrix), &transpose(&turn)))
            });
            (0..25).map(|place| columns[place % 5][place / 5]).collect()
        }
        _ => panic!("degree {degree} is above 2"),
    }
}

/// The Clebsch-Gordan tensor of a path, `[in][edge][out]` row-major.
///
/// Normalised so that `sum_{in, edge} C[in][edge][a] C[in][edge][b] = delta_ab`: independent inputs
/// of unit variance give outputs of unit variance. The bilinear maps are, with vectors u, v and
/// matrices M, N: products with a scalar, `u . v`, `u x v`, the symmetric traceless part of
/// `u v^T`, `M v`, that of `[v]_x M`, `tr(M N)`, the axial vector of `M N`, that of `M N`.
///
/// # Panics
/// If the path is none of [`PATHS`].
#[must_use]
pub fn clebsch_gordan([input, edge, output]: [usize; 3]) -> Vec<f64> {
    let mut tensor = Vec::new();
    for first in 0..components(input) {
        for second in 0..components(edge) {
            tensor.extend(couple([input, edge, output], first, second));
        }
    }
    let squares: f64 = tensor.iter().map(|entry| entry * entry).sum();
    let scale = (components(output) as f64 / squares).sqrt();
    tensor.iter().map(|entry| scale * entry).collect()
}

/// The product of two basis elements, up to a factor that depends on the path alone.
fn couple(path: [usize; 3], first: usize, second: usize) -> Vec<f64> {
    let basis = quadrupoles();
    let axis = |place: usize| std::array::from_fn(|other| f64::from(u8::from(other == place)));
    let unit = |size: usize, place: usize| {
        (0..size)
            .map(|other| f64::from(u8::from(other == place)))
            .collect()
    };
    match path {
        [0, degree, out] if degree == out => unit(components(degree), second),
        [degree, 0, out] if degree == out => unit(components(degree), first),
        [1, 1, 0] => vec![f64::from(u8::from(first == second))],
        [1, 1, 1] => cross(axis(first), axis(second)).into(),
        [1, 1, 2] => coefficients(&outer(axis(first), axis(second))).into(),
        [1, 2, 1] => apply(&basis[second], axis(first)).into(),
        [2, 1, 1] => apply(&basis[first], axis(second)).into(),
        [1, 2, 2] => coefficients(&multiply(&cross_matrix(axis(first)), &basis[second])).into(),
        [2, 1, 2] => coefficients(&multiply(&cross_matrix(axis(second)), &basis[first])).into(),
        [2, 2, 0] => vec![trace(&multiply(&basis[first], &basis[second]))],
        [2, 2, 1] => axial(&multiply(&basis[first], &basis[second])).into(),
        [2, 2, 2] => coefficients(&multiply(&basis[first], &basis[second])).into(),
        _ => panic!("{path:?} is no coupling of degrees up to 2"),
    }
}

/// `tr(Q_a M)`, which sees only the symmetric traceless part of `M`.
fn coefficients(matrix: &Matrix) -> [f64; 5] {
    quadrupoles().map(|element| trace(&multiply(&element, matrix)))
}

fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|row| {
        std::array::from_fn(|column| (0..3).map(|k| a[row][k] * b[k][column]).sum())
    })
}

fn transpose(a: &Matrix) -> Matrix {
    std::array::from_fn(|row| std::array::from_fn(|column| a[column][row]))
}

fn trace(a: &Matrix) -> f64 {
    a[0][0] + a[1][1] + a[2][2]
}

fn apply(a: &Matrix, v: [f64; 3]) -> [f64; 3] {
    a.map(|row| (0..3).map(|k| row[k] * v[k]).sum())
}

fn outer(u: [f64; 3], v: [f64; 3]) -> Matrix {
    u.map(|entry| v.map(|other| entry * other))
}

fn cross(u: [f64; 3], v: [f64; 3]) -> [f64; 3] {
    apply(&cross_matrix(u), v)
}

/// `[u]_x`, with `[u]_x v = u x v`.
fn cross_matrix([x, y, z]: [f64; 3]) -> Matrix {
    [[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]
}

/// `w_i = epsilon_ijk A_jk`.
fn axial(a: &Matrix) -> [f64; 3] {
    [a[1][2] - a[2][1], a[2][0] - a[0][2], a[0][1] - a[1][0]]
}
