//! Gradients of both parts over training.

use serde::{Deserialize, Serialize};
use twirl_core::Design;
use twirl_harness::{Part, log_spaced};
use twirl_landscape::{dot, norm};
use twirl_report::{Chart, Columns, Curves, Table};

use crate::budgets::{RequiredSection, Section};
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::estimates::{arithmetic, in_words, over_seeds};
use crate::holm::Bound;
use crate::lab::LabBudget;
use crate::learned::{LabLoss, LabYardstick, learned_rule};
use crate::outcome::{Finding, Outcome};
use crate::setup::ArmSetup;
use crate::study::{Card, Study};

/// Gradients of both parts over training.
pub(crate) struct Gradients;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GradientBudget {
    steps: u64,
    per_decade: u32,
    items: usize,
    design: Design,
}

impl Section for GradientBudget {
    const NAME: &'static str = "gradients";
}

/// Range of exponents that counts as a square root.
const RANGE: [f64; 2] = [0.25, 0.75];

/// Fewest points of a seed that give an exponent.
const FEWEST: usize = 3;

/// Both gradients at a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Point {
    step: u64,
    loss: f64,
    /// Of predicting zero.
    zero: f64,
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
    fn lab_loss(&self) -> LabLoss {
        LabLoss {
            loss: self.loss,
            zero: self.zero,
        }
    }

    fn relative_gradient(&self) -> f64 {
        self.of_equiv / self.of_mean
    }

    fn relative_error(&self) -> f64 {
        self.equiv / self.mean
    }
}

fn measure(
    context: &StudyContext<'_>,
    setup: &ArmSetup,
    budget: &GradientBudget,
) -> Result<Vec<Point>, StudyError> {
    let mut lab = context.lab(setup)?;
    let probe = context.probe(&*lab, setup, budget.items, budget.design)?;
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
            zero: parts.zero,
            mean: parts.mean,
            equiv: parts.equiv,
            of_mean,
            of_equiv,
            cosine: Some(dot(&mean, &equiv) / (of_mean * of_equiv)).filter(|c| c.is_finite()),
        });
    }
    Ok(points)
}

/// Slope of the relative gradient against the relative error by least squares of logarithms, over
/// points that have both and where the arm has learned.
fn exponent(points: &[Point], yardstick: &LabYardstick) -> Option<f64> {
    let logs: Vec<[f64; 2]> = points
        .iter()
        .filter(|point| yardstick.not_learned(point.lab_loss()).is_none())
        .map(|point| [point.relative_error().ln(), point.relative_gradient().ln()])
        .filter(|pair| pair.iter().all(|value| value.is_finite()))
        .collect();
    if logs.len() < FEWEST {
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

/// A point of one seed of an arm.
#[derive(Clone)]
struct Row {
    task: String,
    arm: String,
    seed: u64,
    point: Point,
}

const CARD: Card = Card {
    name: "gradients",
    about: "gradients of L_mean and of L_equiv over training",
    claim: "the relative gradient of L_equiv goes as the square root of the relative equivariance error",
    rule: concat!(
        "per arm: p is the slope of ln(|grad L_equiv| / |grad L_mean|) against ln(L_equiv / L_mean) \
         over the steps of a seed that count, by least squares; theory near the equivariant set: p = \
         1/2. Supported if the 95 % interval over seeds lies within 0.25 to 0.75, not supported if it \
         lies outside, undecided otherwise, with fewer than 3 seeds, and with fewer than 3 steps of a \
         seed that count. ",
        learned_rule!()
    ),
    needs_f64: false,
    sections: &[
        RequiredSection::of::<LabBudget>(),
        RequiredSection::of::<GradientBudget>(),
    ],
};

impl Study for Gradients {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let arms = context.over_seeds(
            cells,
            context.lab_arms(|task| context.lab_plain(task))?,
            |task| context.lab_seeds(task),
            |task| context.budgets.section(Some(task)),
            |setup, budget| measure(context, setup, budget),
        )?;
        let losses = |points: &Vec<Point>| points.iter().map(Point::lab_loss).collect();
        let yardsticks = context.lab_yardsticks(&arms, losses)?;
        let mut outcome = Outcome::default();
        let (mut all, mut first) = (Vec::new(), Vec::new());
        for ((setup, seeds), yardstick) in arms.iter().zip(&yardsticks) {
            if seeds.is_empty() {
                outcome.gap(setup.place(), "no seed finished");
                continue;
            }
            for (index, (seed, points)) in seeds.iter().enumerate() {
                let rows = points.iter().map(|point| Row {
                    task: setup.job.task.clone(),
                    arm: setup.job.arm.clone(),
                    seed: *seed,
                    point: *point,
                });
                let rows: Vec<Row> = rows.collect();
                if index == 0 {
                    first.extend(rows.clone());
                }
                all.extend(rows);
            }
            outcome.findings.push(finding(setup, seeds, yardstick));
        }
        let data = table("data", "", &all);
        outcome.chart = Chart {
            title: "Gradients of the parts over training".into(),
            description: "Lengths of both gradients, and relative gradient beside the square root \
                          of the relative error. One line per seed."
                .into(),
            x_label: "optimiser steps".into(),
            panels: [
                data.panels(&Curves {
                    label: "length of the gradient",
                    y: &["grad_mean", "grad_equiv"],
                    ..LINES
                }),
                data.panels(&Curves {
                    label: "L_equiv over L_mean",
                    y: &["relative_gradient", "root_relative_error"],
                    ..LINES
                }),
            ]
            .concat(),
            ..Chart::default()
        };
        outcome.tables = vec![
            table("first-seed", "Gradients of the parts, first seed", &first),
            data,
        ];
        outcome.notes.push(
            "Gradients of the unbiased estimates on fixed test molecules, rotations and noise. A \
             cosine near 0 means that the parts do not compete."
                .into(),
        );
        Ok(outcome)
    }
}

fn finding(setup: &ArmSetup, seeds: &[(u64, Vec<Point>)], yardstick: &LabYardstick) -> Finding {
    let exponents: Option<Vec<f64>> = seeds
        .iter()
        .map(|(_, points)| exponent(points, yardstick))
        .collect();
    let found = exponents.and_then(|exponents| arithmetic(&exponents));
    let test = over_seeds(found, seeds.len(), Bound::Within(RANGE));
    let last = seeds.iter().filter_map(|(_, points)| points.last());
    let last: Vec<LabLoss> = last.map(Point::lab_loss).collect();
    let few = || {
        let why = format!("fewer than {FEWEST} steps of a seed count");
        found.is_none().then_some(why)
    };
    let reason = yardstick.not_learned(LabLoss::mean(&last)).or_else(few);
    Finding::tested(setup.place(), test, format!("p = {}", in_words(found))).forbid(reason)
}

const LINES: Curves<'_> = Curves {
    panel: &["task", "arm"],
    label: "",
    line: &[],
    apart: &["seed"],
    x: "step",
    y: &[],
};

fn table(name: &str, title: &str, rows: &[Row]) -> Table {
    let mut columns = Columns::new(name, title, rows);
    columns.label("task", |row| &row.task);
    columns.label("arm", |row| &row.arm);
    columns.label("seed", |row| row.seed.to_string());
    columns.integer("step", |row| row.point.step);
    columns.real(("L", "loss"), |row| row.point.loss);
    columns.real(("L/L0", "of_zero"), |row| row.point.loss / row.point.zero);
    columns.real(("L_mean", "mean"), |row| row.point.mean);
    columns.real(("L_equiv", "equiv"), |row| row.point.equiv);
    columns.real(("|grad L_mean|", "grad_mean"), |row| row.point.of_mean);
    columns.real(("|grad L_equiv|", "grad_equiv"), |row| row.point.of_equiv);
    columns.real("relative gradient", |row| row.point.relative_gradient());
    let heading = ("sqrt(relative error)", "root_relative_error");
    columns.real(heading, |row| row.point.relative_error().sqrt());
    columns
        .real("cosine", |row| row.point.cosine.ok_or("a gradient is zero"))
        .digits(2);
    columns.table()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Judgement;

    fn point(k: i32) -> Point {
        Point {
            step: k as u64,
            loss: 2.0,
            zero: 10.0,
            mean: 2.0,
            equiv: 2.0 * 0.5f64.powi(k),
            of_mean: 3.0,
            of_equiv: 0.7 * 0.5f64.powi(k).powf(0.5),
            cosine: None,
        }
    }

    #[test]
    fn the_exponent_of_a_power_law_is_found() {
        let points: Vec<Point> = (0..6).map(point).collect();
        let yardstick = LabYardstick::Bayes(0.0);
        let found = exponent(&points, &yardstick).expect("six points");
        assert!((found - 0.5).abs() < 1e-12, "{found}");
        assert_eq!(exponent(&points[..2], &yardstick), None);
        let judge = |low, high| Judgement::within(Some([low, high]), RANGE);
        assert_eq!(judge(0.4, 0.6), Judgement::Supported);
        assert_eq!(judge(0.8, 0.9), Judgement::NotSupported);
        assert_eq!(judge(0.6, 0.9), Judgement::Undecided);
    }

    /// Steps at which the arm predicts next to nothing change no exponent.
    #[test]
    fn only_steps_at_which_the_arm_has_learned_count() {
        let mut points: Vec<Point> = (0..6).map(point).collect();
        for point in &mut points[..3] {
            point.loss = 9.8;
            point.of_equiv *= 7.0;
        }
        let yardstick = LabYardstick::Bayes(0.0);
        let found = exponent(&points, &yardstick).expect("three points");
        assert!((found - 0.5).abs() < 1e-12, "{found}");
        for point in &mut points {
            point.loss = 9.8;
        }
        assert_eq!(exponent(&points, &yardstick), None);
    }
}
