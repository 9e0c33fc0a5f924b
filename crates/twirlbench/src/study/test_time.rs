//! Twirling at test time: loss and cost against rotations, and the price of a standard error.

mod cells;

use twirl_report::{Chart, ChartPanel, Grid, Line, range, significant};

use self::cells::{Row, Tested};
use crate::study::cell::Cells;
use crate::study::dynamics::number;
use crate::study::outcome::{Finding, Judgement, Outcome, Sheet};
use crate::study::scope::{Scope, Subject};

const RULE: &str = "identity, per arm: supported if the 95 % interval over molecules of L(M) / \
                    (L_mean + L_equiv / M), with independent rotations on either side, excludes 1 \
                    at no more than one M; not supported if at more than half; undecided \
                    otherwise. Orbits, per arm: factor = variance of the estimate of L_equiv with \
                    iid rotations over that with two randomised orbits, at equal passes: how many \
                    times fewer passes the orbits need for one standard error. Supported if its \
                    interval lies above 1, not supported if below, undecided otherwise";

fn identity(tested: &Tested) -> Judgement {
    let iid: Vec<bool> = tested
        .rows
        .iter()
        .filter(|row| row.design == "iid")
        .filter_map(|row| row.interval)
        .map(|[low, high]| low > 1.0 || high < 1.0)
        .collect();
    let outside = iid.iter().filter(|outside| **outside).count();
    if iid.is_empty() {
        Judgement::Undecided
    } else if outside <= 1 {
        Judgement::Supported
    } else if 2 * outside > iid.len() {
        Judgement::NotSupported
    } else {
        Judgement::Undecided
    }
}

pub(super) fn run(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let seed = scope
        .seeds(&scope.budgets.lab.seeds)
        .first()
        .copied()
        .unwrap_or(0);
    let mut outcome = Outcome {
        claim: "averaging predictions over M rotations has loss L_mean + L_equiv / M, and \
                randomised orbits measure L_equiv with fewer passes than iid rotations",
        rule: RULE,
        findings: Vec::new(),
        tables: Vec::new(),
        notes: vec![
            "One seed; intervals over molecules. `expected` for a finite group enumerated in \
             full, or for one randomised orbit, is L_mean: a ratio above 1 is symmetry error \
             beyond the group's degree. Where all symmetry error lies within the group's degree (a \
             head that is bilinear in unit vectors and channels) an orbit is exact, and the factor \
             is over 1,000,000. ms is wall time of one molecule, host work included."
                .into(),
        ],
        chart: Chart {
            title: "Loss of the twirled prediction against forward passes".into(),
            description: "Beside it, dashed, L_mean + L_equiv / M from independent rotations."
                .into(),
            x_label: "forward passes per molecule".into(),
            panels: Vec::new(),
            ..Chart::default()
        },
        sheet: Sheet::new([
            "task", "arm", "step", "design", "passes", "loss", "expected", "ratio", "low", "high",
            "ms",
        ]),
    };
    let mut losses = Grid::new(
        "Loss of the prediction averaged over rotations",
        2,
        [
            "task/arm",
            "design",
            "passes",
            "loss",
            "expected",
            "ratio",
            "95 % interval",
            "ms / molecule",
        ],
    );
    let mut errors = Grid::new(
        "Standard error of L_equiv at equal forward passes",
        1,
        [
            "task/arm",
            "L_equiv",
            "passes",
            "se iid",
            "se orbits",
            "fewer passes by",
            "95 % interval",
        ],
    );
    for subject in scope.lab_arms(scope.budgets.lab.plain) {
        let subject = subject.seeded(seed);
        let label = format!("{}/seed-{seed}", subject.place());
        let key = scope.key(&subject, scope.budgets.test_time(&subject.job.task));
        let found = cells.value(&label, &key, || cells::test(scope, &subject));
        for tested in found.unwrap_or_default() {
            add(&mut outcome, &mut losses, &mut errors, &subject, &tested);
        }
    }
    outcome.tables.extend([losses, errors]);
    outcome
}

fn add(
    outcome: &mut Outcome,
    losses: &mut Grid,
    errors: &mut Grid,
    subject: &Subject,
    tested: &Tested,
) {
    let place = format!("{} step {}", subject.place(), tested.step);
    for row in &tested.rows {
        let ratio = row.loss / row.expected;
        losses.push(vec![
            place.clone(),
            row.design.clone(),
            row.passes.to_string(),
            significant(row.loss, 4),
            significant(row.expected, 4),
            significant(ratio, 4),
            range(row.interval, 4),
            significant(row.milliseconds, 2),
        ]);
        let [low, high] = row.interval.unwrap_or([f64::NAN; 2]);
        let numbers = [row.loss, row.expected, ratio, low, high, row.milliseconds];
        let [loss, expected, ratio, low, high, ms] = numbers.map(number);
        let (task, arm) = (subject.job.task.clone(), subject.job.arm.clone());
        let (design, passes) = (row.design.clone(), row.passes.to_string());
        outcome.sheet.push([
            task,
            arm,
            tested.step.to_string(),
            design,
            passes,
            loss,
            expected,
            ratio,
            low,
            high,
            ms,
        ]);
    }
    errors.push(vec![
        place.clone(),
        significant(tested.equiv, 3),
        tested.passes.to_string(),
        significant(tested.errors[0], 2),
        significant(tested.errors[1], 2),
        tested.factor.map_or("-".into(), times),
        tested.factor_interval.map_or("-".into(), |[low, high]| {
            format!("{} to {}", times(low), times(high))
        }),
    ]);
    outcome.chart.panels.push(panel(&place, tested));
    let excluded = tested.rows.iter().filter(|row| row.design == "iid");
    let list: Vec<String> = excluded
        .map(|row| format!("M={} {}", row.passes, range(row.interval, 4)))
        .collect();
    outcome.findings.push(Finding {
        place: format!("{place} identity"),
        judgement: identity(tested),
        figures: format!("ratios {}", list.join(", ")),
    });
    outcome.findings.push(Finding {
        place: format!("{place} orbits"),
        judgement: Judgement::above(tested.factor_interval, 1.0),
        figures: format!(
            "{} times fewer passes ({})",
            tested.factor.map_or("-".into(), times),
            tested
                .factor_interval
                .map_or("no interval".into(), |[low, high]| {
                    format!("{} to {}", times(low), times(high))
                })
        ),
    });
}

/// A factor; beyond a million it says no more than that one variance is rounding.
fn times(factor: f64) -> String {
    if factor > 1e6 {
        "over 1,000,000".into()
    } else {
        significant(factor, 3)
    }
}

fn panel(place: &str, tested: &Tested) -> ChartPanel {
    let mut designs: Vec<&str> = Vec::new();
    for row in &tested.rows {
        if !designs.contains(&row.design.as_str()) {
            designs.push(&row.design);
        }
    }
    let points = |design: &str, value: fn(&Row) -> f64| -> Vec<[f64; 2]> {
        let own = tested.rows.iter().filter(|row| row.design == design);
        own.map(|row| [row.passes as f64, value(row)]).collect()
    };
    let mut lines: Vec<Line> = designs
        .iter()
        .map(|design| Line {
            name: (*design).into(),
            points: points(design, |row| row.loss),
            ..Line::default()
        })
        .collect();
    lines.push(Line {
        name: "L_mean + L_equiv / M".into(),
        points: points("iid", |row| row.expected),
        ..Line::default()
    });
    ChartPanel::new(format!("{place}: loss"), lines)
}
