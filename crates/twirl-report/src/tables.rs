//! The tables of a report, ready to be written in any form.

use std::collections::BTreeSet;

use twirl_record::{Manifest, Record};

use crate::curve::Reach;
use crate::grid::Grid;
use crate::number::{NONE, count, interval_or_why, percent_digits, range, significant};
use crate::runs::{Run, TaskRuns};
use crate::summary::{ArmSummary, SplitSummary, THRESHOLDS};
use crate::versus::{Reached, Verdict, Versus};

const GIGA: f64 = 1e9;
pub(crate) const TERA: f64 = 1e12;

fn split_cells(split: &SplitSummary, molecules: usize) -> Vec<String> {
    let digits = percent_digits(split.percent.value);
    vec![
        significant(split.loss.value, 4),
        significant(split.loss_mean.value, 4),
        significant(split.loss_equiv.value, 3),
        significant(split.percent.value, digits),
        interval_or_why(split.percent.interval, digits, molecules),
    ]
}

const SPLIT_HEAD: [&str; 5] = ["loss", "L_mean", "L_equiv", "percent", "95 % interval"];

/// Loss, parts, percentage and cost of each arm at its last measurement.
pub(crate) fn losses(arms: &[ArmSummary]) -> Grid {
    let head = ["arm", "params", "steps", "device s"]
        .into_iter()
        .chain(SPLIT_HEAD)
        .chain(["of zero"]);
    let mut grid = Grid::new("Loss at the last measurement", 1, head);
    for arm in arms {
        let mut row = vec![arm.arm.clone(), count(arm.parameters as u64)];
        match &arm.figures {
            None => row.resize(grid.head.len(), NONE.into()),
            Some(figures) => {
                row.push(count(figures.steps));
                row.push(significant(figures.device_seconds, 3));
                row.extend(split_cells(&figures.total, figures.molecules));
                row.push(
                    figures
                        .of_zero
                        .map_or(NONE.into(), |share| significant(share, 3)),
                );
            }
        }
        grid.push(row);
    }
    grid
}

/// Numerical floor, steps to each threshold, seeds and status.
pub(crate) fn thresholds(arms: &[ArmSummary]) -> Grid {
    let head = THRESHOLDS.map(|threshold| format!("to {threshold} %"));
    let head = ["arm".to_owned(), "floor %".to_owned()]
        .into_iter()
        .chain(head);
    let head = head.chain(["seeds".to_owned(), "status".to_owned()]);
    let title = "Numerical floor, and steps until the percentage stays at or below a threshold";
    let mut grid = Grid::new(title, 1, head);
    for arm in arms {
        let floor = arm
            .figures
            .as_ref()
            .map(|figures| significant(figures.total.floor, 1));
        let mut row = vec![arm.arm.clone(), floor.unwrap_or(NONE.into())];
        let steps_to = arm
            .figures
            .as_ref()
            .map_or([None; 4], |figures| figures.steps_to);
        row.extend(steps_to.map(|step| match step {
            _ if arm.exact => "exact".into(),
            Some(step) => count(step),
            None => NONE.into(),
        }));
        let seeds = arm
            .figures
            .as_ref()
            .map_or(0, |figures| figures.seeds.len());
        row.push(seeds.to_string());
        row.push(match (&arm.figures, arm.finished, arm.notes.is_empty()) {
            (None, ..) => "no figures".into(),
            (_, false, _) => "unfinished".into(),
            (_, true, true) => "ok".into(),
            (_, true, false) => "ok, in part".into(),
        });
        grid.push(row);
    }
    grid
}

/// The loss of each term.
pub(crate) fn terms(arms: &[ArmSummary]) -> Grid {
    let head = ["arm", "term", "trained"]
        .into_iter()
        .chain(SPLIT_HEAD)
        .chain(["floor %", "relative error"]);
    let mut grid = Grid::new("Terms of the loss at the last measurement", 3, head);
    for arm in arms {
        let Some(figures) = &arm.figures else {
            continue;
        };
        for (name, term) in &figures.terms {
            let trained = if term.trained { "yes" } else { "no" };
            let mut row = vec![arm.arm.clone(), name.clone(), trained.into()];
            row.extend(split_cells(&term.split, figures.molecules));
            row.push(significant(term.split.floor, 1));
            row.push(significant(term.relative_equiv.value, 2));
            grid.push(row);
        }
    }
    grid
}

/// Scores beside the loss: a column for each that an arm has.
pub(crate) fn scores(arms: &[ArmSummary]) -> Grid {
    let figures = || arms.iter().filter_map(|arm| arm.figures.as_ref());
    let names: BTreeSet<&String> = figures()
        .flat_map(|figures| figures.scores.keys())
        .collect();
    let head = std::iter::once("arm").chain(names.iter().map(|name| name.as_str()));
    let mut grid = Grid::new("Scores at the last measurement", 1, head);
    if names.is_empty() {
        return grid;
    }
    for arm in arms {
        let Some(figures) = &arm.figures else {
            continue;
        };
        let mut row = vec![arm.arm.clone()];
        row.extend(names.iter().map(|name| match figures.scores.get(*name) {
            None => NONE.into(),
            Some(score) if score.interval.is_none() => significant(score.value, 4),
            Some(score) => {
                format!(
                    "{} ({})",
                    significant(score.value, 4),
                    range(score.interval, 3)
                )
            }
        }));
        grid.push(row);
    }
    grid
}

/// Equal device time and equal loss: a row for each pair that can be compared.
pub(crate) fn versus(pairs: &[(String, String, Result<Versus, String>)]) -> Grid {
    let head = [
        "arm",
        "against",
        "at device s",
        "ratio",
        "95 % interval",
        "verdict",
        "notes",
        "loss",
        "its loss",
        "s to its final loss",
        "it took s",
        "break-even",
        "L_equiv %",
    ];
    let title = "Loss at equal device time, device time to equal loss, break-even speed-up";
    let mut grid = Grid::new(title, 2, head);
    for (plain, exact, pair) in pairs {
        let Ok(pair) = pair else { continue };
        grid.push(vec![
            plain.clone(),
            exact.clone(),
            significant(pair.seconds, 3),
            significant(pair.ratio.value, 3),
            range(pair.ratio.interval, 3),
            verdict_text(pair.verdict, pair),
            pair.caveats.text([plain, exact]),
            significant(pair.plain_loss, 4),
            significant(pair.exact_loss, 4),
            reached_text(&pair.to_target, ""),
            reached_text(&pair.exact_to_target, ""),
            reached_text(&pair.break_even, " x"),
            significant(pair.equiv_share.value, 3),
        ]);
    }
    grid
}

/// Equal operations of the models: a row for each pair whose operations are counted.
pub(crate) fn flops(pairs: &[(String, String, Result<Versus, String>)]) -> Grid {
    let head = [
        "arm",
        "against",
        "at TFLOP",
        "ratio",
        "95 % interval",
        "verdict",
        "notes",
    ];
    let title = "Loss at equal operations of the models (matrix products and convolutions)";
    let mut grid = Grid::new(title, 2, head);
    for (plain, exact, pair) in pairs {
        let Ok(pair) = pair else { continue };
        let Ok(equal) = &pair.at_equal_flops else {
            continue;
        };
        grid.push(vec![
            plain.clone(),
            exact.clone(),
            significant(equal.flops / TERA, 3),
            significant(equal.ratio.value, 3),
            range(equal.ratio.interval, 3),
            verdict_text(equal.verdict, pair),
            equal.caveats.text([plain, exact]),
        ]);
    }
    grid
}

fn reached_text(reached: &Reached, unit: &str) -> String {
    let value = match reached.value {
        Reach::At(value) => significant(value, 3),
        Reach::Before(value) => format!("at most {}", significant(value, 3)),
        // A factor is bounded from below by what was measured; a time is a miss.
        Reach::Never { after } if unit.is_empty() => {
            return format!("not reached in {}", significant(after, 3));
        }
        Reach::Never { after } => format!("over {}", significant(after, 3)),
    };
    match range(reached.interval, 2) {
        range if range == NONE => format!("{value}{unit}"),
        range => format!("{value}{unit} ({range})"),
    }
}

/// A verdict about a pair in words.
pub(crate) fn verdict_text(verdict: Verdict, pair: &Versus) -> String {
    match verdict {
        Verdict::Lower => format!("{} better", pair.plain),
        Verdict::Higher => format!("{} better", pair.exact),
        Verdict::Undecided => "undecided".into(),
        Verdict::NoInterval => seeds_text(pair.seeds),
    }
}

/// Why there is no interval.
pub(crate) fn seeds_text(seeds: [usize; 2]) -> String {
    match seeds[0].min(seeds[1]) {
        1 => "one seed: no interval".into(),
        few => format!("{few} seeds: no interval"),
    }
}

/// Device and what every run cost beside its training.
pub(crate) fn cost(task: &TaskRuns) -> Grid {
    let head = [
        "run",
        "status",
        "device",
        "ms per step",
        "device s",
        "device hours",
        "GFLOP per step",
        "GFLOP/s",
        "cold start s",
        "measuring s",
        "search s",
        "learning rate",
    ];
    let mut grid = Grid::new("Device and cost", 3, head);
    for run in task.arms.iter().flat_map(|arm| &arm.runs) {
        let Manifest {
            device,
            search,
            learning_rate,
            ..
        } = &run.manifest;
        let (steps, seconds) = spent(run);
        let per_step = if steps == 0 {
            NONE.into()
        } else {
            significant(1e3 * seconds / steps as f64, 3)
        };
        grid.push(vec![
            run.label(),
            crate::runs::status_name(run.manifest.status).into(),
            device.name.clone(),
            per_step,
            significant(seconds, 3),
            significant(seconds / 3600.0, 2),
            rate(run, |record| record.step as f64),
            rate(run, |record| record.device_seconds),
            significant(run.manifest.cold_start_seconds, 2),
            significant(run.manifest.measuring_seconds, 3),
            search
                .as_ref()
                .map_or(NONE.into(), |search| significant(search.device_seconds, 3)),
            significant(*learning_rate, 2),
        ]);
    }
    grid
}

/// Operations of the model, in units of a billion, over what the last record says.
fn rate(run: &Run, over: fn(&Record) -> f64) -> String {
    let last = run.last().filter(|record| record.step > 0);
    let rate = last.and_then(|record| Some(record.model_flops? / GIGA / over(record)));
    rate.map_or(NONE.into(), |rate| significant(rate, 3))
}

/// Steps and device seconds: of the manifest, or of the last record while it is not final.
fn spent(run: &Run) -> (u64, f64) {
    let last = run
        .last()
        .map_or((0, 0.0), |record| (record.step, record.device_seconds));
    if run.manifest.steps > last.0 {
        (run.manifest.steps, run.manifest.device_seconds)
    } else {
        last
    }
}
