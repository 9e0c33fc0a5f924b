//! The percentage of imperfect symmetry against steps.

use twirl_core::NORMAL;
use twirl_record::{Record, Split};

use crate::estimate::{Estimate, mean_over_seeds};
use crate::run::ArmRuns;

/// The percentage of an arm at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PercentPoint {
    /// Step; of an end point the mean over seeds.
    pub step: u64,
    /// Mean over seeds.
    pub percent: Estimate,
    /// Mean over seeds of the numerical floor, in percent.
    pub floor: f64,
}

/// Percentage against steps, at the steps that all counted runs of an arm have in common, and at
/// the end of the runs.
///
/// Runs under a budget of seconds end at different steps. Their last measurements then make a point
/// of their own: the mean over seeds of the last percentages at the mean of the last steps, rounded
/// and at least one past the last common step. No seed need have been measured at just that step.
///
/// The interval: one seed, that of its record, over molecules; two seeds, the envelope of both
/// over molecules; from three, over seeds and molecules.
pub fn percent_curve(arm: &ArmRuns) -> Vec<PercentPoint> {
    let points = points(arm).into_iter();
    points
        .map(|(step, records)| percent_point(step, &records))
        .collect()
}

/// Steps with a record of each counted run: the common ones, and the end of the runs.
pub(crate) fn points(arm: &ArmRuns) -> Vec<(u64, Vec<&Record>)> {
    let runs = arm.counted();
    let mut points: Vec<(u64, Vec<&Record>)> = Vec::new();
    for record in runs.first().iter().flat_map(|run| &run.records) {
        if let Some(records) = at_step(arm, record.step) {
            points.push((record.step, records));
        }
    }
    let last = arm.last_records();
    let common = points.last().map(|point| point.0);
    if last.iter().any(|record| Some(record.step) != common)
        && let Some(mean) = mean_count(last.iter().map(|record| record.step))
    {
        points.push((mean.max(common.map_or(0, |step| step + 1)), last));
    }
    points
}

/// The records of all counted runs at a step; nothing if one lacks it.
pub(crate) fn at_step(arm: &ArmRuns, step: u64) -> Option<Vec<&Record>> {
    let runs = arm.counted().into_iter();
    runs.map(|run| run.records.iter().find(|record| record.step == step))
        .collect()
}

/// A mean of counts, rounded.
pub(crate) fn mean_count(values: impl Iterator<Item = u64>) -> Option<u64> {
    let (sum, n) = values.fold((0, 0), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| (sum as f64 / f64::from(n)).round() as u64)
}

fn percent_point(step: u64, records: &[&Record]) -> PercentPoint {
    let splits: Vec<&Split> = records.iter().map(|record| &record.split).collect();
    PercentPoint {
        step,
        percent: percent_of(&splits),
        floor: splits.iter().map(|split| split.floor).sum::<f64>() / splits.len() as f64,
    }
}

/// Mean percentage over seeds with the interval that [`percent_curve`] describes.
pub fn percent_of(splits: &[&Split]) -> Estimate {
    let values: Vec<f64> = splits.iter().map(|split| split.percent_equiv).collect();
    let mut percent = mean_over_seeds(&values, percent_errors(splits).as_deref());
    if percent.interval.is_none() {
        let intervals: Option<Vec<_>> = splits.iter().map(|split| split.interval()).collect();
        let union = |[low, high]: [f64; 2], [next_low, next_high]: [f64; 2]| {
            [low.min(next_low), high.max(next_high)]
        };
        percent.interval = intervals.and_then(|intervals| intervals.into_iter().reduce(union));
    }
    percent
}

/// Standard error over molecules of each percentage; nothing if one has no interval.
pub(crate) fn percent_errors(splits: &[&Split]) -> Option<Vec<f64>> {
    let error = |[low, high]: [f64; 2]| (high - low) / (2.0 * NORMAL);
    let intervals = splits.iter().map(|split| split.interval().map(error));
    intervals.collect()
}

/// First step of a curve from which on the percentage stays at or below a threshold at every later
/// point, the end of the runs among them; nothing if the last one is above it.
pub fn settled_below(points: &[PercentPoint], threshold: f64) -> Option<u64> {
    let above = points
        .iter()
        .rposition(|point| point.percent.value > threshold);
    points
        .get(above.map_or(0, |index| index + 1))
        .map(|point| point.step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_counts_only_if_kept() {
        let points = |values: &[f64]| -> Vec<PercentPoint> {
            let point = |(index, &value): (usize, &f64)| PercentPoint {
                step: 10 * index as u64,
                percent: Estimate {
                    value,
                    interval: None,
                },
                floor: 0.0,
            };
            values.iter().enumerate().map(point).collect()
        };
        let curve = points(&[50.0, 9.0, 11.0, 10.0, 4.0]);
        assert_eq!(settled_below(&curve, 10.0), Some(30));
        assert_eq!(settled_below(&curve, 5.0), Some(40));
        assert_eq!(settled_below(&curve, 2.0), None);
        assert_eq!(settled_below(&curve, 60.0), Some(0));
        assert_eq!(settled_below(&[], 60.0), None);
    }
}
