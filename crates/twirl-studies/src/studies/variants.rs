//! Steps to 2 % over sizes of the model, amounts of data, and optimisers.

use serde::{Deserialize, Serialize};
use twirl_compare::FEWEST_SEEDS;
use twirl_data::Split;
use twirl_record::{Optimizer, OptimizerKind, Training};
use twirl_report::{range, significant};

use crate::budgets::{RequiredSection, Section};
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::judgement::Judgement;
use crate::learned::learned_rule;
use crate::outcome::{Finding, Outcome};
use crate::runs::RunBudget;
use crate::setup::ArmSetup;
use crate::studies::percent::{LEVEL, Trained, Variant, train_variants};
use crate::studies::percent_tables::present;
use crate::study::{Card, Study};

/// Largest spread that still counts as no dependence: one order of magnitude.
const SPREAD: f64 = 10.0;

/// Times that the largest data set must be seen: with fewer a difference cannot show.
const EPOCHS: f64 = 5.0;

/// Variants of the first augmented arm of each task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VariantBudget {
    /// Those of `runs` if absent; the unchanged arm's run is then shared with the other studies.
    #[serde(default)]
    steps: Option<u64>,
    /// The first of `runs` if empty.
    #[serde(default)]
    seeds: Vec<u64>,
    /// Named sizes of the arm.
    sizes: Vec<String>,
    /// Shares of the training items.
    counts: Vec<f64>,
    optimizers: Vec<OptimizerBudget>,
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

pub(super) const SECTIONS: &[RequiredSection] = &[
    RequiredSection::of::<RunBudget>(),
    RequiredSection::of::<VariantBudget>(),
];

const fn card(name: &'static str, about: &'static str, claim: &'static str) -> Card {
    Card {
        name,
        about,
        claim,
        rule: concat!(
            "per arm: spread = most steps to 2 % over fewest, over the variants; its interval comes from \
             the spacing of the measurements, and a variant that does not stay below 2 % needs more \
             steps than it took. Steps are counted from where a variant has learned. Supported if the \
             interval lies below 10, not supported if above; undecided otherwise, below 2 variants, with \
             fewer than 3 seeds, and where one did not finish, has not learned at its last step, or has its \
             learning rate at an edge of the grid. Amounts of data are compared only where the largest \
             was seen 5 times. ",
            learned_rule!()
        ),
        needs_f64: false,
        sections: SECTIONS,
    }
}

/// A study of variants of an arm that differ in one thing.
pub(crate) struct VariantStudy {
    card: Card,
    /// Whether the variants differ in their data: the largest set must then be seen [`EPOCHS`] times.
    by_data: bool,
    variants: fn(&StudyContext<'_>, &ArmSetup, &VariantBudget) -> Vec<Variant>,
}

impl VariantStudy {
    /// The base with the steps of its variants, and these.
    pub(super) fn of(
        &self,
        context: &StudyContext<'_>,
        mut base: ArmSetup,
    ) -> Result<(ArmSetup, Vec<Variant>), StudyError> {
        let budget: VariantBudget = context.budgets.section(Some(&base.job.task))?;
        if let Some(steps) = budget.steps {
            base.job.train.steps = steps;
        }
        let variants = (self.variants)(context, &base, &budget);
        Ok((base, variants))
    }

    /// That the largest data set of the variants was seen too seldom, if they differ in their data.
    pub(super) fn seen_too_seldom(
        &self,
        context: &StudyContext<'_>,
        base: &ArmSetup,
        trained: &[Trained],
    ) -> Option<String> {
        // All take the same steps: the largest set is the one that was seen least.
        let all = context.data(&base.job).split(Split::Train).len();
        let least = trained.iter().map(|one| one.epochs(all));
        let least = least.reduce(f64::min).filter(|_| self.by_data)?;
        (least < EPOCHS).then(|| format!("the largest set was seen {least:.1} times, not {EPOCHS}"))
    }
}

/// Sizes of the model.
pub(crate) const MODEL_SIZE: VariantStudy = VariantStudy {
    card: card(
        "model-size",
        "steps to 2 % for models of several sizes",
        "the steps to 2 % do not depend on the size of the model",
    ),
    by_data: false,
    variants: |_, base, budget| {
        let sized = |size: &String| (size.clone(), base.sized(size));
        budget.sizes.iter().map(sized).collect()
    },
};

/// Amounts of data.
pub(crate) const DATA_SIZE: VariantStudy = VariantStudy {
    card: card(
        "data-size",
        "steps to 2 % for several amounts of data",
        "the steps to 2 % do not depend on the amount of data",
    ),
    by_data: true,
    variants: |context, base, budget| {
        let all = context.data(&base.job).split(Split::Train).len();
        let largest = budget.counts.iter().copied().fold(0.0, f64::max) * all as f64;
        // All variants take the steps of the largest.
        let epochs = (EPOCHS * largest / base.job.train.batch as f64).ceil() as u64;
        let take = |&share: &f64| {
            let items = ((all as f64 * share).round() as usize).clamp(1, all);
            let mut setup = base.clone();
            let train = &mut setup.job.train;
            // All items are written 0, so that the run is shared with the other studies.
            train.train_items = if items == all { 0 } else { items };
            train.steps = train.steps.max(epochs);
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
    by_data: false,
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

/// Steps to a level, between the last measurement above it and the first of those that stay below. A
/// measurement counts only where the variant has learned.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Crossing {
    low: f64,
    /// Infinite if it was not reached.
    high: f64,
}

fn crossing(trained: &Trained) -> Crossing {
    let settled = trained.settled_below(LEVEL);
    let steps = trained.points.iter().map(|point| point.of_loss.step);
    let before = steps.filter(|step| settled.is_none_or(|settled| *step < settled));
    let low = before.max().unwrap_or(1).max(1) as f64;
    Crossing {
        low,
        high: settled.map_or(f64::INFINITY, |step| (step as f64).max(low)),
    }
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

fn finding(place: String, trained: &[Trained], variants: usize, seldom: Option<String>) -> Finding {
    let crossings: Vec<Crossing> = trained.iter().map(crossing).collect();
    let found = spread(&crossings);
    let each = |one: &Trained| format!("{}: {}", one.variant, one.words());
    let each: Vec<String> = trained.iter().map(each).collect();
    let spread = found.map_or("no spread".into(), |(value, interval)| {
        let interval = range(Some(interval), 3);
        format!("spread {} ({interval})", significant(value, 3))
    });
    let judgement = Judgement::below(found.map(|(_, interval)| interval), SPREAD);
    let mut reasons = Vec::new();
    if trained.len() < variants {
        reasons.push(format!("{} of {variants} variants finished", trained.len()));
    }
    let seeds = trained.iter().map(|one| one.arm.counted().len()).min();
    if let Some(seeds) = seeds.filter(|&seeds| seeds < FEWEST_SEEDS) {
        reasons.push(format!("{seeds} of at least {FEWEST_SEEDS} seeds"));
    }
    for one in trained {
        let own = one.forbidden().into_iter();
        reasons.extend(own.map(|reason| format!("{}: {reason}", one.variant)));
    }
    reasons.extend(seldom);
    let figures = format!("{spread}; {}", each.join("; "));
    Finding::said(place, judgement, figures).forbid(reasons)
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
        for base in context.run_arms(Training::Augmented, 1)? {
            let budget: VariantBudget = context.budgets.section(Some(&base.job.task))?;
            let seeds = context.seeds_of_variants(&base.job.task, &budget.seeds)?;
            let (base, variants) = self.of(context, base)?;
            let count = variants.len();
            let trained = train_variants(context, cells, (&base, variants), &seeds, &mut outcome);
            let seldom = self.seen_too_seldom(context, &base, &trained);
            outcome
                .findings
                .push(finding(base.place(), &trained, count, seldom));
            all.extend(trained);
        }
        present(&mut outcome, &all, "One line per variant.");
        outcome.notes.push(
            "The learning rate of every variant is searched among the same number of candidates with the \
             same number of steps."
                .into(),
        );
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studies::synthetic::{Synthetic, trained};

    fn curve(points: &[(u64, f64, f64)]) -> Trained {
        let point = |&(step, percent, loss): &(u64, f64, f64)| Synthetic {
            step,
            percent: [percent; 3],
            loss,
            ..Synthetic::ONE
        };
        trained(&[points.iter().map(point).collect()])
    }

    #[test]
    fn crossings_lie_between_measurements_that_count() {
        let of = |points: &[(u64, f64, f64)]| {
            let Crossing { low, high } = crossing(&curve(points));
            (low, high)
        };
        let settled = of(&[
            (0, 50.0, 1.0),
            (10, 3.0, 0.3),
            (20, 1.0, 0.3),
            (40, 2.5, 0.3),
            (80, 1.9, 0.3),
        ]);
        assert_eq!(settled, (40.0, 80.0));
        assert_eq!(of(&[(0, 50.0, 1.0), (10, 3.0, 0.3)]), (10.0, f64::INFINITY));
        assert_eq!(of(&[(0, 1.0, 0.3), (10, 0.5, 0.3)]), (1.0, 1.0));
        // Outputs that shrink to zero are no symmetry: the dip before learning does not count.
        let dip = of(&[(0, 60.0, 1.0), (18, 0.4, 0.998), (100, 1.5, 0.4)]);
        assert_eq!(dip, (18.0, 100.0));
        assert_eq!(
            of(&[(0, 60.0, 1.0), (18, 0.4, 0.998)]),
            (18.0, f64::INFINITY)
        );
    }

    #[test]
    fn fewer_than_three_seeds_decide_nothing() {
        let point = |step, percent| Synthetic {
            step,
            percent: [percent; 3],
            loss: 0.3,
            ..Synthetic::ONE
        };
        let seed = vec![point(10, 5.0), point(20, 1.0)];
        for seeds in 1..=3 {
            let variants = [(); 2].map(|()| trained(&vec![seed.clone(); seeds]));
            let found = finding("a/b".into(), &variants, 2, None);
            if seeds < 3 {
                assert_eq!(found.judgement, Judgement::Undecided);
                assert_eq!(found.forbidden, [format!("{seeds} of at least 3 seeds")]);
            } else {
                assert_eq!(found.judgement, Judgement::Supported, "{found:?}");
            }
        }
    }

    #[test]
    fn the_spread_can_come_out_either_way() {
        let c = |low: f64, high: f64| Crossing { low, high };
        let of = |list: &[Crossing]| {
            let interval = spread(list).map(|(_, interval)| interval);
            Judgement::below(interval, SPREAD)
        };
        assert_eq!(of(&[c(10.0, 20.0)]), Judgement::Undecided);
        assert_eq!(of(&[c(10.0, 20.0), c(20.0, 40.0)]), Judgement::Supported);
        assert_eq!(of(&[c(10.0, 20.0), c(50.0, 300.0)]), Judgement::Undecided);
        let never = c(500.0, f64::INFINITY);
        assert_eq!(of(&[c(10.0, 20.0), never]), Judgement::NotSupported);
    }
}
