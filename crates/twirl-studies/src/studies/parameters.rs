//! `L_equiv` against the part of linear layers that is not equivariant.

use serde::{Deserialize, Serialize};
use twirl_core::Design;
use twirl_report::{Chart, Columns, Curves, Table};

use crate::budgets::{RequiredSection, Section};
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::estimates::{arithmetic, geometric, in_words, over_seeds};
use crate::holm::Bound;
use crate::lab::LabBudget;
use crate::learned::{LabLoss, LabYardstick, learned_rule};
use crate::outcome::{Finding, Outcome};
use crate::setup::ArmSetup;
use crate::study::{Card, Study};

/// `L_equiv` against the part of linear layers that is not equivariant.
pub(crate) struct Parameters;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterBudget {
    checkpoints: Vec<u64>,
    items: usize,
    design: Design,
}

impl Section for ParameterBudget {
    const NAME: &'static str = "parameters";
}

/// Factors of the part that is not equivariant.
const SCALES: [f64; 5] = [0.05, 0.1, 0.5, 1.0, 2.0];

/// A layer at a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Layer {
    name: String,
    exact: bool,
    weights: usize,
    /// Squared length of the whole weight.
    whole: f64,
    /// Squared length of the part that is not equivariant.
    rest: f64,
}

/// An arm at a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Checkpoint {
    step: u64,
    loss: f64,
    /// Of predicting zero.
    zero: f64,
    equiv: f64,
    layers: Vec<Layer>,
    /// `L_equiv` at each of [`SCALES`]; at the last checkpoint only.
    scaled: Vec<f64>,
}

impl Checkpoint {
    fn lab_loss(&self) -> LabLoss {
        LabLoss {
            loss: self.loss,
            zero: self.zero,
        }
    }

    fn rest(&self) -> f64 {
        self.layers.iter().map(|layer| layer.rest).sum()
    }

    /// `L_equiv / |rest|^2`.
    fn curvature(&self) -> f64 {
        self.equiv / self.rest()
    }

    fn exponent(&self) -> Option<f64> {
        let [first, second, ..] = self.scaled[..] else {
            return None;
        };
        let found = (second / first).ln() / (SCALES[1] / SCALES[0]).ln();
        found.is_finite().then_some(found)
    }
}

fn measure(
    context: &StudyContext<'_>,
    setup: &ArmSetup,
    budget: &ParameterBudget,
) -> Result<Vec<Checkpoint>, StudyError> {
    let mut lab = context.lab(setup)?;
    let splits = lab.linear_splits()?;
    if splits.is_empty() {
        return Ok(Vec::new());
    }
    let probe = context.probe(&*lab, setup, budget.items, budget.design)?;
    let mut checkpoints = Vec::new();
    for (index, &step) in budget.checkpoints.iter().enumerate() {
        lab.advance(step)?;
        let weights = lab.weights();
        let parts = lab.parts(&weights, &probe)?;
        let mut layers = Vec::new();
        let mut rests = Vec::new();
        for split in &splits {
            let info = split.place(lab.parameters())?.clone();
            let weight = &weights[info.range.clone()];
            let rest = split.rest(weight, &info.shape);
            let square = |values: &[f64]| values.iter().map(|value| value * value).sum();
            layers.push(Layer {
                name: info.name,
                exact: split.exact,
                weights: weight.len(),
                whole: square(weight),
                rest: square(&rest),
            });
            rests.push((info.range, rest));
        }
        let mut scaled = Vec::new();
        if index + 1 == budget.checkpoints.len() {
            for scale in SCALES {
                let mut changed = weights.clone();
                for (range, rest) in &rests {
                    for (weight, rest) in changed[range.clone()].iter_mut().zip(rest) {
                        *weight += (scale - 1.0) * rest;
                    }
                }
                scaled.push(lab.parts(&changed, &probe)?.equiv);
            }
        }
        checkpoints.push(Checkpoint {
            step,
            loss: parts.loss,
            zero: parts.zero,
            equiv: parts.equiv,
            layers,
            scaled,
        });
    }
    Ok(checkpoints)
}

/// `L_equiv / |rest|^2` at the last checkpoint over that at the first at which the arm has learned;
/// nothing if these are one.
fn drift(checkpoints: &[Checkpoint], yardstick: &LabYardstick) -> Option<f64> {
    let (last, before) = checkpoints.split_last()?;
    let mut before = before.iter();
    let first = before.find(|at| yardstick.not_learned(at.lab_loss()).is_none())?;
    Some(last.curvature() / first.curvature())
}

fn findings(
    setup: &ArmSetup,
    seeds: &[(u64, Vec<Checkpoint>)],
    yardstick: &LabYardstick,
) -> [Finding; 2] {
    let all = seeds.iter().map(|(_, checkpoints)| checkpoints);
    let exponent: Option<Vec<f64>> = all.clone().map(|all| all.last()?.exponent()).collect();
    let exponent = exponent.and_then(|exponents| arithmetic(&exponents));
    let drifts: Option<Vec<f64>> = all.clone().map(|all| drift(all, yardstick)).collect();
    let drift = drifts.and_then(|drifts| geometric(&drifts));
    let last: Vec<LabLoss> = all.filter_map(|all| Some(all.last()?.lab_loss())).collect();
    let reason = yardstick.not_learned(LabLoss::mean(&last));
    [
        (setup.place(), "p", exponent, [1.95, 2.05]),
        (
            format!("{} over training", setup.place()),
            "q",
            drift,
            [0.5, 2.0],
        ),
    ]
    .map(|(place, name, found, range)| {
        let test = over_seeds(found, seeds.len(), Bound::Within(range));
        let figures = format!("{name} = {}", in_words(found));
        Finding::tested(place, test, figures).forbid(reason.clone())
    })
}

/// A layer of the first seed at a checkpoint.
struct LayerRow<'a> {
    place: String,
    checkpoint: &'a Checkpoint,
    layer: &'a Layer,
}

/// `L_equiv` of a seed at a checkpoint with the rest scaled.
struct ScaledRow<'a> {
    setup: &'a ArmSetup,
    seed: u64,
    checkpoint: &'a Checkpoint,
    scale: f64,
    equiv: f64,
}

const CARD: Card = Card {
    name: "parameters",
    about: "L_equiv against the part of linear layers that is not equivariant",
    claim: "L_equiv is quadratic in the part of the weights that is not equivariant, and proportional \
         to its squared size over training",
    rule: concat!(
        "the part of all split layers that is not equivariant is scaled by s at the last checkpoint, \
         all else fixed; p is the exponent of L_equiv in s between the two smallest s. Theory: p = \
         2. Per arm with such layers: supported if the 95 % interval over seeds lies within 1.95 to \
         2.05, not supported if outside, undecided otherwise and with fewer than 3 seeds. Over \
         training: q = L_equiv / |rest|^2 at the last checkpoint over that at the first that counts; \
         supported if its interval lies within 0.5 to 2, not supported if outside, undecided \
         otherwise. ",
        learned_rule!()
    ),
    needs_f64: true,
    sections: &[
        RequiredSection::of::<LabBudget>(),
        RequiredSection::of::<ParameterBudget>(),
    ],
};

impl Study for Parameters {
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
            // Every augmented arm is asked: those without such layers cost nothing.
            context.lab_arms(|_| Ok(usize::MAX))?,
            |task| context.lab_seeds(task),
            |task| context.budgets.section(Some(task)),
            |setup, budget| measure(context, setup, budget),
        )?;
        let losses = |all: &Vec<Checkpoint>| all.iter().map(Checkpoint::lab_loss).collect();
        let yardsticks = context.lab_yardsticks(&arms, losses)?;
        let mut outcome = Outcome::default();
        let (mut layers, mut scaled) = (Vec::new(), Vec::new());
        for ((setup, seeds), yardstick) in arms.iter().zip(&yardsticks) {
            if seeds.is_empty() {
                outcome.gap(setup.place(), "no seed finished");
                continue;
            }
            if seeds.iter().all(|(_, checkpoints)| checkpoints.is_empty()) {
                outcome.notes.push(format!(
                    "{}: no split. The arm names no layer that has an equivariant part while its \
                     inputs turn.",
                    setup.place()
                ));
                continue;
            }
            for (seed, checkpoints) in seeds {
                for checkpoint in checkpoints {
                    let row = |scale, equiv| ScaledRow {
                        setup,
                        seed: *seed,
                        checkpoint,
                        scale,
                        equiv,
                    };
                    if checkpoint.scaled.is_empty() {
                        scaled.push(row(1.0, checkpoint.equiv));
                    }
                    let pairs = SCALES.iter().zip(&checkpoint.scaled);
                    scaled.extend(pairs.map(|(scale, equiv)| row(*scale, *equiv)));
                }
            }
            for checkpoint in &seeds[0].1 {
                layers.extend(checkpoint.layers.iter().map(|layer| LayerRow {
                    place: setup.place(),
                    checkpoint,
                    layer,
                }));
            }
            outcome.findings.extend(findings(setup, seeds, yardstick));
        }
        let at_last = |row: &&ScaledRow<'_>| !row.checkpoint.scaled.is_empty();
        let last: Vec<&ScaledRow<'_>> = scaled.iter().filter(at_last).collect();
        outcome.chart = Chart {
            title: "L_equiv against the squared size of the rest of the split layers".into(),
            description: "Circles along a line: the rest scaled by 0.05 to 2 at the last \
                          checkpoint. One line per arm and seed."
                .into(),
            x_label: "squared length of the rest".into(),
            panels: scaled_table("scaled", "", &last).panels(&Curves {
                label: "L_equiv",
                line: &["task", "arm"],
                apart: &["seed"],
                x: "rest",
                y: &["equiv"],
                ..Curves::default()
            }),
            ..Chart::default()
        };
        let title = "L_equiv with the rest scaled by s at the last checkpoint, over s^2 L_equiv: 1 \
                     where exactly quadratic";
        let all: Vec<&ScaledRow<'_>> = scaled.iter().collect();
        outcome.tables = vec![
            layer_table(&layers),
            scaled_table("scaled", title, &last),
            scaled_table("data", "", &all),
        ];
        outcome.notes.push(
            "`exact`: L_equiv of the squared loss is exactly quadratic in the rest while all else \
             is fixed; elsewhere it is so only near the equivariant set."
                .into(),
        );
        Ok(outcome)
    }
}

fn layer_table(rows: &[LayerRow<'_>]) -> Table {
    let mut columns = Columns::new("layers", "Split layers over training, first seed", rows);
    columns.label(("task/arm", "arm"), |row| &row.place);
    columns.label("layer", |row| &row.layer.name);
    columns.flag("exact", |row| row.layer.exact);
    columns.integer("weights", |row| row.layer.weights);
    columns.integer("step", |row| row.checkpoint.step);
    columns.real(("L/L0", "of_zero"), |row| {
        row.checkpoint.loss / row.checkpoint.zero
    });
    columns.real(("|whole|^2", "whole"), |row| row.layer.whole);
    columns.real(("|rest|^2", "rest"), |row| row.layer.rest);
    columns.real(("L_equiv", "equiv"), |row| row.checkpoint.equiv);
    columns.real(("L_equiv / |rest|^2", "curvature"), |row| {
        row.checkpoint.curvature()
    });
    columns.table()
}

fn scaled_table(name: &str, title: &str, rows: &[&ScaledRow<'_>]) -> Table {
    let mut columns = Columns::new(name, title, rows);
    columns.label("task", |row| &row.setup.job.task);
    columns.label("arm", |row| &row.setup.job.arm);
    columns.label("seed", |row| row.seed.to_string());
    columns.integer("step", |row| row.checkpoint.step);
    columns.real(("s", "scale"), |row| row.scale).digits(2);
    columns.real(("|rest|^2", "rest"), |row| {
        row.scale.powi(2) * row.checkpoint.rest()
    });
    columns.real(("L", "loss"), |row| row.checkpoint.loss);
    columns.real(("L_equiv", "equiv"), |row| row.equiv);
    let ratio = columns.real(("over s^2 L_equiv", "over_quadratic"), |row| {
        row.equiv / (row.scale.powi(2) * row.checkpoint.equiv)
    });
    ratio.digits(6);
    columns.table()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quadratic_error_has_exponent_two_and_drifts_with_its_curvature() {
        let checkpoint = |curvature: f64, rest: f64| Checkpoint {
            step: 0,
            loss: 1.0,
            zero: 10.0,
            equiv: curvature * rest,
            layers: vec![Layer {
                name: "head".into(),
                exact: true,
                weights: 3,
                whole: 2.0 * rest,
                rest,
            }],
            scaled: SCALES.iter().map(|s| s * s * curvature * rest).collect(),
        };
        let checkpoints = [checkpoint(0.5, 4.0), checkpoint(0.1, 3.0)];
        assert!((checkpoints[0].exponent().expect("scaled") - 2.0).abs() < 1e-12);
        let yardstick = LabYardstick::Bayes(0.0);
        let found = drift(&checkpoints, &yardstick).expect("two checkpoints");
        assert!((found - 0.2).abs() < 1e-12);
        // From the first that has learned; initial weights are none.
        let initial = Checkpoint {
            loss: 9.9,
            ..checkpoint(0.01, 4.0)
        };
        let [first, last] = checkpoints;
        let all = [initial.clone(), first, last.clone()];
        assert_eq!(drift(&all, &yardstick), Some(found));
        assert_eq!(drift(&[initial, last], &yardstick), None);
    }
}
