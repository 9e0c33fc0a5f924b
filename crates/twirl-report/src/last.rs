//! Tables of what is only measured once a run has ended.

use std::collections::BTreeSet;

use twirl_harness::{CompanionRecord, Figure};

use crate::compare::{Comparison, compare};
use crate::grid::Grid;
use crate::number::{NONE, interval_or_why, percent_digits, range, significant};
use crate::runs::{ArmRuns, TaskRuns};
use crate::seeds::mean_over_seeds;
use crate::summary::split_summary;
use crate::tables::seeds_text;
use crate::versus::Verdict;

/// The last weights under other rotations. Means over seeds; the largest error of the terms.
pub(crate) fn companions(task: &TaskRuns) -> Grid {
    let head = [
        "arm",
        "companion",
        "rotations",
        "percent",
        "95 % interval",
        "floor %",
        "relative error",
        "parity error",
    ];
    let mut grid = Grid::new("The last weights under other rotations", 3, head);
    for arm in &task.arms {
        let last: Vec<_> = arm.counted().iter().filter_map(|run| run.last()).collect();
        let names: BTreeSet<&String> = last.iter().flat_map(|r| r.companions.keys()).collect();
        for name in names {
            let found: Vec<&CompanionRecord> = last
                .iter()
                .filter_map(|record| record.companions.get(name))
                .collect();
            let splits: Vec<_> = found.iter().map(|record| &record.split).collect();
            let summary = split_summary(&splits);
            let percent = summary.percent;
            let molecules = last.iter().map(|record| record.molecules).min();
            let most = |pick: &dyn Fn(&twirl_harness::TermRecord) -> Option<f64>| {
                let terms = found.iter().flat_map(|record| record.terms.values());
                let values = terms.filter_map(pick);
                values
                    .reduce(|a, b| if a.abs() >= b.abs() { a } else { b })
                    .map_or(NONE.into(), |value| significant(value, 2))
            };
            let digits = percent_digits(percent.value);
            let companion = &found[0].companion;
            let words = companion.design.words(companion.symmetry);
            grid.push(vec![
                arm.arm.clone(),
                name.clone(),
                format!("{} {words}", found[0].rotations),
                significant(percent.value, digits),
                interval_or_why(percent.interval, digits, molecules.unwrap_or(0)),
                significant(summary.floor, 1),
                most(&|term| term.relative_equiv),
                most(&|term| term.parity),
            ]);
        }
    }
    grid
}

/// Figures of finished models in rows, arms and then baselines in columns. Means over seeds.
pub(crate) fn closing(task: &TaskRuns) -> Grid {
    let runs = || task.arms.iter().flat_map(ArmRuns::counted);
    let mut rows: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut baselines: BTreeSet<&str> = BTreeSet::new();
    for run in runs() {
        let closing = &run.manifest.closing;
        let of_baselines = closing.baselines.values().flatten();
        for (name, figure) in closing.figures.iter().chain(of_baselines) {
            rows.insert((name, &figure.unit));
        }
        baselines.extend(closing.baselines.keys().map(String::as_str));
    }
    let with_figures = |arm: &&ArmRuns| {
        let has = |run: &&crate::Run| !run.manifest.closing.figures.is_empty();
        arm.counted().iter().any(has)
    };
    let arms: Vec<&ArmRuns> = task.arms.iter().filter(with_figures).collect();
    let head = std::iter::once("figure".to_owned())
        .chain(arms.iter().map(|arm| arm.arm.clone()))
        .chain(baselines.iter().map(|name| (*name).to_owned()));
    let mut grid = Grid::new("Figures of the finished models, and baselines", 1, head);
    for (name, unit) in rows {
        let mut row = vec![if unit.is_empty() {
            name.to_owned()
        } else {
            format!("{name} ({unit})")
        }];
        row.extend(arms.iter().map(|arm| {
            let runs = arm.counted();
            let figures = runs
                .iter()
                .filter_map(|run| run.manifest.closing.figures.get(name));
            cell(&figures.collect::<Vec<_>>())
        }));
        row.extend(baselines.iter().map(|baseline| {
            // Every run repeats them: those of the first say it.
            let found =
                runs().find_map(|run| run.manifest.closing.baselines.get(*baseline)?.get(name));
            cell(&found.into_iter().collect::<Vec<_>>())
        }));
        grid.push(row);
    }
    grid
}

/// The mean over seeds, with the interval over seeds, or over molecules where there is one seed.
fn cell(figures: &[&Figure]) -> String {
    let values: Vec<f64> = figures.iter().map(|figure| figure.value).collect();
    if values.is_empty() {
        return NONE.into();
    }
    let mut estimate = mean_over_seeds(&values, None);
    if let [only] = figures {
        estimate.interval = only.low.zip(only.high).map(|(low, high)| [low, high]);
    }
    let value = significant(estimate.value, 4);
    match range(estimate.interval, 3) {
        text if text == NONE => value,
        text => format!("{value} ({text})"),
    }
}

/// What must be read beside a control: also that the two searched their way to other learning rates, so
/// that more than the control differs.
fn control_notes(found: &Comparison, arms: [&ArmRuns; 2]) -> String {
    let notes = found.notes(["control", "arm"]);
    let rates = arms.map(|arm| {
        let runs = arm.counted();
        let mut rates: Vec<f64> = runs.iter().map(|run| run.manifest.learning_rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        let rates: Vec<String> = rates.iter().map(|rate| format!("{rate:e}")).collect();
        rates.join(", ")
    });
    if rates[0] == rates[1] {
        return notes;
    }
    let differ = format!("learning rate of control {}, of arm {}", rates[0], rates[1]);
    if notes == NONE {
        differ
    } else {
        format!("{notes}; {differ}")
    }
}

/// Variants of an arm, named after it (`arm-unaugmented`), against the arm itself.
pub(crate) fn controls(task: &TaskRuns) -> Grid {
    let head = [
        "arm",
        "control",
        "loss of control / arm",
        "95 % interval",
        "percent of arm",
        "of control",
        "difference",
        "95 % interval",
        "lower percent",
        "notes",
    ];
    let mut grid = Grid::new(
        "Controls: variants of an arm against the arm itself",
        2,
        head,
    );
    for arm in &task.arms {
        let prefix = format!("{}-", arm.arm);
        for control in task
            .arms
            .iter()
            .filter(|other| other.arm.starts_with(&prefix))
        {
            let Ok(found) = compare(control, arm) else {
                continue;
            };
            let percent = |of: &ArmRuns| {
                let last: Vec<f64> = of
                    .counted()
                    .iter()
                    .filter_map(|run| Some(run.last()?.split.percent_equiv))
                    .collect();
                let mean = last.iter().sum::<f64>() / last.len() as f64;
                significant(mean, percent_digits(mean))
            };
            let difference = found.percent_difference;
            grid.push(vec![
                arm.arm.clone(),
                control.arm[prefix.len()..].to_owned(),
                significant(found.loss_ratio.value, 3),
                range(found.loss_ratio.interval, 3),
                percent(arm),
                percent(control),
                significant(difference.value, percent_digits(difference.value)),
                range(difference.interval, 3),
                match found.percent_verdict() {
                    Verdict::Lower => "control".into(),
                    Verdict::Higher => "arm".into(),
                    Verdict::Undecided => "undecided".into(),
                    Verdict::NoInterval => seeds_text(found.seeds),
                },
                control_notes(&found, [control, arm]),
            ]);
        }
    }
    grid
}
