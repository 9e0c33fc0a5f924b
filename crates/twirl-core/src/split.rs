//! Estimators of `L = L_mean + L_equiv`.

use std::borrow::Cow;

use crate::error::CoreError;
use crate::estimator::Estimator;
use crate::estimator::rows::{mean_row, plug_in as plug_in_rows, scatter, weighted_mean};
use crate::loss::Loss;
use crate::samples::Samples;
use crate::symmetry::Symmetry;

/// A loss and its two parts for one molecule. Single estimates of a part can be negative: average
/// over molecules before reading them, and never clamp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Estimate of `L`: the mean loss over rotations.
    pub loss: f64,
    /// Estimate of `L_mean`: the loss of the twirled prediction.
    pub mean: f64,
    /// Estimate of `L_equiv = L - L_mean`.
    pub equiv: f64,
}

impl Split {
    fn new(loss: f64, equiv: f64) -> Result<Self, CoreError> {
        if !(loss.is_finite() && equiv.is_finite()) {
            return Err(CoreError::Overflow { what: "loss" });
        }
        Ok(Self {
            loss,
            mean: loss - equiv,
            equiv,
        })
    }
}

/// Splits a loss with the least biased estimator that the rotations allow.
///
/// Squared loss, unbiased for every design that draws; `A = sum_m |u_m - ubar|^2`:
///
/// | design | `L_equiv` |
/// |---|---|
/// | `iid` | `A / (M - 1)` |
/// | `group` | `A / H`, the exact expectation over the group |
/// | `subset` | `A / (M - 1) * (H - 1) / H` |
/// | `orbits` | `mean <u, u> - mean_{r != s} <Q_r, Q_s>`, `Q_r` the orbit means |
/// | `quadrature` | `sum_m w_m |u_m - ubar|^2`, exact up to the rule's degree |
///
/// The orbit form is computed as the mean variance within orbits (divided by their size) plus
/// the variance of orbit means (divided by R - 1), which is the same number without cancellation.
/// Under O(3) the H of `group`, `subset` and `orbits` counts the negatives too. Rows are centred
/// on the first row, so that a common offset costs no digits.
///
/// Other losses go through [`split_with`].
///
/// # Errors
/// Those of [`Estimator::validate`] and [`Loss::validate`]; [`CoreError::RotationCount`] if the
/// samples do not match; [`CoreError::Overflow`].
pub fn split<E: Estimator + ?Sized>(
    estimator: &E,
    symmetry: Symmetry,
    loss: Loss,
    samples: &Samples,
) -> Result<Split, CoreError> {
    loss.validate()?;
    if loss != Loss::Squared {
        return split_with(estimator, symmetry, samples, |row| samples.loss(loss, row));
    }
    check(estimator, symmetry, samples)?;
    let equiv = estimator.equiv(symmetry, samples);
    let weights = estimator.weights(symmetry);
    let square = |row: &[f64]| samples.dot(row, row);
    Split::new(average(samples, weights.as_deref(), square), equiv)
}

/// Splits any convex function `phi` of a `[blocks][dim]` row.
///
/// `L` is the mean of `phi` over rows. `L_mean` is `phi(ubar)` freed of its leading bias, of order
/// 1/M, by the leave-one-out jackknife over independent units (rows, or orbit means for `orbits`):
/// `phi(ubar) - (M - 1)(1 - M/H) (mean_i phi(ubar without i) - phi(ubar))`. The factor `1 - M/H`
/// is 1 for `iid` and `orbits`; for `subset` it is the finite-population correction (leading bias
/// of a mean of M draws without replacement: proportional to `1/M - 1/H`); for `group`, M = H and
/// `phi(ubar)` is exact, as it is for weighted nodes up to their degree. On the squared loss this is
/// the unbiased estimator of [`split`]. For other losses a bias of order 1/M^2 is left where `phi`
/// is smooth.
///
/// # Errors
/// Those of [`Estimator::validate`], [`CoreError::RotationCount`] and [`CoreError::Overflow`].
pub fn split_with<E: Estimator + ?Sized>(
    estimator: &E,
    symmetry: Symmetry,
    samples: &Samples,
    phi: impl Fn(&[f64]) -> f64,
) -> Result<Split, CoreError> {
    check(estimator, symmetry, samples)?;
    let parts = estimator.units(symmetry);
    let weights = estimator.weights(symmetry);
    let units: Vec<Cow<[f64]>> = if parts.rows == 1 {
        samples.rows().map(Cow::Borrowed).collect()
    } else {
        let rows: Vec<&[f64]> = samples.rows().collect();
        let means = rows.chunks_exact(parts.rows).map(mean_row);
        means.map(Cow::Owned).collect()
    };
    let count = units.len() as f64;
    let mean = weighted_mean(&units, weights.as_deref());
    let at_mean = phi(&mean);
    let mut bias = 0.0;
    if parts.left_out > 0.0 {
        let mut without = vec![0.0; mean.len()];
        for unit in &units {
            for ((out, centre), value) in without.iter_mut().zip(&mean).zip(unit.iter()) {
                *out = centre + (centre - value) / (count - 1.0);
            }
            bias += phi(&without) - at_mean;
        }
        bias *= parts.left_out * (count - 1.0) / count;
    }
    let loss = average(samples, weights.as_deref(), phi);
    Split::new(loss, loss - at_mean + bias)
}

/// The plug-in split `L - phi(ubar)`, whatever the design.
///
/// Biased low: for the squared loss it divides by M and so loses exactly `L_equiv / M` under iid
/// draws. It exists to be compared with; measure with [`split`].
///
/// # Errors
/// [`CoreError::HuberDelta`] and [`CoreError::Overflow`].
pub fn plug_in(loss: Loss, samples: &Samples) -> Result<Split, CoreError> {
    loss.validate()?;
    if loss == Loss::Squared {
        let loss = average(samples, None, |row| samples.dot(row, row));
        return Split::new(loss, plug_in_rows(samples, None));
    }
    plug_in_with(samples, |row| samples.loss(loss, row))
}

/// The plug-in split of any convex function of a `[blocks][dim]` row.
///
/// # Errors
/// [`CoreError::Overflow`].
pub fn plug_in_with(samples: &Samples, phi: impl Fn(&[f64]) -> f64) -> Result<Split, CoreError> {
    let at_mean = phi(&samples_mean(samples));
    let loss = average(samples, None, phi);
    Split::new(loss, loss - at_mean)
}

/// Loss `L(M)` of the prediction twirled over the given rotations.
///
/// Under iid draws and the squared loss its expectation is `L_mean + L_equiv / M`, which checks
/// the split at no extra forward pass.
///
/// # Errors
/// [`CoreError::HuberDelta`] and [`CoreError::Overflow`].
pub fn twirled_loss(loss: Loss, samples: &Samples) -> Result<f64, CoreError> {
    loss.validate()?;
    finite(samples.loss(loss, &samples_mean(samples)), "twirled loss")
}

/// `E|f|^2`: mean weighted squared length of untwisted predictions (samples with `y = 0`).
///
/// # Errors
/// [`CoreError::Overflow`].
pub fn energy(predictions: &Samples) -> Result<f64, CoreError> {
    weighted_energy(predictions, None)
}

pub(crate) fn weighted_energy(
    predictions: &Samples,
    weights: Option<&[f64]>,
) -> Result<f64, CoreError> {
    let square = |row: &[f64]| predictions.dot(row, row);
    finite(average(predictions, weights, square), "energy")
}

/// Parity error `1/4 E|F(g) - F(-g)|^2`, from samples at rotations `g` and at the same `-g`.
///
/// It is the `L_equiv` of the group {1, -1} under the squared loss: exact and label-free. The
/// `L_equiv` of O(3) is this plus the `L_equiv` of SO(3) for `(F(g) + F(-g)) / 2`.
///
/// # Errors
/// [`CoreError::Shape`] if the two differ in shape, [`CoreError::Overflow`].
pub fn parity_error(proper: &Samples, inverted: &Samples) -> Result<f64, CoreError> {
    weighted_parity_error(proper, inverted, None)
}

pub(crate) fn weighted_parity_error(
    proper: &Samples,
    inverted: &Samples,
    weights: Option<&[f64]>,
) -> Result<f64, CoreError> {
    for (what, found, expected) in [
        (
            "inverted samples: rotation axis",
            inverted.rotations(),
            proper.rotations(),
        ),
        (
            "inverted samples: block axis",
            inverted.blocks(),
            proper.blocks(),
        ),
        (
            "inverted samples: component axis",
            inverted.dim(),
            proper.dim(),
        ),
    ] {
        if found != expected {
            return Err(CoreError::Shape {
                what,
                found,
                expected,
            });
        }
    }
    let pairs = proper.rows().zip(inverted.rows());
    let scatters = pairs.map(|(a, b)| scatter(proper, &[a, b]));
    let error = match weights {
        None => {
            let total: f64 = scatters.sum();
            0.5 * total / proper.rotations() as f64
        }
        Some(weights) => {
            let total: f64 = scatters.zip(weights).map(|(s, weight)| weight * s).sum();
            0.5 * total / weights.iter().sum::<f64>()
        }
    };
    finite(error, "parity error")
}

pub(crate) fn check<E: Estimator + ?Sized>(
    estimator: &E,
    symmetry: Symmetry,
    samples: &Samples,
) -> Result<(), CoreError> {
    estimator.validate(symmetry)?;
    let (found, expected) = (samples.rotations(), estimator.rotations(symmetry));
    if found == expected {
        Ok(())
    } else {
        Err(CoreError::RotationCount { found, expected })
    }
}

pub(crate) fn finite(value: f64, what: &'static str) -> Result<f64, CoreError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(CoreError::Overflow { what })
    }
}

/// Mean over rows, under weights that sum to 1 where there are any.
fn average(samples: &Samples, weights: Option<&[f64]>, phi: impl Fn(&[f64]) -> f64) -> f64 {
    match weights {
        None => samples.rows().map(phi).sum::<f64>() / samples.rotations() as f64,
        Some(weights) => {
            let rows = samples.rows().zip(weights);
            rows.map(|(row, weight)| weight * phi(row)).sum()
        }
    }
}

fn samples_mean(samples: &Samples) -> Vec<f64> {
    mean_row(&samples.rows().collect::<Vec<_>>())
}
