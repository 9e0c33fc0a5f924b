//! Estimators of `L = L_mean + L_equiv`.

use std::borrow::Cow;

use crate::{CoreError, Design, Loss, Samples, Symmetry};

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

/// Splits a loss with the least biased estimator that the design allows.
///
/// Squared loss, unbiased for every design; `A = sum_m |u_m - ubar|^2`:
///
/// | design | `L_equiv` |
/// |---|---|
/// | `iid` | `A / (M - 1)` |
/// | `group` | `A / H`, the exact expectation over the group |
/// | `subset` | `A / (M - 1) * (H - 1) / H` |
/// | `orbits` | `mean <u, u> - mean_{r != s} <Q_r, Q_s>`, `Q_r` the orbit means |
///
/// The orbit form is computed as the mean variance within orbits (divided by their size) plus
/// the variance of orbit means (divided by R - 1), which is the same number without cancellation.
/// Under O(3) the H of `group`, `subset` and `orbits` counts the negatives too. Rows are centred
/// on the first row, so that a common offset costs no digits.
///
/// Other losses go through [`split_with`].
///
/// # Errors
/// Those of [`Design::validate`] and [`Loss::validate`]; [`CoreError::RotationCount`] if the
/// samples do not match the design; [`CoreError::Overflow`].
pub fn split(
    design: &Design,
    symmetry: Symmetry,
    loss: Loss,
    samples: &Samples,
) -> Result<Split, CoreError> {
    loss.validate()?;
    if loss != Loss::Squared {
        return split_with(design, symmetry, samples, |row| samples.loss(loss, row));
    }
    check(design, symmetry, samples)?;
    let rows: Vec<&[f64]> = samples.rows().collect();
    let count = rows.len() as f64;
    let equiv = match *design {
        Design::Iid { .. } => scatter(samples, &rows) / (count - 1.0),
        Design::Group { .. } => scatter(samples, &rows) / count,
        Design::Subset { group, .. } => {
            let order = group.order_under(symmetry) as f64;
            scatter(samples, &rows) / (count - 1.0) * ((order - 1.0) / order)
        }
        Design::Orbits { group, orbits } => {
            let size = group.order_under(symmetry);
            let within: f64 = rows
                .chunks_exact(size)
                .map(|orbit| scatter(samples, orbit))
                .sum();
            let means: Vec<_> = rows.chunks_exact(size).map(mean_row).collect();
            within / count + scatter(samples, &means) / (orbits as f64 - 1.0)
        }
    };
    Split::new(average(samples, |row| samples.dot(row, row)), equiv)
}

/// Splits any convex function `phi` of a `[blocks][dim]` row.
///
/// `L` is the mean of `phi` over rows. `L_mean` is `phi(ubar)` freed of its leading bias, of order
/// 1/M, by the leave-one-out jackknife over independent units (rows, or orbit means for `orbits`):
/// `phi(ubar) - (M - 1)(1 - M/H) (mean_i phi(ubar without i) - phi(ubar))`. The factor `1 - M/H`
/// is 1 for `iid` and `orbits`; for `subset` it is the finite-population correction (leading bias
/// of a mean of M draws without replacement: proportional to `1/M - 1/H`); for `group`, M = H and
/// `phi(ubar)` is exact. On the squared loss this is the unbiased estimator of [`split`]. For
/// other losses a bias of order 1/M^2 is left where `phi` is smooth.
///
/// # Errors
/// Those of [`Design::validate`], [`CoreError::RotationCount`] and [`CoreError::Overflow`].
pub fn split_with(
    design: &Design,
    symmetry: Symmetry,
    samples: &Samples,
    phi: impl Fn(&[f64]) -> f64,
) -> Result<Split, CoreError> {
    check(design, symmetry, samples)?;
    let units: Vec<Cow<[f64]>> = match *design {
        Design::Orbits { group, .. } => {
            let rows: Vec<&[f64]> = samples.rows().collect();
            rows.chunks_exact(group.order_under(symmetry))
                .map(|orbit| Cow::Owned(mean_row(orbit)))
                .collect()
        }
        _ => samples.rows().map(Cow::Borrowed).collect(),
    };
    let count = units.len() as f64;
    let left_out_share = match *design {
        Design::Iid { .. } | Design::Orbits { .. } => 1.0,
        Design::Group { .. } => 0.0,
        Design::Subset { group, .. } => 1.0 - count / group.order_under(symmetry) as f64,
    };
    let mean = mean_row(&units);
    let at_mean = phi(&mean);
    let mut bias = 0.0;
    if left_out_share > 0.0 {
        let mut without = vec![0.0; mean.len()];
        for unit in &units {
            for ((out, centre), value) in without.iter_mut().zip(&mean).zip(unit.iter()) {
                *out = centre + (centre - value) / (count - 1.0);
            }
            bias += phi(&without) - at_mean;
        }
        bias *= left_out_share * (count - 1.0) / count;
    }
    let loss = average(samples, phi);
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
        let rows: Vec<&[f64]> = samples.rows().collect();
        let equiv = scatter(samples, &rows) / rows.len() as f64;
        return Split::new(average(samples, |row| samples.dot(row, row)), equiv);
    }
    plug_in_with(samples, |row| samples.loss(loss, row))
}

/// The plug-in split of any convex function of a `[blocks][dim]` row.
///
/// # Errors
/// [`CoreError::Overflow`].
pub fn plug_in_with(samples: &Samples, phi: impl Fn(&[f64]) -> f64) -> Result<Split, CoreError> {
    let at_mean = phi(&samples_mean(samples));
    let loss = average(samples, phi);
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
    finite(
        average(predictions, |row| predictions.dot(row, row)),
        "energy",
    )
}

/// Parity error `1/4 E|F(g) - F(-g)|^2`, from samples at rotations `g` and at the same `-g`.
///
/// It is the `L_equiv` of the group {1, -1} under the squared loss: exact and label-free. The
/// `L_equiv` of O(3) is this plus the `L_equiv` of SO(3) for `(F(g) + F(-g)) / 2`.
///
/// # Errors
/// [`CoreError::Shape`] if the two differ in shape, [`CoreError::Overflow`].
pub fn parity_error(proper: &Samples, inverted: &Samples) -> Result<f64, CoreError> {
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
    let total: f64 = pairs.map(|(a, b)| scatter(proper, &[a, b])).sum();
    finite(0.5 * total / proper.rotations() as f64, "parity error")
}

pub(crate) fn check(
    design: &Design,
    symmetry: Symmetry,
    samples: &Samples,
) -> Result<(), CoreError> {
    design.validate(symmetry)?;
    let (found, expected) = (samples.rotations(), design.rotations(symmetry));
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

fn average(samples: &Samples, phi: impl Fn(&[f64]) -> f64) -> f64 {
    samples.rows().map(phi).sum::<f64>() / samples.rotations() as f64
}

fn samples_mean(samples: &Samples) -> Vec<f64> {
    mean_row(&samples.rows().collect::<Vec<_>>())
}

/// Mean of rows, centred on the first: equal rows give back that row exactly.
pub(crate) fn mean_row<R: AsRef<[f64]>>(rows: &[R]) -> Vec<f64> {
    let first = rows[0].as_ref();
    let mut offset = vec![0.0; first.len()];
    for row in rows {
        for ((sum, value), centre) in offset.iter_mut().zip(row.as_ref()).zip(first) {
            *sum += value - centre;
        }
    }
    offset
        .iter()
        .zip(first)
        .map(|(sum, centre)| centre + sum / rows.len() as f64)
        .collect()
}

/// `sum_m |u_m - ubar|^2`.
fn scatter<R: AsRef<[f64]>>(samples: &Samples, rows: &[R]) -> f64 {
    let mean = mean_row(rows);
    let mut difference = vec![0.0; mean.len()];
    let mut total = 0.0;
    for row in rows {
        for ((out, value), centre) in difference.iter_mut().zip(row.as_ref()).zip(&mean) {
            *out = value - centre;
        }
        total += samples.dot(&difference, &difference);
    }
    total
}
