//! What products of reduced precision do to the symmetry of a model.

mod pair;
mod tables;
mod trial;

use twirl_core::Precision;
use twirl_record::Training;

use crate::budgets::RequiredSection;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::lab::LabBudget;
use crate::learned::learned_rule;
use crate::outcome::Outcome;
use crate::studies::precision::pair::{Arm, finding};
use crate::studies::precision::trial::{PrecisionBudget, Trial, measure};
use crate::study::{Card, Study};

/// Products of reduced precision.
pub(crate) struct ReducedPrecision;

const CARD: Card = Card {
    name: "precision",
    about: "symmetry error that products in tf32 and bf16 add",
    claim: "with products in bf16 an equivariant arm still has less symmetry error than a plain arm has \
            learned to have",
    rule: concat!(
        "the same weights on the same molecules and rotations with products in f32, tf32 and bf16. Per pair \
         of an equivariant and an augmented arm, at the last checkpoint of the budget: ratio of L_equiv of \
         the first in bf16 to that of the second in f32, its logarithm with Student's 95 % interval over \
         seeds and the error over molecules beside it; Holm's procedure over all pairs. Supported if it \
         lies below 1, not supported if above; undecided otherwise, with fewer than 3 seeds, where \
         an L_equiv is not above zero, and where the equivariant arm is not exact at these rotations in \
         f32. A pair counts only where both arms have learned, in f32. ",
        learned_rule!()
    ),
    needs_f64: false,
    sections: &[
        RequiredSection::of::<LabBudget>(),
        RequiredSection::of::<PrecisionBudget>(),
    ],
};

impl Study for ReducedPrecision {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let budget = |task: &str| context.budgets.section::<PrecisionBudget>(Some(task));
        let exact = context.arms(Training::Equivariant, |task| Ok(budget(task)?.exact))?;
        let mut setups = exact
            .iter()
            .map(|setup| context.for_lab(setup))
            .collect::<Result<Vec<_>, _>>()?;
        setups.extend(context.lab_arms(|task| context.lab_plain(task))?);
        let measured = context.over_seeds(
            cells,
            setups,
            |task| context.lab_seeds(task),
            budget,
            |setup, budget| measure(context, setup, budget),
        )?;
        let full = |trial: &&Trial| trial.products == Precision::F32;
        let losses = |trials: &Vec<Trial>| trials.iter().filter(full).map(Trial::learned).collect();
        let yardsticks = context.lab_yardsticks(&measured, losses)?;
        let mut outcome = Outcome::default();
        let mut arms = Vec::new();
        for ((setup, seeds), yardstick) in measured.into_iter().zip(yardsticks) {
            if seeds.is_empty() {
                outcome.gap(setup.place(), "no seed finished");
                continue;
            }
            arms.push(Arm {
                task: setup.job.task,
                name: setup.job.arm,
                training: setup.entry.training,
                seeds,
                yardstick,
            });
        }
        let rounds = context.device.tf32;
        for exact in arms
            .iter()
            .filter(|arm| arm.training == Training::Equivariant)
        {
            let Some(&step) = budget(&exact.task)?.checkpoints.last() else {
                continue;
            };
            let plain = arms
                .iter()
                .filter(|arm| arm.task == exact.task && arm.training != Training::Equivariant);
            outcome
                .findings
                .extend(plain.map(|plain| finding([exact, plain], step, rounds)));
        }
        tables::present(&mut outcome, &arms);
        outcome.notes.push(
            "On the CPU operands of products and convolutions are rounded before they are multiplied in single \
             precision, results of bf16 after that too; everything else stays in single precision. Turns of a \
             lattice only permute numbers and change their signs, and rounding goes along with both: less \
             is to be expected of it there. Weights are those of one training, whose products the suite says."
                .into(),
        );
        if rounds {
            outcome.notes.push(
                "The kernels of this device round operands to tf32 where f32 is asked for: its column f32 is one \
                 of tf32."
                    .into(),
            );
        }
        Ok(outcome)
    }
}
