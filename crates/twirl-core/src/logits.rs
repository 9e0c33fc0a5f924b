//! Cross-entropy on logits: the split in the space where the twirl averages logits.
//!
//! Cross-entropy `log sum exp z - z_y` is convex in the logits `z`, and its label term is linear,
//! so `L_equiv = E logsumexp(z_g) - logsumexp(zbar)` needs no labels. What is twirled is the
//! logits, not the probabilities: a report of these figures must say so.

use crate::error::CoreError;
use crate::estimator::Estimator;
use crate::samples::Samples;
use crate::split::{Split, split_with};
use crate::symmetry::Symmetry;

/// `log sum_k exp z_k`, shifted by the largest entry; `-inf` for an empty slice.
#[must_use]
pub fn log_sum_exp(logits: &[f64]) -> f64 {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + logits.iter().map(|z| (z - largest).exp()).sum::<f64>().ln()
}

/// Splits the cross-entropy `sum_b w_b (logsumexp(z_b) - z_b[class_b])`.
///
/// `logits` holds untwisted logits, one block per classified object and `dim` classes; `classes`
/// is `[blocks]`. The estimator is the jackknife of [`split_with`].
///
/// # Errors
/// [`CoreError::Shape`] or [`CoreError::Class`] for bad labels, and those of [`split_with`].
pub fn split_cross_entropy<E: Estimator + ?Sized>(
    estimator: &E,
    symmetry: Symmetry,
    logits: &Samples,
    classes: &[usize],
) -> Result<Split, CoreError> {
    if classes.len() != logits.blocks() {
        let what = "classes [blocks]";
        return Err(CoreError::Shape {
            what,
            found: classes.len(),
            expected: logits.blocks(),
        });
    }
    if let Some(block) = classes.iter().position(|&class| class >= logits.dim()) {
        return Err(CoreError::Class {
            block,
            class: classes[block],
            classes: logits.dim(),
        });
    }
    split_with(estimator, symmetry, logits, |row| {
        let blocks = row
            .chunks_exact(logits.dim())
            .zip(classes)
            .zip(logits.weights());
        blocks
            .map(|((z, &class), weight)| weight * (log_sum_exp(z) - z[class]))
            .sum()
    })
}

/// `L_equiv` of the cross-entropy without labels: `E logsumexp(z_g) - logsumexp(zbar)`, weighted
/// over blocks and freed of its leading bias by the jackknife.
///
/// # Errors
/// Those of [`split_with`].
pub fn equiv_cross_entropy<E: Estimator + ?Sized>(
    estimator: &E,
    symmetry: Symmetry,
    logits: &Samples,
) -> Result<f64, CoreError> {
    let split = split_with(estimator, symmetry, logits, |row| {
        let blocks = row.chunks_exact(logits.dim()).zip(logits.weights());
        blocks.map(|(z, weight)| weight * log_sum_exp(z)).sum()
    })?;
    Ok(split.equiv)
}
