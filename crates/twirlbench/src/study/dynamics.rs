//! Percentage against steps.

use twirl_harness::Training;
use twirl_report::{
    ArmRuns, Chart, ChartPanel, Grid, Line, PercentPoint, THRESHOLDS, count, percent_curve, range,
    settled_below, significant,
};

use crate::study::cell::Cells;
use crate::study::outcome::{Finding, Judgement, Outcome, Sheet};
use crate::study::scope::{Scope, read_arm};

/// Level and steps of the published claim.
pub(super) const LEVEL: f64 = 2.0;
pub(super) const WINDOW: [u64; 2] = [1_000, 10_000];

const RULE: &str = "per arm: supported if the 95 % interval of the percentage lies below 2 at a \
                    measured step from 1,000 to 10,000; not supported if it lies above 2 at step \
                    10,000; undecided otherwise, and always when fewer than 1,000 steps were taken";

/// What the rule says about a curve.
pub(super) fn judge(points: &[PercentPoint]) -> Judgement {
    let within = |point: &&PercentPoint| (WINDOW[0]..=WINDOW[1]).contains(&point.step);
    let inside: Vec<&PercentPoint> = points.iter().filter(within).collect();
    let below =
        |point: &&PercentPoint| point.percent.interval.is_some_and(|[_, high]| high < LEVEL);
    let ended_above = inside.last().is_some_and(|point| {
        point.step == WINDOW[1] && point.percent.interval.is_some_and(|[low, _]| low > LEVEL)
    });
    if inside.iter().any(below) {
        Judgement::Supported
    } else if ended_above {
        Judgement::NotSupported
    } else {
        Judgement::Undecided
    }
}

/// The figures of a curve in words.
pub(super) fn words(points: &[PercentPoint]) -> String {
    let Some(last) = points.last() else {
        return "no measurement".into();
    };
    let settled = settled_below(points, LEVEL).map_or_else(
        || "not yet below 2 %".into(),
        |step| format!("below 2 % from step {} on", count(step)),
    );
    format!(
        "{} % ({}) at step {}, {settled}",
        significant(last.percent.value, 3),
        range(last.percent.interval, 3),
        count(last.step)
    )
}

pub(super) fn run(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let subjects = scope.arms(Training::Augmented, scope.budgets.runs.plain);
    let mut folders = vec![None; subjects.len()];
    for &seed in scope.seeds(&scope.budgets.runs.seeds) {
        for (folder, subject) in folders.iter_mut().zip(&subjects) {
            let run = scope.run(cells, "run", &scope.for_runs(subject).seeded(seed));
            *folder = folder.take().or(run);
        }
    }
    let mut outcome = Outcome {
        claim: "the symmetry part of the loss falls to 2 % or less within 1,000 to 10,000 steps",
        rule: RULE,
        findings: Vec::new(),
        tables: Vec::new(),
        notes: vec![
            "`of |f|^2`: squared equivariance error over the mean squared size of the \
             predictions, the largest of the trained terms at the last step. The percentage also \
             falls when predictions are small beside the targets; this figure does not."
                .into(),
            "Seeds that a time budget ends at different steps: the last row of a curve is the mean \
             over seeds of their last measurements, at the mean of their last steps."
                .into(),
        ],
        chart: Chart {
            title: "Share of the loss that is imperfect symmetry, against steps".into(),
            description: "Bands: 95 % interval over seeds and molecules.".into(),
            x_label: "optimiser steps".into(),
            panels: Vec::new(),
            ..Chart::default()
        },
        sheet: Sheet::new(["task", "arm", "step", "percent", "low", "high", "floor"]),
    };
    let head = [
        "task",
        "arm",
        "seeds",
        "steps",
        "device s",
        "percent",
        "95 % interval",
        "of |f|^2 (%)",
    ];
    let levels = THRESHOLDS.iter().map(|level| format!("to {level} %"));
    let head = head.iter().map(ToString::to_string).chain(levels);
    let mut table = Grid::new(
        "Percentage, and steps until it stays at or below a level",
        2,
        head,
    );
    let mut lines = Vec::new();
    for (folder, subject) in folders.iter().zip(&subjects) {
        let Some(arm) = folder.as_deref().and_then(|folder| read_arm(folder).ok()) else {
            continue;
        };
        let points = percent_curve(&arm);
        let Some(last) = points.last() else { continue };
        let mut row = vec![
            arm.task.clone(),
            arm.arm.clone(),
            arm.counted().len().to_string(),
            count(last.step),
            seconds(&arm),
            significant(last.percent.value, 3),
            range(last.percent.interval, 3),
            relative(&arm).map_or("-".into(), |share| significant(100.0 * share, 2)),
        ];
        let reached = |level: &f64| settled_below(&points, *level).map_or("-".into(), count);
        row.extend(THRESHOLDS.iter().map(reached));
        table.push(row);
        for point in &points {
            let [low, high] = point.percent.interval.unwrap_or([f64::NAN; 2]);
            let numbers = [point.percent.value, low, high, point.floor];
            let [value, low, high, floor] = numbers.map(number);
            let step = point.step.to_string();
            let (task, arm) = (arm.task.clone(), arm.arm.clone());
            outcome
                .sheet
                .push([task, arm, step, value, low, high, floor]);
        }
        lines.push(line(subject.place(), &points));
        outcome.findings.push(Finding {
            place: subject.place(),
            judgement: judge(&points),
            figures: words(&points),
        });
    }
    outcome.tables.push(table);
    outcome
        .chart
        .panels
        .push(ChartPanel::new("100 L_equiv / L (%)", lines));
    outcome
}

/// Mean device seconds.
fn seconds(arm: &ArmRuns) -> String {
    let runs = arm.counted();
    let sum: f64 = runs.iter().map(|run| run.manifest.device_seconds).sum();
    format!("{:.1}", sum / runs.len().max(1) as f64)
}

/// Largest relative equivariance error of a trained term at the end, mean over seeds.
fn relative(arm: &ArmRuns) -> Option<f64> {
    let of_run = |run: &twirl_report::Run| {
        let terms = run.last()?.terms.values().filter(|term| term.trained);
        terms
            .map(|term| term.relative_equiv)
            .reduce(|a, b| Some(a?.max(b?)))?
    };
    let shares: Option<Vec<f64>> = arm.counted().into_iter().map(of_run).collect();
    let shares = shares.filter(|shares| !shares.is_empty())?;
    Some(shares.iter().sum::<f64>() / shares.len() as f64)
}

/// The curve of percentages with its band.
pub(super) fn line(name: String, points: &[PercentPoint]) -> Line {
    let band = |point: &PercentPoint| {
        let [low, high] = point.percent.interval?;
        Some([point.step as f64, low, high])
    };
    Line {
        name,
        points: points
            .iter()
            .map(|p| [p.step as f64, p.percent.value])
            .collect(),
        band: points.iter().filter_map(band).collect(),
        ..Line::default()
    }
}

/// A number for a CSV file; empty if there is none.
pub(super) fn number(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use twirl_report::Estimate;

    use super::*;

    fn curve(points: &[(u64, f64, f64)]) -> Vec<PercentPoint> {
        let point = |&(step, low, high): &(u64, f64, f64)| PercentPoint {
            step,
            percent: Estimate {
                value: f64::midpoint(low, high),
                interval: Some([low, high]),
            },
            floor: 1e-9,
        };
        points.iter().map(point).collect()
    }

    #[test]
    fn the_rule_can_come_out_either_way() {
        let judged = |points: &[(u64, f64, f64)]| judge(&curve(points));
        assert_eq!(
            judged(&[(0, 60.0, 70.0), (1000, 1.0, 1.9)]),
            Judgement::Supported
        );
        assert_eq!(judged(&[(999, 1.0, 1.9)]), Judgement::Undecided);
        assert_eq!(judged(&[(1000, 1.0, 2.1)]), Judgement::Undecided);
        assert_eq!(judged(&[(1000, 3.0, 4.0)]), Judgement::Undecided);
        assert_eq!(
            judged(&[(1000, 3.0, 4.0), (10_000, 2.1, 3.0)]),
            Judgement::NotSupported
        );
        assert_eq!(judged(&[(20_000, 0.1, 0.2)]), Judgement::Undecided);
    }
}
