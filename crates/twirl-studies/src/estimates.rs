//! Means over seeds.

use twirl_compare::{Estimate, FEWEST_SEEDS, mean_over_seeds};
use twirl_core::{NORMAL, student};
use twirl_report::{range, significant};

use crate::holm::{Bound, Test};

/// Geometric mean over seeds, with its interval. Not for values at or below zero.
pub(crate) fn geometric(values: &[f64]) -> Option<Estimate> {
    let positive = |value: &f64| value.is_finite() && *value > 0.0;
    if values.is_empty() || !values.iter().all(positive) {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    Some(exponential(mean_over_seeds(&logs, None)))
}

/// Arithmetic mean over seeds, with its interval.
pub(crate) fn arithmetic(values: &[f64]) -> Option<Estimate> {
    let usable = !values.is_empty() && values.iter().all(|value| value.is_finite());
    usable.then(|| mean_over_seeds(values, None))
}

/// Arithmetic mean over seeds with Student's interval, and a standard error that all seeds have in common
/// beside it, which more seeds do not lower: half-widths add in quadrature.
pub(crate) fn crossed(values: &[f64], common: f64) -> Option<Estimate> {
    let usable = |value: &f64| value.is_finite();
    if values.is_empty() || !values.iter().all(usable) || !common.is_finite() {
        return None;
    }
    let seeds = values.len() as f64;
    let value = values.iter().sum::<f64>() / seeds;
    let interval = (values.len() >= FEWEST_SEEDS).then(|| {
        let squares = values.iter().map(|own| (own - value).powi(2)).sum::<f64>();
        let error = (squares / (seeds - 1.0) / seeds).sqrt();
        let half = (student(seeds - 1.0) * error).hypot(NORMAL * common);
        [value - half, value + half]
    });
    Some(Estimate { value, interval })
}

/// The same figure without its logarithm.
pub(crate) fn exponential(of: Estimate) -> Estimate {
    Estimate {
        value: of.value.exp(),
        interval: of.interval.map(|ends| ends.map(f64::exp)),
    }
}

/// Standard error of the logarithm of a positive figure, from its 95 % interval.
pub(crate) fn relative_error(value: f64, [low, high]: [f64; 2]) -> f64 {
    (high - low) / (2.0 * NORMAL * value)
}

/// An estimate over seeds, held against a bound; nothing without an interval.
pub(crate) fn over_seeds(found: Option<Estimate>, seeds: usize, bound: Bound) -> Option<Test> {
    let Estimate { value, interval } = found?;
    Some(Test {
        value,
        interval: interval?,
        bound,
        freedom: seeds - 1,
    })
}

/// `1.23 (1.1 to 1.4)`.
pub(crate) fn in_words(estimate: Option<Estimate>) -> String {
    let Some(estimate) = estimate else {
        return "-".into();
    };
    let value = significant(estimate.value, 3);
    match estimate.interval {
        Some(_) => format!("{value} ({})", range(estimate.interval, 3)),
        None => format!("{value} (fewer than 3 seeds: no interval)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometric_means_have_intervals_from_three_seeds() {
        let two = geometric(&[1.0, 4.0]).expect("positive");
        assert!((two.value - 2.0).abs() < 1e-12 && two.interval.is_none());
        let three = geometric(&[1.0, 2.0, 4.0]).expect("positive");
        let [low, high] = three.interval.expect("three seeds");
        assert!(low < 1.0 && high > 4.0 && (low * high - 4.0).abs() < 0.2);
        assert_eq!(geometric(&[1.0, 0.0, 2.0]), None);
    }

    #[test]
    fn a_common_error_is_beside_the_seeds() {
        let [low, high] = crossed(&[1.0, 2.0, 3.0], 0.0)
            .and_then(|of| of.interval)
            .expect("three seeds");
        // Student's 4.303 times 1 / sqrt(3).
        assert!(
            (high - 2.0 - 4.303 / 3.0_f64.sqrt()).abs() < 1e-3 && (low + high - 4.0).abs() < 1e-9
        );
        // More seeds that agree do not lower what they have in common.
        let many = crossed(&[2.0; 50], 0.5).and_then(|of| of.interval);
        let [low, high] = many.expect("seeds");
        assert!((high - low - NORMAL).abs() < 1e-9);
        assert_eq!(crossed(&[1.0, 2.0], 0.0).expect("a mean").interval, None);
        assert_eq!(crossed(&[1.0, f64::NAN, 2.0], 0.0), None);
        let error = relative_error(2.0, [1.0, 3.0]);
        assert!((error - 0.5 / NORMAL).abs() < 1e-12);
    }
}
