//! Rotations of density proportional to `exp(tr(A^T R))`: the matrix Fisher law.

use std::f64::consts::TAU;

use nalgebra::{Matrix3, Matrix4, SymmetricEigen};

use crate::geometry::of_quaternions;

/// Step of the trapezoidal rule in the logarithm of `x / (1 - x)`: its error is below `1e-14`.
const STEP: f64 = 0.3;

/// Where the rule ends, in units of that logarithm beyond the scales of the integrand.
const REACH: f64 = 40.0;

/// The law's normaliser over uniform rotations, and its mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatrixFisher {
    /// `ln E exp(tr(A^T R))`, R uniform.
    pub(crate) log_normaliser: f64,
    /// `E R` under the law.
    pub(crate) mean: Matrix3<f64>,
}

impl MatrixFisher {
    /// The law of a matrix A of any rank and sign of its determinant.
    ///
    /// `tr(A^T R)` is a quadratic form in the unit quaternion of R. With its eigenvalues `l1 >= .. >= l4`
    /// and x the share of the first and the last axis in the quaternion, which is uniform on 0 to 1, the
    /// angles within both pairs of axes are integrated by Bessel functions:
    ///
    /// `Z = int_0^1 exp(x (l1 + l4) / 2 + (1 - x) (l2 + l3) / 2) I0(x (l1 - l4) / 2) I0((1 - x) (l2 - l3) / 2) dx`.
    pub(crate) fn of(a: &Matrix3<f64>) -> Self {
        let eigen = SymmetricEigen::new(of_quaternions(&a.transpose()));
        let mut order = [0, 1, 2, 3];
        order.sort_by(|&i, &j| eigen.eigenvalues[j].total_cmp(&eigen.eigenvalues[i]));
        let [l1, l2, l3, l4] = order.map(|axis| eigen.eigenvalues[axis]);
        let (outer, inner, gap) = ((l1 - l4) / 2.0, (l2 - l3) / 2.0, l1 - l2);
        let first = -REACH - (1.0 + outer).ln();
        let nodes = (REACH + (1.0 + inner + gap).ln() - first) / STEP;
        let (mut sum, mut moments) = (0.0, [0.0; 4]);
        for node in 0..=nodes.ceil() as usize {
            let place = first + node as f64 * STEP;
            // Both shares to full precision.
            let (share, rest) = (1.0 / (1.0 + (-place).exp()), 1.0 / (1.0 + place.exp()));
            let (of_outer, ratio_outer) = bessel(share * outer);
            let (of_inner, ratio_inner) = bessel(rest * inner);
            // Divided by exp(l1); the last two factors are the width of the step.
            let weight = (-rest * gap).exp() * of_outer * of_inner * share * rest;
            sum += weight;
            let parts = [
                share * (1.0 + ratio_outer),
                rest * (1.0 + ratio_inner),
                rest * (1.0 - ratio_inner),
                share * (1.0 - ratio_outer),
            ];
            for (moment, part) in moments.iter_mut().zip(parts) {
                *moment += weight * part / 2.0;
            }
        }
        let axes = order.iter().zip(moments);
        let second = axes.fold(Matrix4::zeros(), |second, (&axis, moment)| {
            let vector = eigen.eigenvectors.column(axis);
            second + vector * vector.transpose() * (moment / sum)
        });
        Self {
            log_normaliser: l1 + (STEP * sum).ln(),
            mean: rotation(&second),
        }
    }
}

/// The mean rotation of unit quaternions with the second moments `E q q^T`, real part first.
fn rotation(q: &Matrix4<f64>) -> Matrix3<f64> {
    let (w, x, y, z) = (0, 1, 2, 3);
    let square = |axis| q[(axis, axis)];
    Matrix3::new(
        square(w) + square(x) - square(y) - square(z),
        2.0 * (q[(x, y)] - q[(w, z)]),
        2.0 * (q[(x, z)] + q[(w, y)]),
        2.0 * (q[(x, y)] + q[(w, z)]),
        square(w) - square(x) + square(y) - square(z),
        2.0 * (q[(y, z)] - q[(w, x)]),
        2.0 * (q[(x, z)] - q[(w, y)]),
        2.0 * (q[(y, z)] + q[(w, x)]),
        square(w) - square(x) - square(y) + square(z),
    )
}

/// `exp(-x) I0(x)` and `I1(x) / I0(x)` for `x >= 0`: the power series, whose terms are all positive, and
/// beyond 20 the asymptotic series, whose least term is `exp(-2 x)`.
fn bessel(x: f64) -> (f64, f64) {
    let (mut zeroth, mut first) = (1.0, 1.0);
    if x < 20.0 {
        let mut term = 1.0;
        for k in 1.. {
            let k = f64::from(k);
            term *= x * x / (4.0 * k * k);
            zeroth += term;
            first += term / (k + 1.0);
            if term < f64::EPSILON * zeroth / 8.0 {
                break;
            }
        }
        return ((-x).exp() * zeroth, x / 2.0 * first / zeroth);
    }
    let mut terms = [1.0_f64; 2];
    for k in 1..=20 {
        let odd = f64::from(2 * k - 1).powi(2);
        let divisor = 8.0 * f64::from(k) * x;
        terms[0] *= odd / divisor;
        terms[1] *= (odd - 4.0) / divisor;
        zeroth += terms[0];
        first += terms[1];
    }
    (zeroth / (TAU * x).sqrt(), first / zeroth)
}

#[cfg(test)]
mod tests {
    use nalgebra::Vector3;
    use twirl_core::{Law, Purpose, Stream};

    use super::*;

    fn uniform(count: u64) -> impl Iterator<Item = Matrix3<f64>> {
        let mut stream = Stream::new(5, Purpose::Other(7), [0, 0]);
        (0..count).map(move |_| {
            let turn = Law::Haar.draw(&mut stream);
            let columns = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
            Matrix3::from_columns(&columns.map(|axis| Vector3::from(turn.apply(axis))))
        })
    }

    fn close(found: f64, expected: f64, within: f64, what: &str) {
        let error = (found - expected).abs();
        assert!(error <= within, "{what}: {found} and {expected}");
    }

    #[test]
    fn bessel_functions_are_those_of_the_tables() {
        // Abramowitz and Stegun, table 9.8, and both series where they meet.
        for (x, zeroth, ratio) in [
            (0.0, 1.0, 0.0),
            (1.0, 0.465_759_607_6, 0.207_910_415_3 / 0.465_759_607_6),
            (10.0, 0.127_833_337_2, 0.121_262_681_4 / 0.127_833_337_2),
        ] {
            close(bessel(x).0, zeroth, 1e-10, "I0");
            close(bessel(x).1, ratio, 1e-9, "I1 / I0");
        }
        let (below, above) = (bessel(20.0 - 1e-12), bessel(20.0 + 1e-12));
        close(below.0 / above.0, 1.0, 1e-11, "I0 at 20");
        close(below.1 / above.1, 1.0, 1e-11, "I1 / I0 at 20");
    }

    /// Against the mean over 100,000 uniform rotations, both signs of the determinant, and rank one.
    #[test]
    fn normaliser_and_mean_are_those_of_uniform_rotations() {
        let turned = uniform(1).next().expect("one");
        for diagonal in [
            [1.3, 0.8, 0.4],
            [1.3, 0.8, -0.7],
            [2.0, 0.0, 0.0],
            [-1.0, -1.0, -1.0],
        ] {
            let a = turned * Matrix3::from_diagonal(&diagonal.into());
            let law = MatrixFisher::of(&a);
            let (mut sum, mut mean, count) = (0.0, Matrix3::zeros(), 100_000);
            for r in uniform(count) {
                let weight = (a.transpose() * r).trace().exp();
                sum += weight;
                mean += r * weight;
            }
            close(law.log_normaliser, (sum / count as f64).ln(), 0.03, "ln Z");
            let away = (law.mean - mean / sum).abs().max();
            assert!(away < 0.02, "{diagonal:?}: mean differs by {away}");
        }
    }

    #[test]
    fn small_and_large_matrices_have_their_closed_forms() {
        let turn = uniform(2).last().expect("two");
        let law = |size: f64| MatrixFisher::of(&(turn * size));
        // E R = A / 3 and ln Z = |A|^2 / 6 to first order.
        close(law(1e-4).log_normaliser, 3e-8 / 6.0, 1e-12, "ln Z");
        let away = (law(1e-4).mean - turn * (1e-4 / 3.0)).abs().max();
        assert!(away < 1e-8, "{away}");
        // A = s R0: the angle w has the density (1 - cos w) exp(s (1 + 2 cos w)) / pi, so that
        // Z = exp(s) (I0(2 s) - I1(2 s)).
        for size in [0.3, 4.0, 50.0, 3e3, 2e6] {
            let (zeroth, ratio) = bessel(2.0 * size);
            // I0 - I1 without cancellation, from its asymptotic series.
            let left = if size > 1e3 {
                (0.5 + 1.0 / (16.0 * size)) / (2.0 * size) * zeroth
            } else {
                zeroth * (1.0 - ratio)
            };
            let found = law(size);
            let expected = 3.0 * size + left.ln();
            close(found.log_normaliser, expected, 1e-9 * (1.0 + size), "ln Z");
            // The mean is turn times the derivative of ln Z over three.
            let step = 1e-3 * size;
            let slope =
                (law(size + step).log_normaliser - law(size - step).log_normaliser) / (2.0 * step);
            let away = (found.mean - turn * (slope / 3.0)).abs().max();
            assert!(away < 1e-4, "{size}: {away}");
        }
        // Concentrated: 1 - E cos w has the leading term of a normal law of variance 1 / (2 s) an axis.
        let spread = 1.0 - (turn.transpose() * law(1e6).mean).trace() / 3.0;
        close(spread * 1e6, 0.5, 1e-3, "spread");
    }
}
