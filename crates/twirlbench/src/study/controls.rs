//! What could falsify the headline.

use anyhow::bail;
use serde_json::json;
use twirl_core::Law;
use twirl_harness::{Record, Training};
use twirl_report::{
    Chart, ChartPanel, Grid, PercentPoint, count, percent_curve, range, significant,
};

use crate::study::cell::Cells;
use crate::study::dynamics::{LEVEL, WINDOW, line, number};
use crate::study::outcome::{Finding, Judgement, Outcome, Sheet};
use crate::study::scope::{Scope, Subject, read_arm};

const RULE: &str = "at the largest common step, over the controls other than `no augmentation`: supported if \
                    all intervals of the percentage lie below 2; not supported if one lies above; \
                    undecided otherwise, and where that step is below 1,000. `No \
                    augmentation` is judged apart: supported if its interval lies above that of \
                    the augmented arm";

const BASE: &str = "augmented";
const NONE: &str = "no augmentation";

/// The controls of an arm; all differ from `base` in one setting.
fn controls(scope: &Scope<'_>, base: &Subject) -> Vec<(&'static str, anyhow::Result<Subject>)> {
    let law = |law: Law| {
        let mut subject = base.clone();
        subject.job.train.augmentation = law;
        Ok(subject)
    };
    let mut tiny = base.clone();
    tiny.job.train.train_items = scope.budgets.controls.tiny;
    let other_loss = || {
        let mut subject = base.clone();
        let config = &mut subject.job.task_config;
        let Some(loss) = config.get("loss") else {
            bail!("task {} has no setting `loss`", base.job.task);
        };
        config["loss"] = if *loss == json!("norm") {
            json!("squared")
        } else {
            json!("norm")
        };
        let complete = base
            .entry
            .complete(&subject.job.task_config, &subject.job.arm_config)?;
        subject.job.task_config = complete.task_config;
        Ok(subject)
    };
    vec![
        (BASE, Ok(base.clone())),
        (NONE, law(Law::Identity)),
        ("Euler angles, not Haar", law(Law::VoxmolEuler)),
        ("tiny data", Ok(tiny)),
        ("other loss", other_loss()),
    ]
}

/// A control's run.
struct Control {
    name: &'static str,
    points: Vec<PercentPoint>,
    records: Vec<Record>,
}

/// A control's percentage at the step that all have.
struct Found {
    name: &'static str,
    interval: Option<[f64; 2]>,
    step: u64,
}

/// The outcome before any figure.
fn frame() -> Outcome {
    Outcome {
        claim: "a percentage of 2 or less does not hang on the law of augmentation, the amount of \
                data or the loss",
        rule: RULE,
        findings: Vec::new(),
        tables: Vec::new(),
        notes: vec![
            "One seed: intervals are over molecules. Late training: `lowest` is the least \
             percentage of the whole run and `last` that of its end, so that a later rise shows. A \
             coordinate-input network beside an invariant-feature one: compare the arms of the \
             study dynamics."
                .into(),
        ],
        chart: Chart {
            title: "Share of the loss that is imperfect symmetry, under controls".into(),
            description: "One line per control.".into(),
            x_label: "optimiser steps".into(),
            panels: Vec::new(),
            ..Chart::default()
        },
        sheet: Sheet::new(["task", "arm", "control", "step", "percent", "low", "high"]),
    }
}

/// Runs the controls of an arm; those that fail are left to the statuses and notes.
fn measure(
    scope: &Scope<'_>,
    cells: &mut Cells,
    base: &Subject,
    notes: &mut Vec<String>,
) -> Vec<Control> {
    let mut all = Vec::new();
    for (name, control) in controls(scope, base) {
        let what = match name {
            BASE => "run".into(),
            name => name.replace(", ", "-").replace(' ', "-"),
        };
        let folder = match control {
            Ok(control) => scope.run(cells, &what, &control),
            Err(error) => {
                notes.push(format!("{}, {name}: {error:#}", base.place()));
                None
            }
        };
        let Some(mut arm) = folder.and_then(|folder| read_arm(&folder).ok()) else {
            continue;
        };
        // The base has the runs of other studies' seeds beside it.
        arm.runs
            .retain(|run| run.manifest.job.seed == base.job.seed);
        if let Some(run) = arm.counted().first() {
            all.push(Control {
                name,
                points: percent_curve(&arm),
                records: run.records.clone(),
            });
        }
    }
    all
}

pub(super) fn run(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let mut outcome = frame();
    let mut table = Grid::new(
        "Percentage at the largest measured step that all controls have",
        3,
        [
            "task",
            "arm",
            "control",
            "step",
            "percent",
            "95 % interval",
            "loss",
            "L_mean",
            "L_equiv",
            "lowest",
            "at step",
            "last",
            "at step",
        ],
    );
    for base in scope.arms(Training::Augmented, 1) {
        let mut base = scope.for_runs(&base);
        base.job.seed = scope
            .seeds(&scope.budgets.runs.seeds)
            .first()
            .copied()
            .unwrap_or(0);
        let all = measure(scope, cells, &base, &mut outcome.notes);
        let Some(step) = common(&all) else { continue };
        let mut found = Vec::new();
        let mut lines = Vec::new();
        for control in &all {
            let by_percent =
                |a: &&PercentPoint, b: &&PercentPoint| a.percent.value.total_cmp(&b.percent.value);
            let at = control.points.iter().find(|point| point.step == step);
            let record = control.records.iter().find(|record| record.step == step);
            let lowest = control.points.iter().min_by(by_percent);
            let (Some(at), Some(record), Some(lowest), Some(last)) =
                (at, record, lowest, control.points.last())
            else {
                continue;
            };
            table.push(vec![
                base.job.task.clone(),
                base.job.arm.clone(),
                control.name.into(),
                count(step),
                significant(at.percent.value, 3),
                range(at.percent.interval, 3),
                significant(record.split.loss, 3),
                significant(record.split.loss_mean, 3),
                significant(record.split.loss_equiv, 3),
                significant(lowest.percent.value, 3),
                count(lowest.step),
                significant(last.percent.value, 3),
                count(last.step),
            ]);
            for point in &control.points {
                let [low, high] = point.percent.interval.unwrap_or([f64::NAN; 2]);
                let [value, low, high] = [point.percent.value, low, high].map(number);
                let (task, arm) = (base.job.task.clone(), base.job.arm.clone());
                let row = [
                    task,
                    arm,
                    control.name.into(),
                    point.step.to_string(),
                    value,
                    low,
                    high,
                ];
                outcome.sheet.push(row);
            }
            lines.push(line(control.name.into(), &control.points));
            found.push(Found {
                name: control.name,
                interval: at.percent.interval,
                step,
            });
        }
        outcome.chart.panels.push(ChartPanel::new(
            format!("{}: 100 L_equiv / L (%)", base.place()),
            lines,
        ));
        outcome.findings.push(Finding {
            place: base.place(),
            judgement: judge(&found),
            figures: format!("at step {}: {}", count(step), words(&found)),
        });
    }
    outcome.tables.push(table);
    outcome
}

/// The largest step at which every control was measured.
fn common(all: &[Control]) -> Option<u64> {
    let (first, others) = all.split_first()?;
    let has = |control: &Control, step: u64| control.points.iter().any(|p| p.step == step);
    let steps = first.points.iter().map(|point| point.step);
    steps
        .filter(|&step| others.iter().all(|other| has(other, step)))
        .max()
}

fn judge(all: &[Found]) -> Judgement {
    let held: Vec<&Found> = all.iter().filter(|found| found.name != NONE).collect();
    let above = |found: &&Found| found.interval.is_some_and(|[low, _]| low > LEVEL);
    let below = |found: &&Found| found.interval.is_some_and(|[_, high]| high < LEVEL);
    if held.len() < 2 || held.iter().any(|found| found.step < WINDOW[0]) {
        Judgement::Undecided
    } else if held.iter().any(above) {
        Judgement::NotSupported
    } else if held.iter().all(below) {
        Judgement::Supported
    } else {
        Judgement::Undecided
    }
}

fn words(all: &[Found]) -> String {
    let of = |name: &str| all.iter().find(|found| found.name == name);
    let figure = |found: &Found| format!("{} {} %", found.name, range(found.interval, 3));
    let list: Vec<String> = all.iter().map(figure).collect();
    let apart = match (
        of(BASE).and_then(|f| f.interval),
        of(NONE).and_then(|f| f.interval),
    ) {
        (Some([_, high]), Some([low, _])) if low > high => "without augmentation it is higher",
        (Some([low, _]), Some([_, high])) if high < low => "without augmentation it is lower",
        (Some(_), Some(_)) => "without augmentation undecided",
        _ => "without augmentation not measured",
    };
    format!("{}; {apart}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_control_above_the_level_breaks_the_claim() {
        let found = |name, low, high, step| Found {
            name,
            interval: Some([low, high]),
            step,
        };
        let base = || found(BASE, 0.2, 0.4, 1000);
        let none = found(NONE, 3.0, 4.0, 1000);
        let tiny = |low, high, step| found("tiny data", low, high, step);
        assert_eq!(judge(&[base(), tiny(0.5, 0.9, 1000)]), Judgement::Supported);
        assert_eq!(
            judge(&[base(), tiny(2.5, 3.0, 1000)]),
            Judgement::NotSupported
        );
        assert_eq!(judge(&[base(), tiny(1.5, 3.0, 1000)]), Judgement::Undecided);
        assert_eq!(judge(&[base(), tiny(0.5, 0.9, 700)]), Judgement::Undecided);
        assert_eq!(judge(&[base()]), Judgement::Undecided);
        let with = [base(), none, tiny(0.5, 0.9, 1000)];
        assert_eq!(judge(&with), Judgement::Supported);
        assert!(words(&with).ends_with("without augmentation it is higher"));
    }
}
