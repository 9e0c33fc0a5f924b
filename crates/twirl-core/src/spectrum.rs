//! The error by rotation degree.

use crate::error::CoreError;
use crate::estimator::rows::{mean_row, weighted_mean};
use crate::estimator::{Estimator, Powers};
use crate::rotation::Rotation;
use crate::samples::Samples;
use crate::split::{check, finite};
use crate::symmetry::Symmetry;

/// Character `chi_l(w) = sin((2l+1) w/2) / sin(w/2)` of degree `l` at angle `w`.
///
/// Summed as `1 + 2 sum_{k=1}^{l} cos(k w)`, which has no 0/0 at `w = 0`.
#[must_use]
pub fn character(degree: usize, angle: f64) -> f64 {
    1.0 + 2.0 * (1..=degree).map(|k| (k as f64 * angle).cos()).sum::<f64>()
}

/// Characters of degree 1, 2 and so on at an angle of this cosine: the cosines of its multiples follow
/// from `cos (k+1) w = 2 cos w cos k w - cos (k-1) w`.
fn characters(cosine: f64) -> impl Iterator<Item = f64> {
    let (mut before, mut now, mut character) = (1.0, cosine, 1.0);
    std::iter::repeat_with(move || {
        character += 2.0 * now;
        (before, now) = (now, 2.0 * cosine * now - before);
        character
    })
}

/// Powers `S_0..=S_degree` of `F(g) = g^-1 f(g x)` by rotation degree.
///
/// `S_l = (2l+1) mean_{i != j} chi_l(angle(g_i^-1 g_j)) <u_i, u_j>` over pairs of independent
/// draws: all pairs under `iid`, pairs from different orbits under `orbits`. Unbiased, so an entry
/// can be negative. Identities: `S_0 = |fbar|^2`, `sum_{l>=1} S_l = L_equiv` for the squared loss.
///
/// Given residuals instead of predictions, `S_0` is `L_mean` and the other expectations do not
/// change: a label has degree 0. From three independent draws (or orbits) on, the powers from degree
/// 1 on are those of `u` less the mean over all draws but the two of the pair. That mean is
/// independent of the pair, so nothing is biased, and whatever all rotations share, label and
/// twirled prediction, adds no noise: a model without symmetry error has powers of rounding.
/// Cost is at most `1.5 rotations^2` inner products.
///
/// Weighted nodes give `S_l = (2l+1) sum_ij w_i w_j chi_l(angle(g_i^-1 g_j)) <u_i, u_j>`, all pairs,
/// which is exact for predictions up to half of the rule's degree.
///
/// # Errors
/// [`CoreError::SpectrumDesign`] for `group` and `subset`, [`CoreError::SpectrumDegree`] beyond
/// half of a rule's degree, [`CoreError::SpectrumParity`] for an improper rotation,
/// [`CoreError::Shape`] or [`CoreError::RotationCount`] if the lengths differ.
pub fn spectrum<E: Estimator + ?Sized>(
    estimator: &E,
    rotations: &[Rotation],
    samples: &Samples,
    degree: usize,
) -> Result<Vec<f64>, CoreError> {
    let powers = estimator.powers();
    if powers == Powers::Absent {
        let design = estimator.name();
        return Err(CoreError::SpectrumDesign { design });
    }
    check(estimator, Symmetry::So3, samples)?;
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
    match powers {
        Powers::Absent => unreachable!("refused above"),
        Powers::Pairs { unit } => of_pairs(unit, rotations, samples, degree),
        Powers::Nodes { degree: resolved } if degree > resolved => {
            Err(CoreError::SpectrumDegree { degree, resolved })
        }
        Powers::Nodes { .. } => {
            let weights = estimator.weights(Symmetry::So3).unwrap_or_default();
            of_nodes(&weights, rotations, samples, degree)
        }
    }
}

/// The double sum over weighted nodes. From degree 1 on the rows are taken less their mean, which
/// has degree 0 and changes nothing but rounding.
fn of_nodes(
    weights: &[f64],
    rotations: &[Rotation],
    samples: &Samples,
    degree: usize,
) -> Result<Vec<f64>, CoreError> {
    let rows: Vec<&[f64]> = samples.rows().collect();
    let centre = weighted_mean(&rows, Some(weights));
    let centred: Vec<Vec<f64>> = rows.iter().map(|row| difference(row, &centre)).collect();
    let mut sums = vec![0.0; degree + 1];
    for (i, row) in centred.iter().enumerate() {
        for (j, other) in centred.iter().enumerate().take(i + 1) {
            let twice = if i == j { 1.0 } else { 2.0 };
            let product = twice * weights[i] * weights[j] * samples.dot(row, other);
            let characters = characters(rotations[i].cosine_to(&rotations[j]));
            for (sum, character) in sums[1..].iter_mut().zip(characters) {
                *sum += character * product;
            }
        }
    }
    sums[0] = samples.dot(&centre, &centre);
    let scaled = sums
        .iter()
        .enumerate()
        .map(|(l, sum)| (2 * l + 1) as f64 * sum);
    scaled.map(|power| finite(power, "spectrum")).collect()
}

/// The mean over pairs of independent parts of `unit` rotations each.
fn of_pairs(
    unit: usize,
    rotations: &[Rotation],
    samples: &Samples,
    degree: usize,
) -> Result<Vec<f64>, CoreError> {
    let rows: Vec<&[f64]> = samples.rows().collect();
    let centre = mean_row(&rows);
    let centred: Vec<Vec<f64>> = rows.iter().map(|row| difference(row, &centre)).collect();
    let units: Vec<Vec<f64>> = centred.chunks_exact(unit).map(mean_row).collect();
    let along =
        |row: &Vec<f64>| -> Vec<f64> { units.iter().map(|mean| samples.dot(row, mean)).collect() };
    // Inner products of rows with unit means, and of unit means among themselves.
    let by_row: Vec<Vec<f64>> = centred.iter().map(along).collect();
    let by_unit: Vec<Vec<f64>> = by_row.chunks_exact(unit).map(mean_row).collect();
    let means: Vec<Vec<f64>> = rows.chunks_exact(unit).map(mean_row).collect();
    let share = 1.0 / (units.len() as f64 - 2.0);
    let mut sums = vec![0.0; degree + 1];
    for first in 0..units.len() {
        for second in first + 1..units.len() {
            // The mean of the other units lies at `-share * (first + second)`, seen from the mean of
            // all.
            let both = |along: &[f64]| along[first] + along[second];
            let square = share * share * (both(&by_unit[first]) + both(&by_unit[second]));
            for i in first * unit..(first + 1) * unit {
                for j in second * unit..(second + 1) * unit {
                    let product = if units.len() > 2 {
                        let cross = share * (both(&by_row[i]) + both(&by_row[j]));
                        let own = match unit {
                            1 => by_row[i][j],
                            _ => samples.dot(&centred[i], &centred[j]),
                        };
                        own + cross + square
                    } else {
                        samples.dot(rows[i], rows[j])
                    };
                    let characters = characters(rotations[i].cosine_to(&rotations[j]));
                    for (sum, character) in sums[1..].iter_mut().zip(characters) {
                        *sum += character * product;
                    }
                }
            }
            // Degree 0 has one character: the pairs of two units add up to their means' product.
            sums[0] += (unit * unit) as f64 * samples.dot(&means[first], &means[second]);
        }
    }
    let pairs = (rows.len() * (rows.len() - unit)) as f64 / 2.0;
    let scaled = sums
        .iter()
        .enumerate()
        .map(|(l, sum)| (2 * l + 1) as f64 * sum / pairs);
    scaled.map(|power| finite(power, "spectrum")).collect()
}

fn difference(row: &[f64], centre: &[f64]) -> Vec<f64> {
    row.iter().zip(centre).map(|(a, b)| a - b).collect()
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
