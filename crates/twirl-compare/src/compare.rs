//! Two arms, or two result folders arm by arm.

use twirl_record::Split;

use crate::caveats::Caveats;
use crate::comparable::{comparable, same_clock};
use crate::cost::Cost;
use crate::draws::Sides;
use crate::error::CompareError;
use crate::estimate::{Estimate, beside};
use crate::percent::percent_errors;
use crate::refusal::Refusal;
use crate::run::{ArmRuns, Run, RunSet};
use crate::summary::percent_of_excess;
use crate::verdict::Verdict;

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
    /// `100 L_equiv / (L - Bayes error)` of each at the end; with the reason if there is none.
    pub percent_of_excess: [Result<Estimate, &'static str>; 2],
    /// Device seconds of the first over those of the second; with the reason if clocks differ.
    pub seconds_ratio: Result<Estimate, Refusal>,
    /// Loss ratio at the largest device time that all runs have, and that time; with the reason
    /// if there is none.
    pub at_equal_time: Result<(f64, Estimate), Refusal>,
    /// What must be read beside it.
    pub caveats: Caveats,
}

impl Comparison {
    /// Whether the first's final loss is lower. Undecided if a seed of either failed.
    pub fn loss_verdict(&self) -> Verdict {
        Verdict::of(&self.loss_ratio, 1.0).undecided_if(self.caveats.forbid_at_any_cost())
    }

    /// Whether the first's percentage is lower. Undecided if a seed of either failed.
    pub fn percent_verdict(&self) -> Verdict {
        Verdict::of(&self.percent_difference, 0.0).undecided_if(self.caveats.forbid_at_any_cost())
    }
}

/// Compares two arms.
///
/// # Errors
/// [`CompareError::Incomparable`] with the reason.
pub fn compare(a: &ArmRuns, b: &ArmRuns) -> Result<Comparison, CompareError> {
    attempt(a, b).map_err(|reason| CompareError::Incomparable {
        a: a.place(),
        b: b.place(),
        reason,
    })
}

/// Compares the arms that two folders share; those that only one has are refused by name.
pub fn compare_sets(a: &RunSet, b: &RunSet) -> Vec<Result<Comparison, CompareError>> {
    let same = |left: &ArmRuns, right: &ArmRuns| left.task == right.task && left.arm == right.arm;
    let one_sided = |arm: &ArmRuns, folder| {
        Err(CompareError::Incomparable {
            a: arm.place(),
            b: arm.place(),
            reason: Refusal::OneSided(folder),
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

fn attempt(a: &ArmRuns, b: &ArmRuns) -> Result<Comparison, Refusal> {
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
            .ok_or(Refusal::NoSeconds)
    });
    let losses = ratio(&Sides::last_losses(a, b));
    let (loss_ratio, seeds_only) = losses.ok_or(Refusal::NotPositive)?;
    let at_equal_time = clock.and_then(|()| {
        let (seconds, draws) = curves.at_equal(Cost::DeviceSeconds)?;
        Ok((seconds, draws.ratio(|ratio| *ratio)))
    });
    let common = at_equal_time.as_ref().ok().map(|found| found.0);
    let percents = percents([a, b]);
    let (percent_difference, percent_seeds_only) =
        percents.ok_or_else(|| Refusal::NoRecord(a.arm.clone()))?;
    Ok(Comparison {
        a: a.arm.clone(),
        b: b.arm.clone(),
        seeds: curves.counts(),
        loss_ratio,
        percent_difference,
        percent_seeds_only,
        percent_of_excess: [a, b].map(percent_of_excess),
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
fn percents(arms: [&ArmRuns; 2]) -> Option<(Estimate, bool)> {
    let last = arms.map(ArmRuns::last_records);
    let splits = last
        .each_ref()
        .map(|side| side.iter().map(|record| &record.split));
    let percents = splits
        .clone()
        .map(|side| side.map(|split| split.percent_equiv).collect());
    let draws = Sides::of_seeds(percents).difference()?;
    let mean = |splits: Vec<&Split>| {
        let errors = percent_errors(&splits)?;
        Some(errors.iter().sum::<f64>() / errors.len() as f64)
    };
    let errors = splits.map(|side| mean(side.collect()));
    let error = errors[0].zip(errors[1]).map(|(a, b)| a.hypot(b));
    let value = draws.value;
    let interval = draws
        .interval(|value| *value)
        .map(|ends| beside(value, ends, error.unwrap_or(0.0)));
    let seeds_only = interval.is_some() && error.is_none();
    Some((Estimate { value, interval }, seeds_only))
}
