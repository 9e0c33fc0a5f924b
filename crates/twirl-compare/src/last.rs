//! What is only measured once a run has ended.

use std::collections::BTreeSet;

use twirl_record::{ExtraMeasurement, ExtraRecord, Figure, TermRecord};

use crate::compare::{Comparison, compare};
use crate::estimate::{Estimate, mean_over_seeds};
use crate::run::{ArmRuns, TaskRuns};
use crate::summary::{SplitSummary, split_summary};

/// The last weights of an arm under other rotations, over its counted seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanionSummary {
    /// Arm name.
    pub arm: String,
    /// Name of the companion.
    pub name: String,
    /// Which rotations.
    pub companion: ExtraMeasurement,
    /// Rotations of each molecule.
    pub rotations: usize,
    /// Molecules behind the interval; the fewest of a seed.
    pub molecules: usize,
    /// The loss and its parts.
    pub split: SplitSummary,
    /// The largest relative symmetry error of a term, of either sign.
    pub relative_equiv: Option<f64>,
    /// The largest parity error of a term, of either sign.
    pub parity: Option<f64>,
}

/// The companions of an arm, by name.
pub fn companions(arm: &ArmRuns) -> Vec<CompanionSummary> {
    let last = arm.last_records();
    let names: BTreeSet<&String> = last.iter().flat_map(|r| r.companions.keys()).collect();
    let molecules = last.iter().map(|record| record.molecules).min();
    let summary = |name: &String| {
        let found = last.iter().filter_map(|record| record.companions.get(name));
        let found: Vec<&ExtraRecord> = found.collect();
        let splits: Vec<_> = found.iter().map(|record| &record.split).collect();
        let most = |pick: fn(&TermRecord) -> Option<f64>| {
            let terms = found.iter().flat_map(|record| record.terms.values());
            let larger = |a: f64, b: f64| if a.abs() >= b.abs() { a } else { b };
            terms.filter_map(pick).reduce(larger)
        };
        CompanionSummary {
            arm: arm.arm.clone(),
            name: name.clone(),
            companion: found[0].companion,
            rotations: found[0].rotations,
            molecules: molecules.unwrap_or(0),
            split: split_summary(&splits),
            relative_equiv: most(|term| term.relative_equiv),
            parity: most(|term| term.parity),
        }
    };
    names.into_iter().map(summary).collect()
}

/// Names and units of the figures of a task's finished models and of the baselines.
pub fn closing_figures(task: &TaskRuns) -> BTreeSet<(&str, &str)> {
    let closings = task.counted().map(|run| &run.manifest.closing);
    let figures = closings.flat_map(|of| of.figures.iter().chain(of.baselines.values().flatten()));
    figures
        .map(|(name, figure)| (name.as_str(), figure.unit.as_str()))
        .collect()
}

/// Names of a task's baselines.
pub fn baselines(task: &TaskRuns) -> BTreeSet<&str> {
    let closings = task.counted().map(|run| &run.manifest.closing);
    closings
        .flat_map(|closing| closing.baselines.keys())
        .map(String::as_str)
        .collect()
}

/// A figure of an arm's finished models: mean over seeds with its interval over seeds, or that over
/// molecules where there is one seed.
pub fn closing_figure(arm: &ArmRuns, name: &str) -> Option<Estimate> {
    let runs = arm.counted();
    let figures = runs
        .iter()
        .filter_map(|run| run.manifest.closing.figures.get(name));
    over_seeds(&figures.collect::<Vec<_>>())
}

/// A figure of a baseline. Every run repeats them: those of the first say it.
pub fn baseline_figure(task: &TaskRuns, baseline: &str, name: &str) -> Option<Estimate> {
    let mut runs = task.counted();
    let figure = runs.find_map(|run| run.manifest.closing.baselines.get(baseline)?.get(name));
    over_seeds(&figure.into_iter().collect::<Vec<_>>())
}

fn over_seeds(figures: &[&Figure]) -> Option<Estimate> {
    let values: Vec<f64> = figures.iter().map(|figure| figure.value).collect();
    match figures {
        [] => None,
        [only] => Some(Estimate {
            value: only.value,
            interval: only.low.zip(only.high).map(|(low, high)| [low, high]),
        }),
        _ => Some(mean_over_seeds(&values, None)),
    }
}

/// A control of an arm against the arm itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// The control against the arm.
    pub comparison: Comparison,
    /// Mean of the last percentages of control and arm.
    pub percents: [f64; 2],
    /// Learning rates of control and arm, in ascending order, each once.
    pub learning_rates: [Vec<f64>; 2],
}

/// The controls of a task that can be compared with their arms, in the order of these.
pub fn controls(task: &TaskRuns) -> Vec<Control> {
    let percent = |of: &ArmRuns| {
        let last = of.last_records();
        let sum: f64 = last.iter().map(|record| record.split.percent_equiv).sum();
        sum / last.len() as f64
    };
    let rates = |of: &ArmRuns| {
        let runs = of.counted();
        let mut rates: Vec<f64> = runs.iter().map(|run| run.manifest.learning_rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        rates
    };
    let of = |control| {
        let arm = task.controlled_by(control)?;
        Some(Control {
            comparison: compare(control, arm).ok()?,
            percents: [control, arm].map(percent),
            learning_rates: [control, arm].map(rates),
        })
    };
    let mut all: Vec<Control> = task.arms.iter().filter_map(of).collect();
    all.sort_by(|a, b| a.comparison.b.cmp(&b.comparison.b));
    all
}
