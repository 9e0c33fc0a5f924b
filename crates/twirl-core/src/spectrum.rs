//! The error by rotation degree.

use crate::split::{check, finite};
use crate::{CoreError, Design, Rotation, Samples, Symmetry};

/// Character `chi_l(w) = sin((2l+1) w/2) / sin(w/2)` of degree `l` at angle `w`.
///
/// Summed as `1 + 2 sum_{k=1}^{l} cos(k w)`, which has no 0/0 at `w = 0`.
#[must_use]
pub fn character(degree: usize, angle: f64) -> f64 {
    1.0 + 2.0 * (1..=degree).map(|k| (k as f64 * angle).cos()).sum::<f64>()
}

/// Powers `S_0..=S_degree` of `F(g) = g^-1 f(g x)` by rotation degree.
///
/// `S_l = (2l+1) mean_{i != j} chi_l(angle(g_i^-1 g_j)) <u_i, u_j>` over pairs of independent
/// draws: all pairs under `iid`, pairs from different orbits under `orbits`. Unbiased, so an entry
/// can be negative. Identities: `S_0 = |fbar|^2`, `sum_{l>=1} S_l = L_equiv` for the squared loss.
///
/// Given residuals instead of predictions, `S_0` is `L_mean` and the other expectations do not
/// change (a label has degree 0), with less noise where the model is good: prefer them for `l >= 1`.
/// Cost is `rotations^2` inner products.
///
/// # Errors
/// [`CoreError::SpectrumDesign`] for `group` and `subset`, [`CoreError::SpectrumParity`] for an
/// improper rotation, [`CoreError::Shape`] or [`CoreError::RotationCount`] if the lengths differ.
pub fn spectrum(
    design: &Design,
    rotations: &[Rotation],
    samples: &Samples,
    degree: usize,
) -> Result<Vec<f64>, CoreError> {
    let unit = match *design {
        Design::Iid { .. } => 1,
        Design::Orbits { group, .. } => group.order(),
        Design::Group { .. } | Design::Subset { .. } => {
            return Err(CoreError::SpectrumDesign {
                design: design.name(),
            });
        }
    };
    check(design, Symmetry::So3, samples)?;
    let (found, expected) = (rotations.len(), samples.rotations());
    if found != expected {
        return Err(CoreError::Shape {
            what: "rotations of the spectrum",
            found,
            expected,
        });
    }
    if let Some(rotation) = rotations.iter().position(|rotation| !rotation.is_proper()) {
        return Err(CoreError::SpectrumParity { rotation });
    }
    let mut sums = vec![0.0; degree + 1];
    let mut pairs = 0_usize;
    let measured: Vec<_> = rotations.iter().zip(samples.rows()).collect();
    for (i, (rotation, row)) in measured.iter().enumerate() {
        let inverse = rotation.inverse();
        for (other, other_row) in &measured[(i / unit + 1) * unit..] {
            let angle = inverse.compose(other).angle();
            let product = samples.dot(row, other_row);
            let mut character = 1.0;
            for (l, sum) in sums.iter_mut().enumerate() {
                if l > 0 {
                    character += 2.0 * (l as f64 * angle).cos();
                }
                *sum += character * product;
            }
            pairs += 1;
        }
    }
    let scaled = sums
        .iter()
        .enumerate()
        .map(|(l, sum)| (2 * l + 1) as f64 * sum / pairs as f64);
    scaled.map(|power| finite(power, "spectrum")).collect()
}

/// Lie-derivative error `sum_l l(l+1) S_l`: the mean squared rate of change of `F` under rotation
/// about the three axes, per radian squared.
#[must_use]
pub fn lie_derivative_error(spectrum: &[f64]) -> f64 {
    spectrum
        .iter()
        .enumerate()
        .map(|(l, power)| (l * (l + 1)) as f64 * power)
        .sum()
}
