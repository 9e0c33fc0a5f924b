//! The percentage against the loss, the size of the model and the amount of data, as power laws.

mod fit;
mod points;
mod series;
mod tables;

use twirl_data::Split;
use twirl_record::Training;

use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::learned::learned_rule;
use crate::outcome::Outcome;
use crate::runs::in_turn;
use crate::setup::ArmSetup;
use crate::studies::percent::{Trained, train_variants};
use crate::studies::variants::{DATA_SIZE, MODEL_SIZE, SECTIONS, VariantStudy};
use crate::study::{Card, Study};
use points::Against;
use series::Series;

/// Power laws of the percentage.
pub(crate) struct Scaling;

const CARD: Card = Card {
    name: "scaling",
    about: "percentage against loss, parameters and training items, as power laws",
    claim: "better models are not less symmetric: the percentage falls with the loss in training, and a \
            factor of 100 in parameters or in training items does not double it",
    rule: concat!(
        "exponent b of percent = a x^b, by least squares in logarithms for each seed; Student's 95 % \
         interval over seeds, the error over molecules beside it; Holm's procedure over all. Against L/L0 \
         along the runs of `dynamics`: supported if the interval lies above 0, not supported if below. \
         Against parameters and training items, over the variants of `model-size` and `data-size` at \
         their last step: supported if it lies below log 2 / log 100 = 0.151, not supported if above. \
         Undecided otherwise, with fewer than 3 seeds or 3 points of a seed, where a variant did not \
         finish or did not reach its step, with a learning rate at an edge of its grid, and where a point \
         is left out because its percentage lies below ten times the floor of rounding. Amounts of data \
         are compared only where the largest was seen 5 times. ",
        learned_rule!()
    ),
    needs_f64: false,
    sections: SECTIONS,
};

/// Studies whose variants differ in one thing, and what it is.
const VARIANTS: [(&VariantStudy, Against); 2] = [
    (&MODEL_SIZE, Against::Parameters),
    (&DATA_SIZE, Against::Items),
];

/// Without a point yet.
fn series(context: &StudyContext<'_>, setup: &ArmSetup, against: Against) -> Series {
    let all = context.data(&setup.job).split(Split::Train).len();
    Series::new(&setup.job.task, &setup.job.arm, against, all)
}

/// The runs of `dynamics`, along their steps.
fn in_training(
    context: &StudyContext<'_>,
    cells: &mut Cells<'_>,
    outcome: &mut Outcome,
) -> Result<Vec<Series>, StudyError> {
    let setups = context.run_arms(Training::Augmented, usize::MAX)?;
    let arms = context.train(cells, setups, |_| "run", |task| context.run_seeds(task))?;
    let mut all = Vec::new();
    for (setup, arm) in arms {
        let mut series = series(context, &setup, Against::Training);
        match arm.and_then(|arm| Trained::of(context, "", arm)) {
            Err(why) => outcome.gap(series.place(), why),
            Ok(trained) => {
                series.published = trained.published(CARD.name);
                series.add_runs(&trained);
                all.push(series);
            }
        }
    }
    Ok(all)
}

/// The variants of the first augmented arm of each task, with all seeds.
fn over_variants(
    context: &StudyContext<'_>,
    cells: &mut Cells<'_>,
    outcome: &mut Outcome,
) -> Result<Vec<[Series; 2]>, StudyError> {
    let bases = context.run_arms(Training::Augmented, 1)?;
    let empty = |base| VARIANTS.map(|(_, against)| series(context, base, against));
    let mut all: Vec<[Series; 2]> = bases.iter().map(empty).collect();
    for (place, seed) in in_turn(&bases, |task| context.run_seeds(task))? {
        for (series, (study, _)) in all[place].iter_mut().zip(VARIANTS) {
            let (base, variants) = study.of(context, bases[place].clone())?;
            series.variants = variants.len();
            let trained = train_variants(context, cells, (&base, variants), &[seed], outcome);
            let seldom = study.seen_too_seldom(context, &base, &trained);
            series.reasons.extend(seldom);
            for one in &trained {
                series.add_variant(one);
            }
        }
    }
    Ok(all)
}

/// The points of two series together, against their losses.
fn against_loss(of: &[Series; 2]) -> Series {
    let [sizes, amounts] = of;
    let mut together = Series::new(&sizes.task, &sizes.arm, Against::Loss, 0);
    together.variants = sizes.variants + amounts.variants;
    together.points = [&sizes.points[..], &amounts.points[..]].concat();
    together
}

impl Study for Scaling {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let mut outcome = Outcome::default();
        let mut all = in_training(context, cells, &mut outcome)?;
        let variants = over_variants(context, cells, &mut outcome)?;
        let together: Vec<Series> = variants.iter().map(against_loss).collect();
        all.extend(variants.into_iter().flatten());
        outcome.findings.extend(all.iter().map(Series::finding));
        all.extend(together);
        tables::present(&mut outcome, &all);
        outcome.notes.push(
            "Runs are those of `dynamics`, `model-size` and `data-size`; what is not there yet, or with \
             one seed only, is trained here. `L/L0 over variants`: all variants of an arm at their last \
             steps. Points before an arm has learned, and those below ten times the floor of rounding, \
             are left out of every fit and stand in data.csv with the reason."
                .into(),
        );
        Ok(outcome)
    }
}
