//! Derivatives of the estimates with respect to the residuals.

use crate::error::CoreError;
use crate::estimator::Estimator;
use crate::samples::Samples;
use crate::split::check;
use crate::symmetry::Symmetry;

/// A loss or one of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// `L`.
    Loss,
    /// `L_mean`.
    Mean,
    /// `L_equiv`.
    Equiv,
}

impl Part {
    /// Name in tables: `L`, `L_mean` or `L_equiv`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "L",
            Self::Mean => "L_mean",
            Self::Equiv => "L_equiv",
        }
    }
}

/// Derivative of one molecule's `L`, `L_mean` or `L_equiv` of the squared loss with respect to its
/// residuals, both `[rotations][blocks][dim]`.
///
/// With `A = sum_m |u_m - ubar|^2`, whose derivative is `2 (u_m - ubar)`, it is the derivative of
/// the expressions that [`crate::split`] evaluates. Paired with the outputs of a model it gives the
/// gradient of the unbiased estimate by one backward pass.
///
/// # Errors
/// Those of [`Estimator::validate`] and [`CoreError::RotationCount`].
pub fn cotangent<E: Estimator + ?Sized>(
    estimator: &E,
    symmetry: Symmetry,
    part: Part,
    samples: &Samples,
) -> Result<Vec<f64>, CoreError> {
    check(estimator, symmetry, samples)?;
    let rows: Vec<&[f64]> = samples.rows().collect();
    let (count, width) = (rows.len() as f64, rows[0].len());
    let weights = estimator.weights(symmetry);
    let of_loss = rows.iter().enumerate().flat_map(|(row, values)| {
        let weights = weights.as_deref();
        values.iter().map(move |value| match weights {
            None => 2.0 * value / count,
            Some(weights) => 2.0 * weights[row] * value,
        })
    });
    let of_equiv = || estimator.slope(symmetry, &rows);
    let mut slope: Vec<f64> = match part {
        Part::Loss => of_loss.collect(),
        Part::Equiv => of_equiv(),
        Part::Mean => of_loss.zip(of_equiv()).map(|(l, e)| l - e).collect(),
    };
    for (place, value) in slope.iter_mut().enumerate() {
        *value *= samples.weights()[place % width / samples.dim()];
    }
    Ok(slope)
}
