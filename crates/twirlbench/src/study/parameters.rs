//! `L_equiv` against the part of linear layers that is not equivariant.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use twirl_report::{Chart, ChartPanel, Grid, Line, count, significant};

use crate::study::cell::Cells;
use crate::study::outcome::{
    Finding, Judgement, Outcome, Sheet, arithmetic, geometric, with_interval,
};
use crate::study::scope::{Scope, Subject};

const RULE: &str = "the part of all split layers that is not equivariant is scaled by s at the last \
                    checkpoint, all else fixed; p is the exponent of L_equiv in s between the two \
                    smallest s. Theory: p = 2. Per arm with such layers: supported if the 95 % \
                    interval over seeds lies within 1.95 to 2.05, not supported if outside, \
                    undecided otherwise and with fewer than 3 seeds. Over training: q = L_equiv / \
                    |rest|^2 at the last checkpoint over that at the first; supported if its \
                    interval lies within 0.5 to 2, not supported if outside, undecided otherwise";

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

/// An arm at a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stage {
    step: u64,
    loss: f64,
    equiv: f64,
    layers: Vec<Layer>,
    /// `L_equiv` at each of [`SCALES`]; at the last checkpoint only.
    scaled: Vec<f64>,
}

impl Stage {
    fn rest(&self) -> f64 {
        self.layers.iter().map(|layer| layer.rest).sum()
    }

    fn exponent(&self) -> Option<f64> {
        let [first, second, ..] = self.scaled[..] else {
            return None;
        };
        let found = (second / first).ln() / (SCALES[1] / SCALES[0]).ln();
        found.is_finite().then_some(found)
    }
}

fn follow(scope: &Scope<'_>, subject: &Subject) -> Result<Vec<Stage>> {
    let budget = scope.budgets.parameters(&subject.job.task);
    let mut lab = scope.lab(subject)?;
    let splits = lab.linear_splits()?;
    if splits.is_empty() {
        return Ok(Vec::new());
    }
    let probe = scope.probe(&*lab, subject, budget.items, budget.design);
    let mut stages = Vec::new();
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
        stages.push(Stage {
            step,
            loss: parts.loss,
            equiv: parts.equiv,
            layers,
            scaled,
        });
    }
    Ok(stages)
}

/// `L_equiv / |rest|^2` at the last stage over that at the first.
fn drift(stages: &[Stage]) -> Option<f64> {
    let ratio = |stage: &Stage| stage.equiv / stage.rest();
    Some(ratio(stages.last()?) / ratio(stages.first()?))
}

/// Supported if the interval lies within the range, not supported if outside.
fn judge(interval: Option<[f64; 2]>, range: [f64; 2]) -> Judgement {
    match interval {
        Some([low, high]) if low >= range[0] && high <= range[1] => Judgement::Supported,
        Some([low, high]) if high < range[0] || low > range[1] => Judgement::NotSupported,
        _ => Judgement::Undecided,
    }
}

/// The outcome before any figure.
fn frame() -> Outcome {
    Outcome {
        claim: "L_equiv is quadratic in the part of the weights that is not equivariant, and \
                proportional to its squared size over training",
        rule: RULE,
        findings: Vec::new(),
        tables: Vec::new(),
        notes: vec![
            "`exact`: L_equiv of the squared loss is exactly quadratic in the rest while all else \
             is fixed; elsewhere it is so only near the equivariant set."
                .into(),
        ],
        chart: Chart {
            title: "L_equiv against the squared size of the rest of the split layers".into(),
            description: "Circles along a line: the rest scaled by 0.05 to 2 at the last \
                          checkpoint. One line per arm and seed."
                .into(),
            x_label: "squared length of the rest".into(),
            panels: Vec::new(),
            ..Chart::default()
        },
        sheet: Sheet::new([
            "task", "arm", "seed", "step", "scale", "rest", "loss", "equiv",
        ]),
    }
}

pub(super) fn run(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    // Every augmented arm is asked: those without such layers cost nothing.
    let budget = |task: &str| scope.budgets.parameters(task);
    let arms = scope.over_seeds(cells, usize::MAX, budget, follow);
    let mut outcome = frame();
    let mut over_training = Grid::new(
        "Split layers over training, first seed",
        2,
        [
            "task/arm",
            "layer",
            "exact",
            "weights",
            "step",
            "|whole|^2",
            "|rest|^2",
            "L_equiv",
            "L_equiv / |rest|^2",
        ],
    );
    let mut scaled = Grid::new(
        "L_equiv with the rest scaled by s, over s^2 L_equiv: 1 where exactly quadratic; last \
         checkpoint, first seed",
        1,
        ["task/arm", "s = 0.05", "0.1", "0.5", "1", "2"],
    );
    let mut lines = Vec::new();
    for (subject, seeds) in &arms {
        if seeds.iter().all(|(_, stages)| stages.is_empty()) {
            if !seeds.is_empty() {
                outcome.notes.push(format!(
                    "{}: no split. The arm names no layer that has an equivariant part while its \
                     inputs turn.",
                    subject.place()
                ));
            }
            continue;
        }
        for (seed, stages) in seeds {
            outcome.write_rows(subject, *seed, stages);
            let Some(last) = stages.last() else { continue };
            let points = SCALES.iter().zip(&last.scaled);
            lines.push(Line {
                name: subject.place(),
                points: points
                    .map(|(s, equiv)| [s * s * last.rest(), *equiv])
                    .collect(),
                ..Line::default()
            });
        }
        if let Some((_, stages)) = seeds.first() {
            for stage in stages {
                for layer in &stage.layers {
                    over_training.push(vec![
                        subject.place(),
                        layer.name.clone(),
                        if layer.exact { "yes" } else { "no" }.into(),
                        count(layer.weights as u64),
                        count(stage.step),
                        significant(layer.whole, 3),
                        significant(layer.rest, 3),
                        significant(stage.equiv, 3),
                        significant(stage.equiv / stage.rest(), 3),
                    ]);
                }
            }
            if let Some(last) = stages.last() {
                let mut row = vec![subject.place()];
                let ratios = SCALES.iter().zip(&last.scaled);
                row.extend(ratios.map(|(s, e)| significant(e / (s * s * last.equiv), 6)));
                scaled.push(row);
            }
        }
        outcome.judge(subject, seeds);
    }
    outcome.tables.extend([over_training, scaled]);
    outcome.chart.panels.push(ChartPanel::new("L_equiv", lines));
    outcome
}

impl Outcome {
    fn judge(&mut self, subject: &Subject, seeds: &[(u64, Vec<Stage>)]) {
        let exponents: Option<Vec<f64>> = seeds
            .iter()
            .map(|(_, stages)| stages.last()?.exponent())
            .collect();
        let found = exponents.and_then(|exponents| arithmetic(&exponents));
        self.findings.push(Finding {
            place: subject.place(),
            judgement: judge(found.and_then(|found| found.interval), [1.95, 2.05]),
            figures: format!("p = {}", with_interval(found)),
        });
        let drifts: Option<Vec<f64>> = seeds.iter().map(|(_, stages)| drift(stages)).collect();
        let found = drifts.and_then(|drifts| geometric(&drifts));
        self.findings.push(Finding {
            place: format!("{} over training", subject.place()),
            judgement: judge(found.and_then(|found| found.interval), [0.5, 2.0]),
            figures: format!("q = {}", with_interval(found)),
        });
    }

    fn write_rows(&mut self, subject: &Subject, seed: u64, stages: &[Stage]) {
        for stage in stages {
            let mut push = |scale: f64, equiv: f64| {
                self.sheet.push([
                    subject.job.task.clone(),
                    subject.job.arm.clone(),
                    seed.to_string(),
                    stage.step.to_string(),
                    scale.to_string(),
                    (scale * scale * stage.rest()).to_string(),
                    stage.loss.to_string(),
                    equiv.to_string(),
                ]);
            };
            if stage.scaled.is_empty() {
                push(1.0, stage.equiv);
            }
            for (scale, equiv) in SCALES.iter().zip(&stage.scaled) {
                push(*scale, *equiv);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quadratic_error_has_exponent_two_and_drifts_with_its_curvature() {
        let stage = |curvature: f64, rest: f64| Stage {
            step: 0,
            loss: 1.0,
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
        let stages = [stage(0.5, 4.0), stage(0.1, 3.0)];
        assert!((stages[0].exponent().expect("scaled") - 2.0).abs() < 1e-12);
        assert!((drift(&stages).expect("two stages") - 0.2).abs() < 1e-12);
        assert_eq!(judge(Some([0.1, 0.3]), [0.5, 2.0]), Judgement::NotSupported);
        assert_eq!(judge(Some([0.6, 1.9]), [0.5, 2.0]), Judgement::Supported);
        assert_eq!(judge(Some([0.4, 1.9]), [0.5, 2.0]), Judgement::Undecided);
    }
}
