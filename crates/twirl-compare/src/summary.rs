//! The final figures of an arm.

use std::collections::BTreeMap;

use twirl_record::{BayesError, Record, Split, Status};

use crate::estimate::{Estimate, mean_over_seeds};
use crate::percent::{mean_count, percent_curve, percent_of, points, settled_below};
use crate::run::{ArmRuns, Run};

/// Percentages whose first lasting step is reported.
pub const THRESHOLDS: [f64; 4] = [10.0, 5.0, 2.0, 1.0];

/// A loss and its parts over seeds. The interval of the percentage is over seeds and molecules, and
/// so is that of an arm's whole loss if [`Figures::loss_over_molecules`]; all others are over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitSummary {
    /// `L`.
    pub loss: Estimate,
    /// `L_mean`.
    pub loss_mean: Estimate,
    /// `L_equiv`.
    pub loss_equiv: Estimate,
    /// `100 L_equiv / L`; mean over seeds of the percentages.
    pub percent: Estimate,
    /// Numerical floor in percent.
    pub floor: f64,
}

/// One term of the loss over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TermSummary {
    /// Its decomposition.
    pub split: SplitSummary,
    /// Squared equivariance error over mean squared prediction.
    pub relative_equiv: Estimate,
    /// Whether it is trained on.
    pub trained: bool,
}

/// The last measurement of an arm, over its counted seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Seeds counted.
    pub seeds: Vec<u64>,
    /// Steps, mean over seeds.
    pub steps: u64,
    /// Device seconds, mean over seeds.
    pub device_seconds: f64,
    /// Operations of the model in training, mean over seeds; absent where they are not counted.
    pub model_flops: Option<f64>,
    /// Molecules (or blocks of frames, where molecules are few) behind the intervals; the fewest of a seed.
    pub molecules: usize,
    /// The training loss.
    pub total: SplitSummary,
    /// Whether the interval of that loss is over molecules too: all records have losses under
    /// resamples of them.
    pub loss_over_molecules: bool,
    /// Its share of the loss of predicting zero, mean over seeds; absent in old records.
    pub of_zero: Option<f64>,
    /// How far that loss can fall on the same molecules; absent in old manifests, and where seeds differ.
    pub bayes_error: Option<BayesError>,
    /// `100 L_equiv / (L - Bayes error)`: the share of imperfect symmetry in what could be learned.
    pub percent_of_excess: Result<Estimate, &'static str>,
    /// The terms that all seeds have.
    pub terms: BTreeMap<String, TermSummary>,
    /// Scores by `name (unit)`, those that all seeds have.
    pub scores: BTreeMap<String, Estimate>,
    /// First step from which on the percentage stays at or below each of [`THRESHOLDS`], to the last
    /// measurement of the runs; the mean of their last steps where it is only so there.
    pub steps_to: [Option<u64>; 4],
}

/// How a run stands that did not finish, or left no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Arm and seed.
    pub run: String,
    /// Its status.
    pub status: Status,
    /// Step of its last record.
    pub step: u64,
    /// Step at which it was to end.
    pub steps: u64,
    /// Its error, if it has one.
    pub error: Option<String>,
}

impl Standing {
    /// Of a run.
    pub fn of(run: &Run) -> Self {
        Self {
            run: run.label(),
            status: run.manifest.status,
            step: run.last_step(),
            steps: run.manifest.job.train.steps,
            error: run.manifest.error.clone(),
        }
    }
}

/// What the runs of an arm say.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmSummary {
    /// Arm name.
    pub arm: String,
    /// Whether the measurements find it exactly equivariant.
    pub exact: bool,
    /// Trainable scalars.
    pub parameters: usize,
    /// The figures; none without a record.
    pub figures: Option<Figures>,
    /// Whether the figures come from finished runs.
    pub finished: bool,
    /// The runs that did not finish, or left no record.
    pub unfinished: Vec<Standing>,
}

/// Summarises an arm.
pub fn summarise(arm: &ArmRuns) -> ArmSummary {
    let counted = arm.counted();
    let ok = |run: &Run| run.manifest.status == Status::Ok;
    let unfinished = arm
        .runs
        .iter()
        .filter(|run| !ok(run) || run.records.is_empty());
    ArmSummary {
        arm: arm.arm.clone(),
        exact: arm.is_exact(),
        parameters: arm.runs.first().map_or(0, |run| run.manifest.parameters),
        figures: figures(arm),
        finished: !counted.is_empty() && counted.iter().all(|run| ok(run)),
        unfinished: unfinished.map(Standing::of).collect(),
    }
}

fn figures(arm: &ArmRuns) -> Option<Figures> {
    let counted = arm.counted();
    let last = arm.last_records();
    let first = *last.first()?;
    let curve = percent_curve(arm);
    let term = |name: &String| {
        let terms: Option<Vec<_>> = last.iter().map(|record| record.terms.get(name)).collect();
        let terms = terms?;
        let splits: Vec<&Split> = terms.iter().map(|term| &term.split).collect();
        let relative: Vec<f64> = terms
            .iter()
            .map(|term| term.relative_equiv.unwrap_or(f64::NAN))
            .collect();
        let summary = TermSummary {
            split: split_summary(&splits),
            relative_equiv: mean_over_seeds(&relative, None),
            trained: terms[0].trained,
        };
        Some((name.clone(), summary))
    };
    let score = |name: &String| {
        let values: Option<Vec<f64>> = last
            .iter()
            .map(|record| record.scores.get(name).copied())
            .collect();
        values.map(|values| (name.clone(), mean_over_seeds(&values, None)))
    };
    let splits: Vec<&Split> = last.iter().map(|record| &record.split).collect();
    let errors: Option<Vec<f64>> = last.iter().map(|record| loss_error(record)).collect();
    let losses: Vec<f64> = splits.iter().map(|split| split.loss).collect();
    let shares: Option<Vec<f64>> = last
        .iter()
        .map(|record| Some(record.split.loss / record.loss_zero?))
        .collect();
    let flops: Option<f64> = last.iter().map(|record| record.model_flops).sum();
    Some(Figures {
        seeds: counted.iter().map(|run| run.manifest.job.seed).collect(),
        steps: mean_count(last.iter().map(|record| record.step))?,
        device_seconds: last.iter().map(|record| record.device_seconds).sum::<f64>()
            / last.len() as f64,
        model_flops: flops.map(|flops| flops / last.len() as f64),
        molecules: last
            .iter()
            .map(|record| record.molecules)
            .min()
            .unwrap_or(0),
        total: SplitSummary {
            loss: mean_over_seeds(&losses, errors.as_deref()),
            ..split_summary(&splits)
        },
        loss_over_molecules: errors.is_some(),
        of_zero: shares.map(|shares| mean_over_seeds(&shares, None).value),
        percent_of_excess: percent_of_excess(arm),
        bayes_error: bayes_error(arm),
        terms: first.terms.keys().filter_map(term).collect(),
        scores: first.scores.keys().filter_map(score).collect(),
        steps_to: THRESHOLDS.map(|threshold| settled_below(&curve, threshold)),
    })
}

/// What all runs of an arm say of the Bayes error. They are measured on the same molecules.
fn bayes_error(arm: &ArmRuns) -> Option<BayesError> {
    let runs = arm.counted();
    let mut stated = runs.iter().map(|run| &run.manifest.bayes_error);
    let first = stated.next()?;
    stated.all(|other| other == first).then(|| first.clone())?
}

/// `100 L_equiv / (L - Bayes error)` at the end, mean over seeds.
///
/// # Errors
/// Why there is none.
pub(crate) fn percent_of_excess(arm: &ArmRuns) -> Result<Estimate, &'static str> {
    let stated = bayes_error(arm).ok_or("no Bayes error in the manifests")?;
    let last = arm.last_records();
    let splits = last.iter().map(|record| &record.split);
    let least = stated.loss().map_err(|_| "Bayes error unknown")?;
    let excess =
        |split: &Split| (split.loss > least).then(|| split.loss_equiv / (split.loss - least));
    let percents: Option<Vec<f64>> = splits.map(|split| Some(100.0 * excess(split)?)).collect();
    let percents = percents.ok_or("a loss is not above it")?;
    Ok(mean_over_seeds(&percents, None))
}

/// Standard error of a loss over molecules: the standard deviation of its resamples.
fn loss_error(record: &Record) -> Option<f64> {
    let losses = &record.loss_replicates;
    let n = losses.len() as f64;
    let mean = losses.iter().sum::<f64>() / n;
    let squares: f64 = losses.iter().map(|loss| (loss - mean).powi(2)).sum();
    (n > 1.0).then(|| (squares / (n - 1.0)).sqrt())
}

/// The loss and its parts against steps, means over seeds, at the steps of [`percent_curve`].
pub fn split_curve(arm: &ArmRuns) -> Vec<(u64, SplitSummary)> {
    let summary = |(step, records): (u64, Vec<&Record>)| {
        let splits: Vec<&Split> = records.iter().map(|record| &record.split).collect();
        (step, split_summary(&splits))
    };
    points(arm).into_iter().map(summary).collect()
}

pub(crate) fn split_summary(splits: &[&Split]) -> SplitSummary {
    let over = |pick: fn(&Split) -> f64| {
        let values: Vec<f64> = splits.iter().map(|split| pick(split)).collect();
        mean_over_seeds(&values, None)
    };
    SplitSummary {
        loss: over(|split| split.loss),
        loss_mean: over(|split| split.loss_mean),
        loss_equiv: over(|split| split.loss_equiv),
        percent: percent_of(splits),
        floor: over(|split| split.floor).value,
    }
}
