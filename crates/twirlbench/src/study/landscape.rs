//! Curvature of the parts of the loss.

mod cells;
mod tables;

use twirl_report::{Chart, Estimate, range, significant};

use self::cells::{Bend, Checkpoint};
use crate::study::cell::Cells;
use crate::study::outcome::{Finding, Judgement, Outcome, Sheet, geometric};
use crate::study::scope::{Scope, Subject};

const RULE: &str = "kappa = largest eigenvalue of the Hessian over the median of its |eigenvalues| \
                    weighted by |eigenvalue| (eigenvalues of at least that size hold half of sum \
                    |lambda|), same weights, batch and rotations, no damping, at the last \
                    checkpoint. Per arm: supported if the 95 % interval over seeds of \
                    kappa(L_mean) / kappa(L_equiv) lies above 1, not supported if below, undecided \
                    otherwise and with fewer than 3 seeds. Published (arXiv 2512.02303, force \
                    fields): condition number of L_equiv up to 1000 times lower";

/// Part of the settings of a cell: one of another estimator of the density is not kept.
const ESTIMATOR: &str = "deflated quadrature";

/// One model: an arm with a seed, at every checkpoint.
struct Model {
    subject: Subject,
    checkpoints: Vec<Checkpoint>,
}

pub(super) fn run(scope: &Scope<'_>, cells: &mut Cells) -> Outcome {
    let budget = &scope.budgets.landscape;
    let mut models: Vec<Model> = Vec::new();
    let mut refused = Vec::new();
    let subjects = scope.lab_arms(budget.plain);
    let seeds = |task: &str| scope.seeds(&scope.budgets.landscape(task).seeds).to_vec();
    let most = subjects.iter().map(|of| seeds(&of.job.task).len()).max();
    // The first seed of every arm before the second of any.
    for turn in 0..most.unwrap_or(0) {
        for subject in &subjects {
            let Some(&seed) = seeds(&subject.job.task).get(turn) else {
                continue;
            };
            let subject = sized(scope, subject.seeded(seed), &mut refused);
            let budget = scope.budgets.landscape(&subject.job.task);
            let label = format!("{}/seed-{seed}", subject.place());
            let key = scope.key(&subject, &(budget, ESTIMATOR));
            let found = cells.value(&label, &key, || cells::look(scope, &subject));
            if let Some(checkpoints) = found {
                models.push(Model {
                    subject,
                    checkpoints,
                });
            }
        }
    }
    refused.sort();
    refused.dedup();
    let mut notes = refused;
    notes.push(
        "Hessian-vector products are central differences of f64 gradients; `resolved to` is the \
         relative difference between two steps along the worse of two directions. lambda_k is \
         given where its Lanczos residual is at most 1 % of lambda_k itself. Damping, where used, \
         is 1e-3 of lambda_1 of L for all parts."
            .into(),
    );
    notes.push(
        "Trace median: Lanczos vectors whose residual is at most 1 % of their value, of either \
         sign, count once each; Lanczos quadrature from independent random vectors gives the \
         density of all other dimensions."
            .into(),
    );
    notes.push(
        "Gauss-Newton: K = J J^T over all rotations of one molecule and some of its outputs; P \
         averages over the rotations of the finite group. `above rounding`: larger than 1e-9 of \
         lambda_1."
            .into(),
    );
    Outcome {
        claim: "L_equiv is better conditioned than L_mean",
        rule: RULE,
        findings: findings(&models),
        tables: tables::tables(&models),
        notes,
        chart: Chart {
            title: "Leading eigenvalues: the largest over the k-th".into(),
            description: "Above Hessians, below Gauss-Newton kernels; one line per seed, at the \
                          last checkpoint. Lower is better conditioned."
                .into(),
            x_label: "k".into(),
            panels: tables::panels(&models),
            ..Chart::default()
        },
        sheet: sheet(&models),
    }
}

/// The arm with the width that the budget looks at, unless the budget gives its settings.
fn sized(scope: &Scope<'_>, subject: Subject, refused: &mut Vec<String>) -> Subject {
    let own = scope.budgets.task.get(&subject.job.task);
    if own.is_some_and(|own| own.arm.contains_key(&subject.job.arm)) {
        return subject;
    }
    let scaled = subject.wider(scope.budgets.landscape.widths);
    scaled.unwrap_or_else(|error| {
        refused.push(format!("{error:#}; taken at full size"));
        subject
    })
}

/// The models of each arm, in order.
fn by_arm(models: &[Model]) -> Vec<(String, Vec<&Model>)> {
    let mut arms: Vec<(String, Vec<&Model>)> = Vec::new();
    for model in models {
        let place = model.subject.place();
        match arms.iter_mut().find(|(known, _)| *known == place) {
            Some((_, own)) => own.push(model),
            None => arms.push((place, vec![model])),
        }
    }
    arms
}

/// Ratio of a figure of `L_mean` to that of `L_equiv` at a checkpoint, over seeds.
fn ratio(
    models: &[&Model],
    checkpoint: usize,
    figure: impl Fn(&Checkpoint, &Bend) -> Option<f64>,
) -> Option<Estimate> {
    let ratios: Option<Vec<f64>> = models
        .iter()
        .map(|model| {
            let at = model.checkpoints.get(checkpoint)?;
            let of = |name: &str| figure(at, at.bends.iter().find(|bend| bend.part == name)?);
            Some(of("L_mean")? / of("L_equiv")?)
        })
        .collect();
    geometric(&ratios?)
}

fn findings(models: &[Model]) -> Vec<Finding> {
    let finding = |(place, own): (String, Vec<&Model>)| {
        let last = own
            .iter()
            .map(|model| model.checkpoints.len())
            .min()
            .unwrap_or(0);
        let found = ratio(&own, last.saturating_sub(1), |_, bend| {
            Some(bend.to_median())
        });
        Finding {
            place,
            judgement: Judgement::above(found.and_then(|found| found.interval), 1.0),
            figures: found.map_or("no figure".into(), |found| {
                format!(
                    "kappa(L_mean) / kappa(L_equiv) = {} ({}) over {} seeds, published up to 1000",
                    significant(found.value, 3),
                    range(found.interval, 3),
                    own.len()
                )
            }),
        }
    };
    by_arm(models).into_iter().map(finding).collect()
}

fn sheet(models: &[Model]) -> Sheet {
    let mut sheet = Sheet::new([
        "task", "arm", "seed", "step", "part", "quantity", "index", "value",
    ]);
    for model in models {
        let job = &model.subject.job;
        for at in &model.checkpoints {
            let mut push = |part: &str, quantity: &str, index: f64, value: f64| {
                sheet.push([
                    job.task.clone(),
                    job.arm.clone(),
                    job.seed.to_string(),
                    at.step.to_string(),
                    part.into(),
                    quantity.into(),
                    index.to_string(),
                    value.to_string(),
                ]);
            };
            for (part, value) in [("L", at.loss), ("L_mean", at.mean), ("L_equiv", at.equiv)] {
                push(part, "value", 0.0, value);
            }
            for bend in &at.bends {
                push(&bend.part, "disagreement", 0.0, bend.disagreement);
                push(&bend.part, "trace-median", 0.0, bend.trace_median);
                // Of the same random vector for all parts: that of L is the sum of the others.
                push(&bend.part, "mean-eigenvalue", 0.0, bend.mean);
                for (k, ritz) in bend.ritz.iter().enumerate() {
                    push(&bend.part, "ritz-value", k as f64 + 1.0, ritz[0]);
                    push(&bend.part, "ritz-residual", k as f64 + 1.0, ritz[1]);
                }
                for [value, weight] in &bend.nodes {
                    push(&bend.part, "density", *value, *weight);
                }
            }
            for (part, values) in [("L_mean", &at.twirled), ("L_equiv", &at.remaining)] {
                for (k, value) in values.iter().enumerate() {
                    push(part, "gauss-newton", k as f64 + 1.0, *value);
                }
            }
            for walk in &at.walks {
                for [distance, mean, equiv] in &walk.points {
                    let quantity = format!("along {}", walk.direction);
                    push("L_mean", &quantity, *distance, *mean);
                    push("L_equiv", &quantity, *distance, *equiv);
                }
            }
        }
    }
    sheet
}
