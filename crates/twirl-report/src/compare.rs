//! Two arms, or two result folders arm by arm.

use crate::ReportError;
use crate::comparable::{comparable, same_clock};
use crate::curve::Curve;
use crate::grid::Grid;
use crate::number::{NONE, range, significant};
use crate::runs::{ArmRuns, RunSet};
use crate::seeds::{Estimate, Resample, interval, log_interval, resamples};
use crate::tables::seeds_text;
use crate::versus::{Verdict, curves};

/// What two arms differ in. Intervals are over seeds, from three of either on.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Name of the first.
    pub a: String,
    /// Name of the second.
    pub b: String,
    /// Seeds of each.
    pub seeds: [usize; 2],
    /// Final loss of the first over that of the second; geometric means over seeds.
    pub loss_ratio: Estimate,
    /// Final percentage of the first less that of the second, in points.
    pub percent_difference: Estimate,
    /// Device seconds of the first over those of the second; with the reason if clocks differ.
    pub seconds_ratio: Result<Estimate, String>,
    /// Loss ratio at the largest device time that all runs have, and that time; with the reason
    /// if there is none.
    pub at_equal_time: Result<(f64, Estimate), String>,
}

impl Comparison {
    /// Whether the first's final loss is lower.
    pub fn loss_verdict(&self) -> Verdict {
        Verdict::of(&self.loss_ratio, 1.0)
    }

    /// Whether the first's percentage is lower.
    pub fn percent_verdict(&self) -> Verdict {
        Verdict::of(&self.percent_difference, 0.0)
    }
}

/// Compares two arms.
///
/// # Errors
/// [`ReportError::Incomparable`] with the reason.
pub fn compare(a: &ArmRuns, b: &ArmRuns) -> Result<Comparison, ReportError> {
    attempt(a, b).map_err(|reason| {
        let name = |arm: &ArmRuns| format!("{}/{}", arm.task, arm.arm);
        ReportError::Incomparable {
            a: name(a),
            b: name(b),
            reason,
        }
    })
}

/// Compares the arms that two folders share; those that only one has are refused by name.
pub fn compare_sets(a: &RunSet, b: &RunSet) -> Vec<Result<Comparison, ReportError>> {
    let same = |left: &ArmRuns, right: &ArmRuns| left.task == right.task && left.arm == right.arm;
    let one_sided = |arm: &ArmRuns, other: &str| {
        let name = format!("{}/{}", arm.task, arm.arm);
        let reason = format!("only the {other} folder has it");
        Err(ReportError::Incomparable {
            a: name.clone(),
            b: name,
            reason,
        })
    };
    let mut all: Vec<_> = a
        .arms()
        .map(|left| match b.arms().find(|right| same(left, right)) {
            Some(right) => compare(left, right),
            None => one_sided(left, "first"),
        })
        .collect();
    let extra = b
        .arms()
        .filter(|right| !a.arms().any(|left| same(left, right)));
    all.extend(extra.map(|right| one_sided(right, "second")));
    all
}

/// A table of comparisons, and one line for each refusal.
pub fn compare_table(comparisons: &[Result<Comparison, ReportError>]) -> String {
    let head = [
        "A",
        "B",
        "loss A/B",
        "95 % interval",
        "percent A-B",
        "95 % interval",
        "seconds A/B",
        "at device s",
        "loss A/B then",
        "95 % interval",
        "lower loss",
        "lower percent",
    ];
    let mut grid = Grid::new(
        "A against B: final losses, percentages and device seconds",
        2,
        head,
    );
    let mut refused: Vec<String> = Vec::new();
    for comparison in comparisons {
        let comparison = match comparison {
            Ok(comparison) => comparison,
            Err(error) => {
                refused.push(error.to_string());
                continue;
            }
        };
        let verdict = |verdict| match verdict {
            Verdict::Lower => "A".into(),
            Verdict::Higher => "B".into(),
            Verdict::Undecided => "undecided".into(),
            Verdict::NoInterval => seeds_text(comparison.seeds),
        };
        let (seconds, then) = match &comparison.at_equal_time {
            Ok((seconds, ratio)) => (significant(*seconds, 3), Some(*ratio)),
            Err(_) => (NONE.into(), None),
        };
        grid.push(vec![
            comparison.a.clone(),
            comparison.b.clone(),
            significant(comparison.loss_ratio.value, 3),
            range(comparison.loss_ratio.interval, 3),
            significant(comparison.percent_difference.value, 3),
            range(comparison.percent_difference.interval, 3),
            comparison
                .seconds_ratio
                .as_ref()
                .map_or(NONE.into(), |r| significant(r.value, 3)),
            seconds,
            then.map_or(NONE.into(), |ratio| significant(ratio.value, 3)),
            then.map_or(NONE.into(), |ratio| range(ratio.interval, 3)),
            verdict(comparison.loss_verdict()),
            verdict(comparison.percent_verdict()),
        ]);
        for reason in [
            comparison.seconds_ratio.as_ref().err(),
            comparison.at_equal_time.as_ref().err(),
        ]
        .into_iter()
        .flatten()
        {
            refused.push(format!(
                "{} against {}: device seconds: {reason}",
                comparison.a, comparison.b
            ));
        }
    }
    refused.dedup();
    let refused = refused
        .iter()
        .fold(String::new(), |text, line| text + line + "\n");
    grid.text() + &refused
}

fn attempt(a: &ArmRuns, b: &ArmRuns) -> Result<Comparison, String> {
    let (runs_a, runs_b) = (a.counted(), b.counted());
    let curves = [curves(a)?, curves(b)?];
    let (first_a, first_b) = (&runs_a[0].manifest, &runs_b[0].manifest);
    comparable(first_a, first_b)?;
    let clock = runs_a
        .iter()
        .chain(&runs_b)
        .try_for_each(|run| same_clock(first_a, &run.manifest));
    let last = |runs: &[&crate::Run], pick: fn(&twirl_harness::Record) -> f64| -> Vec<f64> {
        runs.iter().filter_map(|run| run.last()).map(pick).collect()
    };
    let figures =
        |pick: fn(&twirl_harness::Record) -> f64| [last(&runs_a, pick), last(&runs_b, pick)];
    let counts = [runs_a.len(), runs_b.len()];
    let drawn = resamples(&counts);
    let seconds_ratio = clock.clone().and_then(|()| {
        ratio(
            &figures(|record| record.device_seconds.ln()),
            drawn.as_deref(),
        )
        .ok_or_else(|| "a run has none".into())
    });
    let loss = figures(|record| record.split.loss.ln());
    Ok(Comparison {
        a: a.arm.clone(),
        b: b.arm.clone(),
        seeds: counts,
        loss_ratio: ratio(&loss, drawn.as_deref()).ok_or("a final loss is not positive")?,
        percent_difference: difference(
            &figures(|record| record.split.percent_equiv),
            drawn.as_deref(),
        ),
        seconds_ratio,
        at_equal_time: clock.and_then(|()| equal_time(&curves, drawn.as_deref())),
    })
}

/// Difference of the means over the picked seeds.
fn gap(values: &[Vec<f64>; 2], picks: &[Vec<usize>]) -> f64 {
    let mean = |side: usize| {
        picks[side]
            .iter()
            .map(|&pick| values[side][pick])
            .sum::<f64>()
            / picks[side].len() as f64
    };
    mean(0) - mean(1)
}

fn gaps(values: &[Vec<f64>; 2], drawn: Option<&[Resample]>) -> (f64, Option<Vec<f64>>, usize) {
    let everyone: Resample = values
        .iter()
        .map(|side| (0..side.len()).collect())
        .collect();
    let replicates = drawn.map(|drawn| drawn.iter().map(|picks| gap(values, picks)).collect());
    (
        gap(values, &everyone),
        replicates,
        values[0].len().min(values[1].len()),
    )
}

fn difference(values: &[Vec<f64>; 2], drawn: Option<&[Resample]>) -> Estimate {
    let (value, replicates, fewest) = gaps(values, drawn);
    Estimate {
        value,
        interval: replicates.and_then(|r| interval(value, r, fewest)),
    }
}

/// Ratio of geometric means from logarithms; nothing if one is not finite.
fn ratio(logs: &[Vec<f64>; 2], drawn: Option<&[Resample]>) -> Option<Estimate> {
    let finite = logs.iter().flatten().all(|value| value.is_finite());
    let estimate = finite.then(|| difference(logs, drawn))?;
    Some(Estimate {
        value: estimate.value.exp(),
        interval: estimate.interval.map(|ends| ends.map(f64::exp)),
    })
}

fn equal_time(
    curves: &[Vec<Curve>; 2],
    drawn: Option<&[Resample]>,
) -> Result<(f64, Estimate), String> {
    let all = || curves.iter().flatten();
    let seconds = all().map(Curve::last).fold(f64::INFINITY, f64::min);
    let at = |side: &[Curve]| -> Option<Vec<f64>> {
        side.iter()
            .map(|curve| curve.at(seconds).map(f64::ln))
            .collect()
    };
    let (Some(a), Some(b)) = (at(&curves[0]), at(&curves[1])) else {
        return Err("no common device time; give both the same budget of seconds".into());
    };
    let (value, replicates, fewest) = gaps(&[a, b], drawn);
    let value = value.exp();
    let interval = replicates.and_then(|replicates| {
        log_interval(
            value,
            replicates.into_iter().map(f64::exp).collect(),
            fewest,
        )
    });
    Ok((seconds, Estimate { value, interval }))
}
