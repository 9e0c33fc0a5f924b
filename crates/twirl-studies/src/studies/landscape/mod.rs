//! Curvature of the parts of the loss.

mod checkpoint;
mod definitions;
mod remaining;
mod tables;

use twirl_report::{Chart, Curves, count, range, significant};

use crate::budgets::RequiredSection;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::estimates::{logarithm, over_seeds};
use crate::holm::Bound;
use crate::lab::LabBudget;
use crate::learned::{LabLoss, LabYardstick, learned_rule};
use crate::outcome::{Finding, Outcome};
use crate::studies::landscape::checkpoint::{Checkpoint, LandscapeBudget, examine};
use crate::studies::landscape::definitions::{
    Arm, DEFINITIONS, Seed, excluded, last_common, ratio,
};
use crate::studies::landscape::tables::eigenvalue_ratios;
use crate::study::{Card, Study};

/// Part of the settings of a cell: one of another estimator of the density is not kept.
const ESTIMATOR: &str =
    "deflated quadrature with errors from shares of the steps, kernels at equal ranks";

/// Curvature of the parts of the loss.
pub(crate) struct Landscape;

const CARD: Card = Card {
    name: "landscape",
    about: "curvature of L_mean and of L_equiv",
    claim: "L_equiv is better conditioned than L_mean",
    rule: concat!(
        "by the first of the definitions: kappa = largest eigenvalue of a part's Gauss-Newton kernel \
         over the one at half of its rank, eigenvalues above 1e-9 of the largest, same weights, items \
         and rotations, at the last checkpoint. The kernel of L_equiv is brought to the rank of that \
         of L_mean: its compressions by orthonormal vectors over the rotations, mean of ln kappa, so \
         that a model without any symmetry has 1. Per arm: supported if the 95 % interval over seeds \
         of kappa(L_mean) / kappa(L_equiv), errors of quadrature included, lies above 1, not \
         supported if below, undecided otherwise, with fewer than 3 seeds, and below 30 Lanczos \
         steps, 4 random vectors, 64 test items or 1,000 optimiser steps. Published (arXiv \
         2512.02303, force fields; the definition is not known): condition number of L_equiv up to \
         1000 times lower. ",
        learned_rule!()
    ),
    needs_f64: true,
    sections: &[
        RequiredSection::of::<LabBudget>(),
        RequiredSection::of::<LandscapeBudget>(),
    ],
};

impl Study for Landscape {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let budget = |task: &str| context.budgets.section::<LandscapeBudget>(Some(task));
        let mut outcome = Outcome::default();
        let mut setups = Vec::new();
        for setup in context.lab_arms(|task| Ok(budget(task)?.plain))? {
            let own = context.budgets.task.get(&setup.job.task);
            let given = own.is_some_and(|own| own.arm.contains_key(&setup.job.arm));
            let size = budget(&setup.job.task)?.size.filter(|_| !given);
            setups.push(match size {
                Some(size) => setup.sized(&size)?,
                None => setup,
            });
        }
        let arms: Vec<Arm> = context.over_seeds(
            cells,
            setups,
            |task| Ok(context.seeds(&budget(task)?.seeds)),
            |task| Ok((budget(task)?, ESTIMATOR)),
            |setup, (budget, _)| examine(context, setup, budget),
        )?;
        let losses = |all: &Vec<Checkpoint>| all.iter().map(|at| at.loss).collect();
        let yardsticks = context.lab_yardsticks(&arms, losses)?;
        for (arm, yardstick) in arms.iter().zip(&yardsticks) {
            let budget = budget(&arm.0.job.task)?;
            let (place, seeds) = (arm.0.place(), &arm.1);
            match last_common(seeds) {
                Some(last) => {
                    let words = budget.in_words(&seeds[0].1[last]);
                    outcome.notes.push(format!("{place}: {words}."));
                    let finding = finding(place, seeds, last, &budget, yardstick);
                    outcome.findings.push(finding);
                }
                None => outcome.gap(place, "no seed finished"),
            }
        }
        let ratios = eigenvalue_ratios(&arms);
        outcome.chart = Chart {
            title: "Leading eigenvalues: the largest over the k-th".into(),
            description: "Of Hessians and of Gauss-Newton kernels; one line per seed, at the last \
                          checkpoint. Lower is better conditioned."
                .into(),
            x_label: "k".into(),
            panels: ratios.panels(&Curves {
                panel: &["task", "arm", "matrix"],
                label: "lambda_1 / lambda_k",
                line: &["part"],
                apart: &["seed"],
                x: "k",
                y: &["ratio"],
            }),
            ..Chart::default()
        };
        outcome.tables = vec![
            tables::definitions(&arms),
            tables::curvatures(&arms),
            tables::scans(&arms),
            ratios,
            tables::data(&arms),
        ];
        outcome.notes.extend(NOTES.map(str::to_owned));
        Ok(outcome)
    }
}

const NOTES: [&str; 4] = [
    "Gauss-Newton: K = J J^T over all rotations of some outputs of each test item; P averages over the \
     rotations of the finite group, P K P is the part of L_mean, (I - P) K (I - P) that of L_equiv, \
     of (rotations - 1) times its rank. At unequal ranks a model without any symmetry has not 1 but \
     down to 0.01: these definitions compare ranks as much as parts. At equal ranks c^T K c stands \
     for L_equiv, for all vectors c over the rotations of a random orthonormal basis without the \
     constant one. These eigenvalues are exact.",
    "Trace median: the size of eigenvalue above which half of sum |lambda| lies. Lanczos vectors whose \
     residual is at most 1 % of their value, of either sign, count once each; Lanczos quadrature \
     from independent random vectors gives the density of all other dimensions. Its errors in ln \
     kappa: `by chance` from the vectors (the larger of the jackknife's and that of single vectors), \
     `by steps` the largest change since 1/2, 2/3 and 3/4 of the steps. Vectors are drawn anew for each seed, so the \
     spread over seeds holds the first, and what the vectors say is its least value; the second adds \
     in full on either side. Below 30 steps the change can be too small for the error.",
    "Hessian-vector products are central differences of f64 gradients; `resolved to` is the relative \
     difference between two steps along the worse of two directions. lambda_k is given where its \
     Lanczos residual is at most 1 % of lambda_k itself. Damping, where used, is 1e-3 of the larger \
     lambda_1 of both parts.",
    "theta_n: the part of the layers that an arm declares as split that is not equivariant; theta_e: all \
     else. Test items are the same for all seeds: what other molecules would say is in no interval.",
];

fn finding(
    place: String,
    seeds: &[Seed],
    last: usize,
    budget: &LandscapeBudget,
    yardstick: &LabYardstick,
) -> Finding {
    let found = ratio(seeds, last, &DEFINITIONS[0]);
    let all: Vec<&Checkpoint> = seeds.iter().map(|(_, all)| &all[last]).collect();
    let losses: Vec<LabLoss> = all.iter().map(|at| at.loss).collect();
    let loss = LabLoss::mean(&losses);
    let figures = found.map_or("no figure".into(), |found| {
        format!(
            "kappa(L_mean) / kappa(L_equiv) = {} ({}) over {} seeds at step {}, L/L0 {}, published up \
             to 1000: {}",
            significant(found.value, 3),
            range(found.interval, 3),
            seeds.len(),
            count(all[0].step),
            significant(loss.loss / loss.zero, 3),
            excluded(Some(found)),
        )
    });
    let test = over_seeds(found.map(logarithm), seeds.len(), Bound::Above(0.0));
    let reasons = [yardstick.not_learned(loss), budget.sketch(all[0])];
    Finding::tested(place, test, figures).forbid(reasons.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Judgement::{self, NotSupported, Supported, Undecided};

    /// A seed whose kernels have these largest eigenvalues over others of 1.
    fn seed(number: u64, [mean, equiv]: [f64; 2], loss: f64) -> Seed {
        let kernel = |largest: f64| vec![largest, 1.0, 1.0, 1.0];
        let checkpoint = Checkpoint {
            step: 1000,
            items: 4,
            kernel_items: 64,
            loss: LabLoss { loss, zero: 1.0 },
            mean: 0.9 * loss,
            equiv: 0.1 * loss,
            curvatures: Vec::new(),
            twirled: kernel(mean),
            remaining: [kernel(equiv), vec![1.0; 4]].concat(),
            compressed: vec![kernel(equiv); 2],
            scans: Vec::new(),
        };
        (number, vec![checkpoint])
    }

    fn judged(seeds: &[Seed], vectors: usize) -> Finding {
        let budget = serde_json::json!({
            "seeds": [0], "plain": 1, "checkpoints": [1000], "items": 4, "kernel_items": 64,
            "design": {"kind": "group", "group": "tetrahedral"}, "lanczos": 30, "outputs": 2,
            "vectors": vectors,
        });
        let budget: LandscapeBudget = serde_json::from_value(budget).expect("a budget");
        let yardstick = LabYardstick::Bayes(0.0);
        finding("a/b".into(), seeds, 0, &budget, &yardstick)
    }

    #[test]
    fn the_rule_can_come_out_either_way() {
        let of = |mean: f64, equiv: f64| -> Judgement {
            let seeds = [0.9, 1.0, 1.1].map(|factor| [factor * mean, equiv]);
            let seeds = (0..).zip(seeds).map(|(number, own)| seed(number, own, 0.2));
            judged(&seeds.collect::<Vec<_>>(), 4).judgement
        };
        assert_eq!(of(80.0, 4.0), Supported);
        assert_eq!(of(4.0, 80.0), NotSupported);
        assert_eq!(of(5.0, 5.0), Undecided);
    }

    #[test]
    fn sketches_and_arms_that_have_not_learned_decide_nothing() {
        let seeds = |loss| -> Vec<Seed> {
            let all = (0..4).map(|number| seed(number, [80.0, 4.0], loss));
            all.collect()
        };
        assert_eq!(judged(&seeds(0.2), 4).judgement, Supported);
        let sketch = judged(&seeds(0.2), 3);
        assert_eq!(sketch.forbidden, ["a sketch (3 of 4 random vectors)"]);
        assert_eq!(sketch.judgement, Undecided);
        let early = judged(&seeds(0.6), 4);
        assert!(early.forbidden[0].starts_with("has not learned"));
        assert_eq!(early.judgement, Undecided);
        let two = judged(&seeds(0.2)[..2], 4);
        assert_eq!(two.judgement, Undecided);
        assert!(
            two.figures.contains("nothing is excluded"),
            "{}",
            two.figures
        );
    }
}
