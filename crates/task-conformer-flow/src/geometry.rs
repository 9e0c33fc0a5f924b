//! Superposition of point sets by proper rotations.

use nalgebra::{Matrix3, Matrix4, SymmetricEigen, Vector3};

/// The points less their mean.
pub fn centred(points: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let count = points.len() as f64;
    let mean: [f64; 3] =
        std::array::from_fn(|axis| points.iter().map(|point| point[axis]).sum::<f64>() / count);
    points
        .iter()
        .map(|point| std::array::from_fn(|axis| point[axis] - mean[axis]))
        .collect()
}

/// `sum_i a_i b_i^T`.
pub(crate) fn outer(a: &[[f64; 3]], b: &[[f64; 3]]) -> Matrix3<f64> {
    a.iter().zip(b).fold(Matrix3::zeros(), |sum, (a, b)| {
        sum + Vector3::from(*a) * Vector3::from(*b).transpose()
    })
}

/// Turns centred `points` by the proper rotation that brings them closest to centred `onto` (Kabsch,
/// 10.1107/S0567739476001873). Mirror images are never used.
pub fn aligned(points: &[[f64; 3]], onto: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let rotation = aligning(points, onto);
    points
        .iter()
        .map(|point| (rotation * Vector3::from(*point)).into())
        .collect()
}

/// The rotation of [`aligned`].
pub(crate) fn aligning(points: &[[f64; 3]], onto: &[[f64; 3]]) -> Matrix3<f64> {
    let svd = outer(points, onto).svd(true, true);
    let (Some(u), Some(v_t)) = (svd.u, svd.v_t) else {
        unreachable!("both factors were asked for");
    };
    let mut flip = Matrix3::identity();
    let smallest = svd.singular_values.imin();
    flip[(smallest, smallest)] = (u * v_t).determinant().signum();
    v_t.transpose() * flip * u.transpose()
}

/// Least root mean square distance of two centred point sets over proper rotations.
///
/// The largest eigenvalue of Horn's quaternion matrix (10.1364/JOSAA.4.000629) gives it without
/// the rotation.
pub fn rmsd(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    let sizes: f64 = a.iter().chain(b).flatten().map(|value| value * value).sum();
    from_outer(&outer(a, b), sizes, a.len())
}

fn from_outer(s: &Matrix3<f64>, sizes: f64, count: usize) -> f64 {
    let largest = SymmetricEigen::new(of_quaternions(s)).eigenvalues.max();
    // Rounding can make the distance of equal sets negative.
    ((sizes - 2.0 * largest).max(0.0) / count as f64).sqrt()
}

/// The matrix B with `q^T B q = tr(s R)` for the rotation R of a unit quaternion q, its real part first.
pub(crate) fn of_quaternions(s: &Matrix3<f64>) -> Matrix4<f64> {
    let (xx, xy, xz) = (s[(0, 0)], s[(0, 1)], s[(0, 2)]);
    let (yx, yy, yz) = (s[(1, 0)], s[(1, 1)], s[(1, 2)]);
    let (zx, zy, zz) = (s[(2, 0)], s[(2, 1)], s[(2, 2)]);
    Matrix4::new(
        xx + yy + zz,
        yz - zy,
        zx - xz,
        xy - yx, //
        yz - zy,
        xx - yy - zz,
        xy + yx,
        zx + xz, //
        zx - xz,
        xy + yx,
        yy - xx - zz,
        yz + zy, //
        xy - yx,
        zx + xz,
        yz + zy,
        zz - xx - yy,
    )
}

/// Least [`rmsd`] over ways of pairing the atoms: `pairings[k][i]` is the atom of `b` that meets
/// atom i of `a`. Both sets are centred.
pub fn symmetric_rmsd(a: &[[f64; 3]], b: &[[f64; 3]], pairings: &[Vec<usize>]) -> f64 {
    let sizes: f64 = a.iter().chain(b).flatten().map(|value| value * value).sum();
    pairings
        .iter()
        .map(|pairing| {
            let sum = a
                .iter()
                .zip(pairing)
                .fold(Matrix3::zeros(), |sum, (point, &other)| {
                    sum + Vector3::from(*point) * Vector3::from(b[other]).transpose()
                });
            from_outer(&sum, sizes, a.len())
        })
        .fold(f64::INFINITY, f64::min)
}
