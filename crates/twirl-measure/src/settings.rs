//! What is measured, and how finely.

use twirl_core::{Criterion, Loss};

use crate::error::MeasureError;

/// Settings that change no prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Replicates of the bootstrap over molecules, at least 40.
    pub replicates: usize,
    /// Its seed. With the seed and the replicates of a run the intervals are those of its records.
    pub seed: u64,
    /// Highest degree of the spectrum.
    pub degree: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            replicates: 2000,
            seed: 0,
            degree: 6,
        }
    }
}

/// Reads `squared`, `norm`, `huber:DELTA` or `cross-entropy`.
///
/// # Errors
/// [`MeasureError::Setting`] for another text, [`MeasureError::Core`] for a delta out of range.
pub fn parse_loss(text: &str) -> Result<Criterion, MeasureError> {
    let loss = match text.split_once(':') {
        None if text == "squared" => Loss::Squared,
        None if text == "norm" => Loss::Norm,
        None if text == "cross-entropy" => return Ok(Criterion::CrossEntropy),
        Some(("huber", delta)) if delta.parse::<f64>().is_ok() => Loss::Huber {
            delta: delta.parse().unwrap_or(f64::NAN),
        },
        _ => {
            return Err(MeasureError::Setting {
                name: "loss",
                found: text.to_owned(),
                allowed: "squared, norm or huber:DELTA (of the length of a block's residual: \
                          component-wise losses are not rotation invariant), or cross-entropy",
            });
        }
    };
    loss.validate()?;
    Ok(Criterion::Residual(loss))
}

/// The text that [`parse_loss`] reads.
#[must_use]
pub fn loss_name(criterion: &Criterion) -> String {
    match criterion {
        Criterion::Residual(Loss::Squared) => "squared".into(),
        Criterion::Residual(Loss::Norm) => "norm".into(),
        Criterion::Residual(Loss::Huber { delta }) => format!("huber:{delta}"),
        Criterion::CrossEntropy => "cross-entropy".into(),
    }
}
