//! Gradients of both parts over training.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use twirl_harness::{Part, log_spaced};
use twirl_landscape::{dot, norm};
use twirl_report::{Chart, ChartPanel, Grid, Line, count, significant};

use crate::study::cell::Cells;
use crate::study::outcome::{Finding, Judgement, Outcome, Sheet, arithmetic, with_interval};
use crate::study::scope::{Scope, Subject};

const RULE: &str = "per arm: p is the slope of ln(|grad L_equiv| / |grad L_mean|) against \
                    ln(L_equiv / L_mean) over the steps of a seed, by least squares; theory near \
                    the equivariant set: p = 1/2. Supported if the 95 % interval over seeds lies \
                    within 0.25 to 0.75, not supported if it lies outside, undecided otherwise and \
                    with fewer than 3 seeds";

/// Range of exponents that counts as a square root.
const RANGE: [f64; 2] = [0.25, 0.75];

/// Both gradients at a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Point {
    step: u64,
    loss: f64,
    mean: f64,
    equiv: f64,
    /// `|grad L_mean|`.
    of_mean: f64,
    /// `|grad L_equiv|`.
    of_equiv: f64,
    /// Absent where a gradient is zero.
    cosine: Option<f64>,
}

impl Point {
    fn relative_gradient(&self) -> f64 {
        self.of_equiv / self.of_mean
    }

    fn relative_error(&self) -> f64 {
        self.equiv / self.mean
    }
}

fn follow(scope: &Scope<'_>, subject: &Subject) -> Result<Vec<Point>> {
    let budget = scope.budgets.gradients(&subject.job.task);
    let mut lab = scope.lab(subject)?;
    let probe = scope.probe(&*lab, subject, budget.items, budget.design);
    let mut points = Vec::new();
    for step in log_spaced(budget.steps, budget.per_decade) {
        lab.advance(step)?;
        let weights = lab.weights();
        let parts = lab.parts(&weights, &probe)?;
        let mean = lab.gradient(&weights, &probe, Part::Mean)?;
        let equiv = lab.gradient(&weights, &probe, Part::Equiv)?;
        let (of_mean, of_equiv) = (norm(&mean), norm(&equiv));
        points.push(Point {
            step,
            loss: parts.loss,
            mean: parts.mean,
            equiv: parts.equiv,
            of_mean,
            of_equiv,
            cosine: Some(dot(&mean, &equiv) / (of_mean * of_equiv)).filter(|c| c.is_finite()),
        });
    }
    Ok(points)
}

/// Slope of `y` against `x` by least squares, over points where both have a logarithm.
fn exponent(points: &[Point]) -> Option<f64> {
    let logs: Vec<[f64; 2]> = points
        .iter()
        .map(|point| [point.relative_error().ln(), point.relative_gradient().ln()])
        .filter(|pair| pair.iter().all(|value| value.is_finite()))
        .collect();
    if logs.len() < 3 {
        return None;
    }
    let count = logs.len() as f64;
    let mean = [0, 1].map(|axis| logs.iter().map(|pair| pair[axis]).sum::<f64>() / count);
    let (mut above, mut below) = (0.0, 0.0);
    for [x, y] in &logs {
        above += (x - mean[0]) * (y - mean[1]);
        below += (x - mean[0]).powi(2);
    }
    (below > 0.0).then(|| above / below)
}

fn judge(interval: Option<[f64; 2]>) -> Judgement {
    match interval {
        Some([low, high]) if low >= RANGE[0] && high <= RANGE[1] => Judgement::Supported,
        Some([low, high]) if high < RANGE[0] || low > RANGE[1] => Judgement::NotSupported,
        _ => Judgement::Undecided,
    }
}

/// The outcome before any figure.
fn frame() -> Outcome {
    Outcome {
        claim: "the relative gradient of L_equiv goes as the square root of the relative \
                equivariance error",
        rule: RULE,
        findings: Vec::new(),
        tables: Vec::new(),
        notes: vec![
            "Gradients of the unbiased estimates on fixed test molecules, rotations and noise. A \
             cosine near 0 means that the parts do not compete."
                .into(),
        ],
        chart: Chart {
            title: "Gradients of the parts over training".into(),
            description: "Lengths of both gradients, and relative gradient beside the square \
                          root of the relative error. One line per seed."
                .into(),
            x_label: "optimiser steps".into(),
            panels: Vec::new(),
            ..Chart::default()
        },
        sheet: Sheet::new([
            "task",
            "arm",
            "seed",
            "step",
            "loss",
            "mean",
            "equiv",
            "grad_mean",
            "grad_equiv",
            "cosine",
        ]),
    }
}

pub(super) fn run(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let budget = |task: &str| scope.budgets.gradients(task);
    let arms = scope.over_seeds(cells, scope.budgets.lab.plain, budget, follow);
    let mut outcome = frame();
    let mut table = Grid::new(
        "Gradients of the parts, first seed",
        1,
        [
            "task/arm",
            "step",
            "L_mean",
            "L_equiv",
            "|grad L_mean|",
            "|grad L_equiv|",
            "relative gradient",
            "sqrt(relative error)",
            "cosine",
        ],
    );
    for (subject, seeds) in &arms {
        for (seed, points) in seeds {
            for point in points {
                outcome.sheet.push([
                    subject.job.task.clone(),
                    subject.job.arm.clone(),
                    seed.to_string(),
                    point.step.to_string(),
                    point.loss.to_string(),
                    point.mean.to_string(),
                    point.equiv.to_string(),
                    point.of_mean.to_string(),
                    point.of_equiv.to_string(),
                    point
                        .cosine
                        .map_or_else(String::new, |cosine| cosine.to_string()),
                ]);
            }
        }
        for point in seeds.first().into_iter().flat_map(|(_, points)| points) {
            table.push(vec![
                subject.place(),
                count(point.step),
                significant(point.mean, 3),
                significant(point.equiv, 3),
                significant(point.of_mean, 3),
                significant(point.of_equiv, 3),
                significant(point.relative_gradient(), 3),
                significant(point.relative_error().sqrt(), 3),
                point
                    .cosine
                    .map_or("-".into(), |cosine| significant(cosine, 2)),
            ]);
        }
        outcome.chart.panels.extend(panels(subject, seeds));
        let exponents: Option<Vec<f64>> =
            seeds.iter().map(|(_, points)| exponent(points)).collect();
        let found = exponents.and_then(|exponents| arithmetic(&exponents));
        if !seeds.is_empty() {
            outcome.findings.push(Finding {
                place: subject.place(),
                judgement: judge(found.and_then(|found| found.interval)),
                figures: format!("p = {}", with_interval(found)),
            });
        }
    }
    outcome.tables.push(table);
    outcome
}

fn panels(subject: &Subject, seeds: &[(u64, Vec<Point>)]) -> Vec<ChartPanel> {
    let lines = |name: &str, pick: fn(&Point) -> f64| -> Vec<Line> {
        let line = |(_, points): &(u64, Vec<Point>)| Line {
            name: name.into(),
            points: points
                .iter()
                .map(|point| [point.step as f64, pick(point)])
                .collect(),
            ..Line::default()
        };
        seeds.iter().map(line).collect()
    };
    let lengths = [
        lines("|grad L_mean|", |point| point.of_mean),
        lines("|grad L_equiv|", |point| point.of_equiv),
    ];
    let relative = [
        lines("relative gradient", Point::relative_gradient),
        lines("sqrt(relative error)", |point| {
            point.relative_error().sqrt()
        }),
    ];
    vec![
        ChartPanel::new(
            format!("{}: length of the gradient", subject.place()),
            lengths.concat(),
        ),
        ChartPanel::new(
            format!("{}: L_equiv over L_mean", subject.place()),
            relative.concat(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_power_law_is_found() {
        let point = |k: i32| Point {
            step: k as u64,
            loss: 2.0,
            mean: 2.0,
            equiv: 2.0 * 0.5f64.powi(k),
            of_mean: 3.0,
            of_equiv: 0.7 * 0.5f64.powi(k).powf(0.5),
            cosine: None,
        };
        let points: Vec<Point> = (0..6).map(point).collect();
        let found = exponent(&points).expect("six points");
        assert!((found - 0.5).abs() < 1e-12, "{found}");
        assert_eq!(exponent(&points[..2]), None);
        assert_eq!(judge(Some([0.4, 0.6])), Judgement::Supported);
        assert_eq!(judge(Some([0.8, 0.9])), Judgement::NotSupported);
        assert_eq!(judge(Some([0.6, 0.9])), Judgement::Undecided);
        assert_eq!(judge(None), Judgement::Undecided);
    }
}
