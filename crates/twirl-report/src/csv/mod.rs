//! The figures and tables as comma-separated values, at full precision.

use std::fmt::Display;

mod further;

pub(crate) use further::{TWIRLS, spectrum, twirl};

use crate::curve::Reach;
use crate::runs::{RunSet, TaskRuns};
use crate::seeds::Estimate;
use crate::summary::{ArmSummary, SplitSummary, THRESHOLDS, summarise};
use crate::versus::{Reached, versus_all};

/// One file of comma-separated values (RFC 4180), with a head line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csv {
    /// File name.
    pub name: String,
    /// Content.
    pub text: String,
    /// Head and rows, unquoted.
    lines: Vec<Vec<String>>,
}

impl Csv {
    pub(crate) fn new(task: &str, what: &str, head: &[&str]) -> Self {
        let name = format!("{}-{what}.csv", crate::text::file_stem(task));
        let mut csv = Self {
            name,
            text: String::new(),
            lines: Vec::new(),
        };
        csv.line(&head.iter().map(ToString::to_string).collect::<Vec<_>>());
        csv
    }

    /// Head and rows.
    pub(crate) fn cells(&self) -> (&[String], &[Vec<String>]) {
        let (head, rows) = self.lines.split_first().expect("begins with its head");
        (head, rows)
    }

    pub(crate) fn line(&mut self, cells: &[String]) {
        let quoted: Vec<String> = cells
            .iter()
            .map(|cell| {
                if cell.contains(['"', ',', '\n', '\r']) {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell.clone()
                }
            })
            .collect();
        self.text.push_str(&quoted.join(","));
        self.text.push_str("\r\n");
        self.lines.push(cells.to_vec());
    }
}

/// All files: for each task `percent-steps`, `loss-cost`, `summary`, `terms`, `scores`,
/// `versus`, `cost`, `term-steps`, `spectrum`, `twirl`, `companions`, `closing`. Absent values are
/// empty.
pub fn csv(set: &RunSet) -> Vec<Csv> {
    set.tasks
        .iter()
        .flat_map(|task| {
            let arms: Vec<ArmSummary> = task.arms.iter().map(summarise).collect();
            [
                percent_steps(task),
                loss_cost(task),
                summary(task, &arms),
                terms(task, &arms),
                scores(task, &arms),
                versus(task),
                cost(task),
                further::term_steps(task),
                further::spectrum(task),
                further::twirl(task),
                further::companions(task),
                further::closing(task),
            ]
        })
        .collect()
}

pub(crate) fn texts<const N: usize>(values: [&dyn Display; N]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

pub(crate) fn optional<T: Display>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn finite(value: f64) -> String {
    optional(value.is_finite().then_some(value))
}

fn estimate(value: &Estimate) -> [String; 3] {
    let [low, high] = value
        .interval
        .map_or([String::new(), String::new()], |ends| ends.map(finite));
    [finite(value.value), low, high]
}

/// Behind the figure of percentages: every record of the counted runs.
pub(crate) fn percent_steps(task: &TaskRuns) -> Csv {
    let head = [
        "arm",
        "seed",
        "step",
        "percent_equiv",
        "percent_low",
        "percent_high",
        "floor",
    ];
    let mut csv = Csv::new(&task.task, "percent-steps", &head);
    for run in task.arms.iter().flat_map(crate::ArmRuns::counted) {
        let job = &run.manifest.job;
        for record in &run.records {
            let split = &record.split;
            csv.line(&texts([
                &job.arm,
                &job.seed,
                &record.step,
                &split.percent_equiv,
                &optional(split.percent_low),
                &optional(split.percent_high),
                &split.floor,
            ]));
        }
    }
    csv
}

/// Behind the figure of losses: every record of the counted runs.
pub(crate) fn loss_cost(task: &TaskRuns) -> Csv {
    let head = [
        "arm",
        "seed",
        "step",
        "samples",
        "device_seconds",
        "model_flops",
        "loss",
        "loss_mean",
        "loss_equiv",
    ];
    let mut csv = Csv::new(&task.task, "loss-cost", &head);
    for run in task.arms.iter().flat_map(crate::ArmRuns::counted) {
        let job = &run.manifest.job;
        for record in &run.records {
            let split = &record.split;
            csv.line(&texts([
                &job.arm,
                &job.seed,
                &record.step,
                &record.samples,
                &record.device_seconds,
                &optional(record.model_flops),
                &split.loss,
                &split.loss_mean,
                &split.loss_equiv,
            ]));
        }
    }
    csv
}

const SPLIT: [&str; 11] = [
    "loss",
    "loss_low",
    "loss_high",
    "loss_mean",
    "loss_mean_low",
    "loss_mean_high",
    "loss_equiv",
    "percent_equiv",
    "percent_low",
    "percent_high",
    "floor",
];

fn split_cells(split: &SplitSummary) -> Vec<String> {
    let mut cells = Vec::from(estimate(&split.loss));
    cells.extend(estimate(&split.loss_mean));
    cells.push(finite(split.loss_equiv.value));
    cells.extend(estimate(&split.percent));
    cells.push(finite(split.floor));
    cells
}

fn summary(task: &TaskRuns, arms: &[ArmSummary]) -> Csv {
    let steps = THRESHOLDS.map(|threshold| format!("steps_to_{threshold}"));
    let mut head = vec![
        "arm",
        "parameters",
        "seeds",
        "finished",
        "exact",
        "steps",
        "device_seconds",
        "model_flops",
    ];
    head.extend(SPLIT);
    head.push("loss_of_zero");
    head.push("loss_over_molecules");
    head.extend(steps.iter().map(String::as_str));
    let mut csv = Csv::new(&task.task, "summary", &head);
    for arm in arms {
        let mut row = texts([&arm.arm, &arm.parameters]);
        if let Some(figures) = &arm.figures {
            row.extend(texts([
                &figures.seeds.len(),
                &arm.finished,
                &arm.exact,
                &figures.steps,
                &figures.device_seconds,
                &optional(figures.model_flops),
            ]));
            row.extend(split_cells(&figures.total));
            row.push(optional(figures.of_zero));
            row.push(figures.loss_over_molecules.to_string());
            row.extend(figures.steps_to.map(optional));
        } else {
            row.push("0".into());
            row.resize(head.len(), String::new());
        }
        csv.line(&row);
    }
    csv
}

fn terms(task: &TaskRuns, arms: &[ArmSummary]) -> Csv {
    let mut head = vec!["arm", "term", "trained"];
    head.extend(SPLIT);
    head.push("relative_equiv");
    let mut csv = Csv::new(&task.task, "terms", &head);
    for arm in arms {
        for (name, term) in arm.figures.iter().flat_map(|figures| &figures.terms) {
            let mut row = texts([&arm.arm, name, &term.trained]);
            row.extend(split_cells(&term.split));
            row.push(finite(term.relative_equiv.value));
            csv.line(&row);
        }
    }
    csv
}

fn scores(task: &TaskRuns, arms: &[ArmSummary]) -> Csv {
    let mut csv = Csv::new(
        &task.task,
        "scores",
        &["arm", "score", "value", "low", "high"],
    );
    for arm in arms {
        for (name, score) in arm.figures.iter().flat_map(|figures| &figures.scores) {
            let mut row = texts([&arm.arm, name]);
            row.extend(estimate(score));
            csv.line(&row);
        }
    }
    csv
}

/// `at`, `before` or `never`, the value (for `never` the bound), and the interval.
fn reached(reached: &Reached) -> [String; 4] {
    let (word, value) = match reached.value {
        Reach::At(value) => ("at", value),
        Reach::Before(value) => ("before", value),
        Reach::Never { after } => ("never", after),
    };
    let [low, high] = reached
        .interval
        .map_or([String::new(), String::new()], |ends| ends.map(finite));
    [word.into(), finite(value), low, high]
}

pub(crate) fn versus(task: &TaskRuns) -> Csv {
    let head = [
        "arm",
        "against",
        "seeds",
        "against_seeds",
        "at_device_seconds",
        "loss",
        "against_loss",
        "ratio",
        "ratio_low",
        "ratio_high",
        "against_final_loss",
        "against_seconds",
        "to_final_loss",
        "to_final_loss_seconds",
        "to_final_loss_low",
        "to_final_loss_high",
        "break_even",
        "break_even_factor",
        "break_even_low",
        "break_even_high",
        "equiv_percent",
        "equiv_percent_low",
        "equiv_percent_high",
        "at_model_flops",
        "ratio_at_flops",
        "ratio_at_flops_low",
        "ratio_at_flops_high",
        "seeds_only",
        "failed",
        "against_failed",
        "mid_anneal",
        "against_mid_anneal",
        "refusal",
    ];
    let mut csv = Csv::new(&task.task, "versus", &head);
    for (plain, exact, pair) in versus_all(task) {
        let mut row = vec![plain, exact];
        match pair {
            Ok(pair) => {
                row.extend(texts([
                    &pair.seeds[0],
                    &pair.seeds[1],
                    &pair.seconds,
                    &pair.plain_loss,
                    &pair.exact_loss,
                ]));
                row.extend(estimate(&pair.ratio));
                row.extend(texts([&pair.target, &pair.exact_to_target.value.time()]));
                row.extend(reached(&pair.to_target));
                row.extend(reached(&pair.break_even));
                row.extend(estimate(&pair.equiv_share));
                match &pair.at_equal_flops {
                    Ok(equal) => {
                        row.push(equal.flops.to_string());
                        row.extend(estimate(&equal.ratio));
                    }
                    Err(_) => row.resize(row.len() + 4, String::new()),
                }
                let caveats = pair.caveats;
                row.extend(texts([
                    &caveats.seeds_only,
                    &caveats.failed[0],
                    &caveats.failed[1],
                    &caveats.mid_anneal[0],
                    &caveats.mid_anneal[1],
                ]));
                row.push(String::new());
            }
            Err(reason) => {
                row.resize(head.len() - 1, String::new());
                row.push(reason);
            }
        }
        csv.line(&row);
    }
    csv
}

fn cost(task: &TaskRuns) -> Csv {
    let head = [
        "arm",
        "seed",
        "status",
        "device",
        "hardware",
        "threads",
        "float",
        "steps",
        "device_seconds",
        "model_flops",
        "wall_seconds",
        "cold_start_seconds",
        "measuring_seconds",
        "search_seconds",
        "learning_rate",
        "parameters",
    ];
    let mut csv = Csv::new(&task.task, "cost", &head);
    for run in task.arms.iter().flat_map(|arm| &arm.runs) {
        let manifest = &run.manifest;
        let last = run.last();
        csv.line(&texts([
            &manifest.job.arm,
            &manifest.job.seed,
            &crate::runs::status_name(manifest.status),
            &manifest.device.name,
            &manifest.device.hardware,
            &manifest.device.threads,
            &manifest.device.float,
            &optional(last.map(|record| record.step)),
            &optional(last.map(|record| record.device_seconds)),
            &optional(last.and_then(|record| record.model_flops)),
            &optional(last.map(|record| record.wall_seconds)),
            &manifest.cold_start_seconds,
            &manifest.measuring_seconds,
            &optional(manifest.search.as_ref().map(|search| search.device_seconds)),
            &manifest.learning_rate,
            &manifest.parameters,
        ]));
    }
    csv
}
