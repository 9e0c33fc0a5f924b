//! Augmented against equivariant arms on the axis of device seconds.

use twirl_harness::Training;
use twirl_report::{
    ArmRuns, Chart, ChartPanel, Estimate, Grid, Line, Reach, Reached, Verdict, Versus, range,
    significant, versus,
};

use crate::study::cell::Cells;
use crate::study::dynamics::number;
use crate::study::outcome::{Finding, Judgement, Outcome, Sheet};
use crate::study::scope::{Scope, read_arm};

const RULE: &str = "per pair of arms: supported if the 95 % interval over seeds and molecules of \
                    (augmented loss / equivariant loss) at the largest common device time lies \
                    below 1; not supported if above 1; undecided otherwise, with fewer than 3 \
                    seeds, with a failed seed, and where a learning rate is yet to fall at that time";

pub(super) fn run(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let runs = &scope.budgets.runs;
    let mut subjects = scope.arms(Training::Augmented, runs.plain);
    subjects.extend(scope.arms(Training::Equivariant, runs.exact));
    let mut folders = vec![None; subjects.len()];
    for &seed in scope.seeds(&runs.seeds) {
        for (folder, subject) in folders.iter_mut().zip(&subjects) {
            let run = scope.run(cells, "run", &scope.for_runs(subject).seeded(seed));
            *folder = folder.take().or(run);
        }
    }
    let arms: Vec<ArmRuns> = folders
        .iter()
        .flatten()
        .filter_map(|folder| read_arm(folder).ok())
        .collect();
    let mut outcome = Outcome {
        claim: "at equal device time an augmented arm has the lower loss",
        rule: RULE,
        findings: Vec::new(),
        tables: Vec::new(),
        notes: vec![
            "The learning rate of every arm is searched under the same budget of steps; the \
             search is off the clock. Break-even: how many times faster the equivariant arm would \
             have to be for equal losses; below 1 it could be slower. TFLOP are operations of the \
             models in training, whatever the device makes of them; the rule does not use them."
                .into(),
        ],
        chart: Chart {
            title: "Held-out loss against device seconds".into(),
            description: "One line per arm and seed.".into(),
            x_label: "device seconds".into(),
            panels: panels(&arms),
            ..Chart::default()
        },
        sheet: Sheet::new([
            "task",
            "augmented",
            "equivariant",
            "seconds",
            "ratio",
            "low",
            "high",
            "break_even",
            "equiv_percent",
            "model_flops",
            "ratio_at_flops",
            "ratio_at_flops_low",
            "ratio_at_flops_high",
        ]),
    };
    let mut table = Grid::new(
        "Loss at equal device time, device time to equal loss, break-even",
        3,
        [
            "task",
            "augmented",
            "equivariant",
            "at s",
            "loss ratio",
            "95 % interval",
            "s to its loss",
            "it took s",
            "break-even",
            "L_equiv % of augmented loss",
            "at TFLOP",
            "loss ratio there",
            "95 % interval",
        ],
    );
    let is_exact = |arm: &&ArmRuns| {
        let named =
            |s: &&crate::study::scope::Subject| s.job.task == arm.task && s.job.arm == arm.arm;
        subjects
            .iter()
            .find(named)
            .is_some_and(|s| s.entry.training == Training::Equivariant)
    };
    for exact in arms.iter().filter(is_exact) {
        for plain in arms
            .iter()
            .filter(|arm| arm.task == exact.task && !is_exact(arm))
        {
            match versus(plain, exact) {
                Ok(pair) => add(&mut outcome, &mut table, &plain.task, &pair),
                Err(reason) => outcome.notes.push(format!(
                    "{}/{} against {}: {reason}",
                    plain.task, plain.arm, exact.arm
                )),
            }
        }
    }
    outcome.tables.push(table);
    outcome
}

fn add(outcome: &mut Outcome, table: &mut Grid, task: &str, pair: &Versus) {
    let none = Estimate {
        value: f64::NAN,
        interval: None,
    };
    let (flops, at_flops) = match &pair.at_equal_flops {
        Ok(equal) => (equal.flops, equal.ratio),
        Err(_) => (f64::NAN, none),
    };
    table.push(vec![
        task.into(),
        pair.plain.clone(),
        pair.exact.clone(),
        significant(pair.seconds, 3),
        significant(pair.ratio.value, 3),
        range(pair.ratio.interval, 3),
        reached(&pair.to_target),
        reached(&pair.exact_to_target),
        reached(&pair.break_even),
        significant(pair.equiv_share.value, 3),
        significant(flops / 1e12, 3),
        significant(at_flops.value, 3),
        range(at_flops.interval, 3),
    ]);
    let ends = |estimate: &Estimate| estimate.interval.unwrap_or([f64::NAN; 2]);
    let ([low, high], [flops_low, flops_high]) = (ends(&pair.ratio), ends(&at_flops));
    let numbers = [
        pair.seconds,
        pair.ratio.value,
        low,
        high,
        pair.break_even.value.time(),
        pair.equiv_share.value,
        flops,
        at_flops.value,
        flops_low,
        flops_high,
    ];
    let mut row = vec![task.to_owned(), pair.plain.clone(), pair.exact.clone()];
    row.extend(numbers.map(number));
    outcome.sheet.push(row);
    outcome.findings.push(Finding {
        place: format!("{task}: {} against {}", pair.plain, pair.exact),
        judgement: match pair.verdict {
            Verdict::Lower => Judgement::Supported,
            Verdict::Higher => Judgement::NotSupported,
            Verdict::Undecided | Verdict::NoInterval => Judgement::Undecided,
        },
        figures: format!(
            "loss ratio {} ({}) at {} s, of which {} % is L_equiv{}",
            significant(pair.ratio.value, 3),
            range(pair.ratio.interval, 3),
            significant(pair.seconds, 3),
            significant(pair.equiv_share.value, 3),
            pair.beside(),
        ),
    });
}

fn reached(reached: &Reached) -> String {
    let value = |seconds: f64| significant(seconds, 3);
    match reached.value {
        Reach::At(seconds) => value(seconds),
        Reach::Before(seconds) => format!("at most {}", value(seconds)),
        Reach::Never { after } => format!("not by {}", value(after)),
    }
}

fn panels(arms: &[ArmRuns]) -> Vec<ChartPanel> {
    let mut panels: Vec<ChartPanel> = Vec::new();
    for arm in arms {
        let label = format!("{}: loss", arm.task);
        if panels.last().is_none_or(|panel| panel.label != label)
            && !panels.iter().any(|panel| panel.label == label)
        {
            panels.push(ChartPanel::new(label.clone(), Vec::new()));
        }
        let Some(panel) = panels.iter_mut().find(|panel| panel.label == label) else {
            continue;
        };
        for run in arm.counted() {
            let points = run
                .records
                .iter()
                .filter(|record| record.device_seconds > 0.0);
            panel.lines.push(Line {
                name: arm.arm.clone(),
                points: points.map(|r| [r.device_seconds, r.split.loss]).collect(),
                ..Line::default()
            });
        }
    }
    panels
}
