//! Two arms, or two result folders arm by arm.

use twirl_record::Split;

use crate::ReportError;
use crate::caveats::Caveats;
use crate::comparable::{comparable, same_clock};
use crate::curve::{Cost, percent_errors};
use crate::draws::Sides;
use crate::grid::Grid;
use crate::number::{NONE, range, significant};
use crate::runs::{ArmRuns, Run, RunSet};
use crate::seeds::{Estimate, beside};
use crate::tables::seeds_text;
use crate::versus::Verdict;

/// What two arms differ in. Intervals are from three seeds of either on: of losses over seeds and
/// molecules, those resampled alike for both (over seeds only where [`Caveats::seeds_only`] says
/// so); of device seconds over seeds.
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
    /// Final percentage of the first less that of the second, in points. Errors over molecules of
    /// the two count as independent, which is too wide an interval rather than too narrow.
    pub percent_difference: Estimate,
    /// Whether that interval is over seeds only: a percentage has no interval over molecules.
    pub percent_seeds_only: bool,
    /// Device seconds of the first over those of the second; with the reason if clocks differ.
    pub seconds_ratio: Result<Estimate, String>,
    /// Loss ratio at the largest device time that all runs have, and that time; with the reason
    /// if there is none.
    pub at_equal_time: Result<(f64, Estimate), String>,
    /// What must be read beside it.
    pub caveats: Caveats,
}

impl Comparison {
    /// Whether the first's final loss is lower. Undecided if a seed of either failed.
    pub fn loss_verdict(&self) -> Verdict {
        Verdict::of(&self.loss_ratio, 1.0).unless(self.caveats.any_failed())
    }

    /// Whether the first's percentage is lower. Undecided if a seed of either failed.
    pub fn percent_verdict(&self) -> Verdict {
        Verdict::of(&self.percent_difference, 0.0).unless(self.caveats.any_failed())
    }

    /// The caveats in words, with names of the two.
    pub(crate) fn notes(&self, names: [&str; 2]) -> String {
        let text = self.caveats.text(names);
        match (self.caveats.seeds_only, self.percent_seeds_only) {
            (true, false) => text.replace("over seeds", "losses over seeds"),
            (false, true) if text == NONE => "percent over seeds only".into(),
            (false, true) => text + "; percent over seeds only",
            _ => text,
        }
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
        "notes",
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
            comparison.notes(["A", "B"]),
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
    let curves = Sides::curves(a, b, Cost::DeviceSeconds)?;
    let runs = [a.counted(), b.counted()];
    let first = &runs[0][0].manifest;
    comparable(first, &runs[1][0].manifest)?;
    let clock = runs
        .iter()
        .flatten()
        .try_for_each(|run| same_clock(first, &run.manifest));
    let seconds_ratio = clock.clone().and_then(|()| {
        let seconds = |run: &&Run| Some(run.last()?.device_seconds.ln());
        let seconds = |runs: &Vec<&Run>| runs.iter().filter_map(seconds).collect();
        ratio(&Sides::of_seeds(runs.each_ref().map(seconds)))
            .map(|pair| pair.0)
            .ok_or_else(|| "a run has none".into())
    });
    let losses = ratio(&Sides::last_losses(a, b));
    let (loss_ratio, seeds_only) = losses.ok_or("a final loss is not positive")?;
    let at_equal_time = clock.and_then(|()| {
        let (seconds, draws) = curves.at_equal(Cost::DeviceSeconds)?;
        Ok((seconds, draws.ratio(|ratio| *ratio)))
    });
    let common = at_equal_time.as_ref().ok().map(|found| found.0);
    let (percent_difference, percent_seeds_only) = percents(&runs).ok_or("a run has no record")?;
    Ok(Comparison {
        a: a.arm.clone(),
        b: b.arm.clone(),
        seeds: curves.counts(),
        loss_ratio,
        percent_difference,
        percent_seeds_only,
        seconds_ratio,
        at_equal_time,
        caveats: Caveats::of([a, b], seeds_only, Cost::DeviceSeconds, common),
    })
}

/// Ratio of geometric means from logarithms, and whether its interval is over seeds only; nothing
/// if a logarithm is not finite.
fn ratio(logs: &Sides<f64>) -> Option<(Estimate, bool)> {
    let finite = logs
        .measured
        .iter()
        .flatten()
        .all(|value| value.is_finite());
    let draws = finite.then(|| logs.difference())??;
    Some((draws.ratio(|log| log.exp()), draws.seeds_only()))
}

/// Difference of the mean percentages, and whether its interval is over seeds only.
fn percents(runs: &[Vec<&Run>; 2]) -> Option<(Estimate, bool)> {
    let splits = runs.each_ref().map(|runs| last_splits(runs));
    let percent = |side: &Vec<&Split>| side.iter().map(|split| split.percent_equiv).collect();
    let draws = Sides::of_seeds(splits.each_ref().map(percent)).difference()?;
    let errors = splits.each_ref().map(|side| percent_errors(side));
    let error = match &errors {
        [Some(a), Some(b)] => {
            let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len() as f64;
            Some(mean(a).hypot(mean(b)))
        }
        _ => None,
    };
    let value = draws.value;
    let interval = draws
        .interval(|value| *value)
        .map(|ends| beside(value, ends, error.unwrap_or(0.0)));
    let seeds_only = interval.is_some() && error.is_none();
    Some((Estimate { value, interval }, seeds_only))
}

fn last_splits<'a>(runs: &[&'a Run]) -> Vec<&'a Split> {
    let last = runs.iter().filter_map(|run| run.last());
    last.map(|record| &record.split).collect()
}
