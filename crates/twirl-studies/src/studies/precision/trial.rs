//! The same weights under products of several precisions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use twirl_core::{Design, Precision};
use twirl_harness::{Evaluation, Measurement, Role, TermMeasured};

use crate::budgets::Section;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::estimates::relative_error;
use crate::learned::LabLoss;
use crate::setup::ArmSetup;

/// How much the study does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrecisionBudget {
    /// Equivariant arms of a task.
    pub(super) exact: usize,
    /// Steps at which weights are measured; the last is judged.
    pub(super) checkpoints: Vec<u64>,
    /// Most test items.
    items: usize,
    /// Rotations of each.
    design: Design,
}

impl Section for PrecisionBudget {
    const NAME: &'static str = "precision";
}

/// Weights at a step, measured with products of one precision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) step: u64,
    pub(super) products: Precision,
    /// `L`, `L_equiv` and the loss of predicting zero.
    pub(super) loss: f64,
    pub(super) equiv: f64,
    pub(super) zero: f64,
    /// Standard error over molecules of the logarithm of `L_equiv`, from that of its share of the loss;
    /// absent where there is no interval, or the share is not above zero.
    pub(super) error: Option<f64>,
    /// Root of the squared symmetry error over the mean squared size of the predictions, the largest of the
    /// trained terms; absent where predictions are zero.
    pub(super) relative: Option<f64>,
    /// Figures beside the loss, with their units.
    pub(super) scores: BTreeMap<String, f64>,
}

impl Trial {
    fn of(step: u64, products: Precision, measured: &Measurement) -> Self {
        let trained = measured.terms.values();
        let trained = trained.filter(|term| term.role == Role::Train);
        let shares: Option<Vec<f64>> = trained.map(TermMeasured::relative).collect();
        let largest = shares.and_then(|shares| shares.into_iter().reduce(f64::max));
        let total = &measured.total;
        let interval = total.interval.filter(|_| total.percent > 0.0);
        Self {
            step,
            products,
            loss: total.loss,
            equiv: total.equiv,
            zero: measured.zero,
            error: interval.map(|(low, high)| relative_error(total.percent, [low, high])),
            relative: largest.map(f64::sqrt),
            scores: measured.score_records(),
        }
    }

    /// By which it is told whether the model has learned.
    pub(super) fn learned(&self) -> LabLoss {
        LabLoss {
            loss: self.loss,
            zero: self.zero,
        }
    }

    /// `100 L_equiv / L`.
    pub(super) fn percent(&self) -> f64 {
        100.0 * self.equiv / self.loss
    }
}

/// Trains an arm and measures it at every checkpoint with products of every precision.
pub(super) fn measure(
    context: &StudyContext<'_>,
    setup: &ArmSetup,
    budget: &PrecisionBudget,
) -> Result<Vec<Trial>, StudyError> {
    let mut lab = context.lab(setup)?;
    let evaluation = Evaluation {
        items: budget.items,
        design: budget.design,
        ..setup.job.train.evaluation.clone()
    };
    let mut trials = Vec::new();
    for &step in &budget.checkpoints {
        lab.advance(step)?;
        let weights = lab.weights();
        for products in Precision::ALL {
            let seed = setup.job.measure_seed;
            let measured = lab.measure(&weights, &evaluation, seed, products)?;
            trials.push(Trial::of(step, products, &measured));
        }
    }
    Ok(trials)
}
