//! Steps to 2 % over sizes of the model, amounts of data, and optimisers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use twirl_data::Split;
use twirl_record::{Optimizer, OptimizerKind};
use twirl_report::{PercentPoint, range, significant};

use crate::budgets::{RequiredSection, Section};
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::judgement::Judgement;
use crate::outcome::{Finding, Outcome};
use crate::runs::RunBudget;
use crate::setup::ArmSetup;
use crate::studies::percent::{LEVEL, Trained, Variant, bases, present, train_variants};
use crate::study::{Card, Study};

/// Largest spread that still counts as no dependence: one order of magnitude.
const SPREAD: f64 = 10.0;

/// Variants of the first augmented arm of each task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VariantBudget {
    /// Those of `runs` if absent; the unchanged arm's run is then shared with the other studies.
    #[serde(default)]
    steps: Option<u64>,
    /// Factors of the arm's `width`, unless there are presets.
    sizes: Vec<f64>,
    /// Shares of the training items.
    counts: Vec<f64>,
    optimizers: Vec<OptimizerBudget>,
    /// Named sizes of the arm.
    #[serde(default)]
    presets: Vec<Preset>,
}

impl Section for VariantBudget {
    const NAME: &'static str = "variants";
}

/// An optimiser and the rates that are searched for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptimizerBudget {
    kind: OptimizerKind,
    rates: Vec<f64>,
}

/// A named size of an arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Preset {
    name: String,
    config: Map<String, Value>,
}

const SECTIONS: &[RequiredSection] = &[
    RequiredSection::of::<RunBudget>(),
    RequiredSection::of::<VariantBudget>(),
];

const fn card(name: &'static str, about: &'static str, claim: &'static str) -> Card {
    Card {
        name,
        about,
        claim,
        rule: "per arm: spread = most steps to 2 % over fewest, over the variants; its interval comes \
               from the spacing of the measurements, and a variant that does not stay below 2 % \
               needs more steps than it took. Supported if the interval lies below 10, not supported \
               if above, undecided otherwise, below 2 variants, and where one did not finish",
        needs_f64: false,
        sections: SECTIONS,
    }
}

/// A study of variants of an arm that differ in one thing.
pub(crate) struct VariantStudy {
    card: Card,
    variants: fn(&StudyContext<'_>, &ArmSetup, &VariantBudget) -> Vec<Variant>,
}

/// Sizes of the model.
pub(crate) const MODEL_SIZE: VariantStudy = VariantStudy {
    card: card(
        "model-size",
        "steps to 2 % for models of several sizes",
        "the steps to 2 % do not depend on the size of the model",
    ),
    variants: |_, base, budget| {
        let preset = |preset: &Preset| {
            let config = Value::Object(preset.config.clone());
            let made = base.with_config(&base.job.task_config, &config);
            (preset.name.clone(), made)
        };
        let wider = |&factor: &f64| (format!("width-x{factor}"), base.wider(factor));
        if budget.presets.is_empty() {
            budget.sizes.iter().map(wider).collect()
        } else {
            budget.presets.iter().map(preset).collect()
        }
    },
};

/// Amounts of data.
pub(crate) const DATA_SIZE: VariantStudy = VariantStudy {
    card: card(
        "data-size",
        "steps to 2 % for several amounts of data",
        "the steps to 2 % do not depend on the amount of data",
    ),
    variants: |context, base, budget| {
        let all = context.data(&base.job).split(Split::Train).len();
        let take = |&share: &f64| {
            let items = ((all as f64 * share).round() as usize).clamp(1, all);
            let mut setup = base.clone();
            // All items are written 0, so that the run is shared with the other studies.
            setup.job.train.train_items = if items == all { 0 } else { items };
            (format!("items-{items}"), Ok(setup))
        };
        budget.counts.iter().map(take).collect()
    },
};

/// Optimisers.
pub(crate) const OPTIMIZER: VariantStudy = VariantStudy {
    card: card(
        "optimizer",
        "steps to 2 % for several optimisers",
        "the steps to 2 % do not depend on the optimiser",
    ),
    variants: |_, base, budget| {
        let variant = |choice: &OptimizerBudget| {
            let mut setup = base.clone();
            let second = match choice.kind {
                OptimizerKind::Lion => 0.99,
                OptimizerKind::Adamw | OptimizerKind::Sgd | OptimizerKind::Muon => 0.999,
            };
            setup.job.train.optimizer = Optimizer {
                kind: choice.kind,
                second,
                ..Optimizer::default()
            };
            if let Some(search) = &mut setup.job.train.search {
                search.rates.clone_from(&choice.rates);
            }
            let name = format!("{:?}", choice.kind).to_lowercase();
            (name, Ok(setup))
        };
        budget.optimizers.iter().map(variant).collect()
    },
};

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

fn finding(base: &ArmSetup, crossings: &[Crossing], variants: usize) -> Finding {
    let found = spread(crossings).filter(|_| crossings.len() == variants);
    let interval = found.map(|(_, interval)| interval);
    Finding {
        place: base.place(),
        judgement: Judgement::below(interval, SPREAD),
        figures: match found {
            Some((value, interval)) => format!(
                "spread {} ({}) over {} variants",
                significant(value, 3),
                range(Some(interval), 3),
                crossings.len()
            ),
            None => format!("{} of {variants} variants finished", crossings.len()),
        },
    }
}

impl Study for VariantStudy {
    fn card(&self) -> &Card {
        &self.card
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let mut outcome = Outcome::default();
        let mut all: Vec<Trained> = Vec::new();
        for mut base in bases(context)? {
            let task = Some(base.job.task.as_str());
            let budget: VariantBudget = context.budgets.section(task)?;
            if let Some(steps) = budget.steps {
                base.job.train.steps = steps;
            }
            let variants = (self.variants)(context, &base, &budget);
            let count = variants.len();
            let trained = train_variants(context, cells, (&base, variants), &mut outcome);
            let crossings = trained.iter().filter_map(|one| crossing(&one.points));
            let crossings: Vec<Crossing> = crossings.collect();
            outcome.findings.push(finding(&base, &crossings, count));
            all.extend(trained);
        }
        present(&mut outcome, &all, "One line per variant.");
        outcome.notes.push(
            "One seed; the learning rate of every variant is searched among the same number of \
             candidates with the same number of steps."
                .into(),
        );
        Ok(outcome)
    }
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
        let of = |list: &[Crossing]| {
            spread(list).map(|(_, interval)| Judgement::below(Some(interval), SPREAD))
        };
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
