//! Means over seeds.

use twirl_compare::{Estimate, mean_over_seeds};
use twirl_report::{range, significant};

use crate::holm::{Bound, Test};

/// Geometric mean over seeds, with its interval. Not for values at or below zero.
pub(crate) fn geometric(values: &[f64]) -> Option<Estimate> {
    let positive = |value: &f64| value.is_finite() && *value > 0.0;
    if values.is_empty() || !values.iter().all(positive) {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let mean = mean_over_seeds(&logs, None);
    Some(Estimate {
        value: mean.value.exp(),
        interval: mean.interval.map(|ends| ends.map(f64::exp)),
    })
}

/// Arithmetic mean over seeds, with its interval.
pub(crate) fn arithmetic(values: &[f64]) -> Option<Estimate> {
    let usable = !values.is_empty() && values.iter().all(|value| value.is_finite());
    usable.then(|| mean_over_seeds(values, None))
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
}
