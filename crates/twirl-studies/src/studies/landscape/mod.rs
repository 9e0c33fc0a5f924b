//! Curvature of the parts of the loss.

mod checkpoint;
mod tables;

use twirl_compare::Estimate;
use twirl_report::{Chart, Curves, range, significant};

use crate::budgets::RequiredSection;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::estimates::over_seeds;
use crate::holm::Bound;
use crate::lab::LabBudget;
use crate::outcome::{Finding, Outcome};
use crate::studies::landscape::checkpoint::{LandscapeBudget, PartCurvature, examine};
use crate::studies::landscape::tables::{Arm, eigenvalue_ratios, last_common, ratio};
use crate::study::{Card, Study};

/// Part of the settings of a cell: one of another estimator of the density is not kept.
const ESTIMATOR: &str = "deflated quadrature";

/// Curvature of the parts of the loss.
pub(crate) struct Landscape;

const CARD: Card = Card {
    name: "landscape",
    about: "curvature of L_mean and of L_equiv",
    claim: "L_equiv is better conditioned than L_mean",
    rule: "kappa = largest eigenvalue of the Hessian over the median of its |eigenvalues| weighted by \
         |eigenvalue| (eigenvalues of at least that size hold half of sum |lambda|), same weights, \
         batch and rotations, no damping, at the last checkpoint. Per arm: supported if the 95 % \
         interval over seeds of kappa(L_mean) / kappa(L_equiv) lies above 1, not supported if below, \
         undecided otherwise and with fewer than 3 seeds. Published (arXiv 2512.02303, force \
         fields): condition number of L_equiv up to 1000 times lower",
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
        for arm in &arms {
            match last_common(arm) {
                Some(last) => outcome.findings.push(finding(arm, last)),
                None => outcome.gap(arm.0.place(), "no seed finished"),
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

const NOTES: [&str; 3] = [
    "Hessian-vector products are central differences of f64 gradients; `resolved to` is the relative \
     difference between two steps along the worse of two directions. lambda_k is given where its \
     Lanczos residual is at most 1 % of lambda_k itself. Damping, where used, is 1e-3 of lambda_1 of \
     L for all parts.",
    "Trace median: Lanczos vectors whose residual is at most 1 % of their value, of either sign, \
     count once each; Lanczos quadrature from independent random vectors gives the density of all \
     other dimensions.",
    "Gauss-Newton: K = J J^T over all rotations of one molecule and some of its outputs; P averages \
     over the rotations of the finite group. `above rounding`: larger than 1e-9 of lambda_1.",
];

fn finding(arm: &Arm, last: usize) -> Finding {
    let found = ratio(arm, last, |_, curvature| {
        Some(PartCurvature::to_median(curvature))
    });
    let figures = found.map_or("no figure".into(), |found| {
        format!(
            "kappa(L_mean) / kappa(L_equiv) = {} ({}) over {} seeds, published up to 1000",
            significant(found.value, 3),
            range(found.interval, 3),
            arm.1.len()
        )
    });
    // Its interval is that of logarithms.
    let logarithm = found.map(|found| Estimate {
        value: found.value.ln(),
        interval: found.interval.map(|ends| ends.map(f64::ln)),
    });
    let test = over_seeds(logarithm, arm.1.len(), Bound::Above(0.0));
    Finding::tested(arm.0.place(), test, figures)
}
