//! Steps to 2 % over sizes of the model, amounts of data, and optimisers.

use anyhow::Result;
use serde_json::Value;
use twirl_data::Split;
use twirl_harness::{Optimizer, OptimizerKind, Training};
use twirl_report::{
    Chart, ChartPanel, Grid, PercentPoint, count, percent_curve, range, significant,
};

use crate::study::cell::Cells;
use crate::study::dynamics::{LEVEL, line, number};
use crate::study::outcome::{Finding, Judgement, Outcome, Sheet};
use crate::study::scope::{Scope, Subject, read_arm};

/// Largest spread that still counts as no dependence: one order of magnitude.
const SPREAD: f64 = 10.0;

const RULE: &str = "per arm: spread = most steps to 2 % over fewest, over the variants; its \
                    interval comes from the spacing of the measurements, and a variant that does \
                    not stay below 2 % needs more steps than it took. Supported if the interval \
                    lies below 10, not supported if above, undecided otherwise and below 2 variants";

/// Steps to a level, between the last measurement above it and the first of those that stay below.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Crossing {
    low: f64,
    /// Infinite if it was not reached.
    high: f64,
}

fn crossing(points: &[PercentPoint]) -> Option<Crossing> {
    let last = points.last()?;
    let above = points.iter().rposition(|point| point.percent.value > LEVEL);
    let low = above.map_or(1, |index| points[index].step.max(1)) as f64;
    let next = points.get(above.map_or(0, |index| index + 1));
    Some(match next {
        Some(point) => Crossing {
            low,
            high: (point.step as f64).max(low),
        },
        None => Crossing {
            low: last.step as f64,
            high: f64::INFINITY,
        },
    })
}

/// Most over fewest: value from the first measurements below the level, and its interval.
fn spread(crossings: &[Crossing]) -> Option<(f64, [f64; 2])> {
    if crossings.len() < 2 {
        return None;
    }
    let least =
        |pick: fn(&Crossing) -> f64| crossings.iter().map(pick).fold(f64::INFINITY, f64::min);
    let most = |pick: fn(&Crossing) -> f64| crossings.iter().map(pick).fold(0.0, f64::max);
    let value = most(|c| c.high) / least(|c| c.high);
    let low = (most(|c| c.low) / least(|c| c.high)).max(1.0);
    Some((value, [low, most(|c| c.high) / least(|c| c.low)]))
}

fn judge(interval: [f64; 2]) -> Judgement {
    if interval[1] < SPREAD {
        Judgement::Supported
    } else if interval[0] > SPREAD {
        Judgement::NotSupported
    } else {
        Judgement::Undecided
    }
}

/// A variant of an arm, or why it cannot be made.
type Variant = (String, Result<Subject>);

pub(super) fn model_size(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let variants = |subject: &Subject| -> Vec<Variant> {
        if let Some(presets) = scope.budgets.spread.presets.get(&subject.job.task) {
            let preset = |preset: &super::budget::Preset| {
                let made = subject.with_arm(|config| {
                    *config = Value::Object(preset.config.clone());
                    Ok(())
                });
                (preset.name.clone(), made)
            };
            return presets.iter().map(preset).collect();
        }
        let sizes = &scope.budgets.spread.sizes;
        let wider = |&factor: &f64| (format!("width-x{factor}"), subject.wider(factor));
        sizes.iter().map(wider).collect()
    };
    study(
        scope,
        cells,
        "the steps to 2 % do not depend on the size of the model",
        variants,
    )
}

pub(super) fn data_size(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let variants = |subject: &Subject| -> Vec<Variant> {
        let all = scope.data(&subject.job).split(Split::Train).len();
        let take = |&share: &f64| {
            let items = ((all as f64 * share).round() as usize).clamp(1, all);
            let mut subject = subject.clone();
            // All items are written 0, so that the run is shared with the other studies.
            subject.job.train.train_items = if items == all { 0 } else { items };
            (format!("items-{items}"), Ok(subject))
        };
        scope.budgets.spread.counts.iter().map(take).collect()
    };
    study(
        scope,
        cells,
        "the steps to 2 % do not depend on the amount of data",
        variants,
    )
}

pub(super) fn optimizer(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let variants = |subject: &Subject| -> Vec<Variant> {
        let choices = scope.budgets.spread.optimizers.iter();
        let variant = |choice: &super::budget::OptimizerChoice| {
            let mut subject = subject.clone();
            subject.job.train.optimizer = Optimizer {
                kind: choice.kind,
                second: if choice.kind == OptimizerKind::Lion {
                    0.99
                } else {
                    0.999
                },
                ..Optimizer::default()
            };
            if let Some(search) = &mut subject.job.train.search {
                search.rates.clone_from(&choice.rates);
            }
            let name = format!("{:?}", choice.kind).to_lowercase();
            (name, Ok(subject))
        };
        choices.map(variant).collect()
    };
    study(
        scope,
        cells,
        "the steps to 2 % do not depend on the optimiser",
        variants,
    )
}

/// The outcome before any figure.
fn frame(claim: &'static str) -> Outcome {
    Outcome {
        claim,
        rule: RULE,
        findings: Vec::new(),
        tables: Vec::new(),
        notes: vec![
            "One seed; the learning rate of every variant is searched among the same number of \
             candidates with the same number of steps."
                .into(),
        ],
        chart: Chart {
            title: "Share of the loss that is imperfect symmetry, against steps".into(),
            description: "One line per variant.".into(),
            x_label: "optimiser steps".into(),
            panels: Vec::new(),
            ..Chart::default()
        },
        sheet: Sheet::new(["task", "arm", "variant", "step", "percent", "loss"]),
    }
}

fn study(
    scope: &Scope<'_>,
    cells: &mut Cells,
    claim: &'static str,
    variants: impl Fn(&Subject) -> Vec<Variant>,
) -> Outcome {
    let mut outcome = frame(claim);
    let mut table = Grid::new(
        "Steps until the percentage stays at or below 2 %",
        3,
        [
            "task", "arm", "variant", "params", "items", "rate", "steps", "to 2 %", "percent",
            "loss",
        ],
    );
    for base in scope.arms(Training::Augmented, 1) {
        let mut crossings = Vec::new();
        let mut lines = Vec::new();
        let mut base = scope.for_runs(&base);
        if let Some(steps) = scope.budgets.spread.steps {
            base.job.train.steps = steps;
        }
        base.job.seed = scope
            .seeds(&scope.budgets.runs.seeds)
            .first()
            .copied()
            .unwrap_or(0);
        for (name, variant) in variants(&base) {
            let folder = match variant {
                Ok(variant) => scope.run(cells, &name, &variant),
                Err(error) => {
                    let label = format!("{}/{name}", base.place());
                    cells.run(&label, None, || Err(error))
                }
            };
            let Some(arm) = folder.and_then(|folder| read_arm(&folder).ok()) else {
                continue;
            };
            let points = percent_curve(&arm);
            let (Some(found), Some(run)) = (crossing(&points), arm.counted().first().copied())
            else {
                continue;
            };
            let last = run.records.last();
            let train = &run.manifest.job.train;
            table.push(vec![
                arm.task.clone(),
                arm.arm.clone(),
                name.clone(),
                count(run.manifest.parameters as u64),
                match train.train_items {
                    0 => "all".into(),
                    items => count(items as u64),
                },
                significant(run.manifest.learning_rate, 1),
                count(run.manifest.steps),
                match found.high {
                    high if high.is_finite() => format!("{} to {high}", found.low),
                    _ => format!("over {}", found.low),
                },
                last.map_or("-".into(), |r| significant(r.split.percent_equiv, 3)),
                last.map_or("-".into(), |r| significant(r.split.loss, 4)),
            ]);
            for record in &run.records {
                let [percent, loss] = [record.split.percent_equiv, record.split.loss].map(number);
                let (task, arm) = (arm.task.clone(), arm.arm.clone());
                let step = record.step.to_string();
                outcome
                    .sheet
                    .push([task, arm, name.clone(), step, percent, loss]);
            }
            lines.push(line(name, &points));
            crossings.push(found);
        }
        outcome.chart.panels.push(ChartPanel::new(
            format!("{}: 100 L_equiv / L (%)", base.place()),
            lines,
        ));
        let found = spread(&crossings);
        outcome.findings.push(Finding {
            place: base.place(),
            judgement: found.map_or(Judgement::Undecided, |(_, interval)| judge(interval)),
            figures: match found {
                Some((value, interval)) => format!(
                    "spread {} ({}) over {} variants",
                    significant(value, 3),
                    range(Some(interval), 3),
                    crossings.len()
                ),
                None => format!("{} variant finished", crossings.len()),
            },
        });
    }
    outcome.tables.push(table);
    outcome
}

#[cfg(test)]
mod tests {
    use twirl_report::Estimate;

    use super::*;

    fn curve(points: &[(u64, f64)]) -> Vec<PercentPoint> {
        let point = |&(step, value): &(u64, f64)| PercentPoint {
            step,
            percent: Estimate {
                value,
                interval: None,
            },
            floor: 0.0,
        };
        points.iter().map(point).collect()
    }

    #[test]
    fn crossings_lie_between_measurements() {
        let settled = crossing(&curve(&[
            (0, 50.0),
            (10, 3.0),
            (20, 1.0),
            (40, 2.5),
            (80, 1.9),
        ]));
        assert_eq!(
            settled,
            Some(Crossing {
                low: 40.0,
                high: 80.0
            })
        );
        let never = crossing(&curve(&[(0, 50.0), (10, 3.0)]));
        assert_eq!(
            never,
            Some(Crossing {
                low: 10.0,
                high: f64::INFINITY
            })
        );
        let at_once = crossing(&curve(&[(0, 1.0), (10, 0.5)]));
        assert_eq!(
            at_once,
            Some(Crossing {
                low: 1.0,
                high: 1.0
            })
        );
    }

    #[test]
    fn the_spread_can_come_out_either_way() {
        let c = |low: f64, high: f64| Crossing { low, high };
        let of = |list: &[Crossing]| spread(list).map(|(_, interval)| judge(interval));
        assert_eq!(of(&[c(10.0, 20.0)]), None);
        assert_eq!(
            of(&[c(10.0, 20.0), c(20.0, 40.0)]),
            Some(Judgement::Supported)
        );
        assert_eq!(
            of(&[c(10.0, 20.0), c(50.0, 300.0)]),
            Some(Judgement::Undecided)
        );
        assert_eq!(
            of(&[c(10.0, 20.0), c(500.0, f64::INFINITY)]),
            Some(Judgement::NotSupported)
        );
    }
}
