//! What a prediction costs, timed.

use serde::{Deserialize, Serialize};
use serde_json::json;
use twirl_core::Loss;
use twirl_data::Split;
use twirl_harness::Role;

use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::setup::ArmSetup;

/// What a size is called that has no name.
pub(super) const ITS_SIZE: &str = "as in the suite";

/// Looks at a time, of which the shortest counts: what else the machine does makes it longer only.
const LOOKS: usize = 3;
/// Molecules that are predicted alone.
const ALONE: usize = 3;

/// Seconds of a prediction, and what a mean over rotations does to the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::studies) struct PredictionCost {
    /// Of a molecule alone.
    pub(super) alone: f64,
    /// Of each molecule in a batch.
    pub(super) batched: f64,
    /// Molecules of the batch: as many as are evaluated at once.
    pub(super) batch: usize,
    /// Whether every trained term has the squared loss.
    pub(super) squared: bool,
}

impl PredictionCost {
    /// Molecules at once, and seconds of each.
    pub(super) fn each(&self) -> [(usize, f64); 2] {
        [(1, self.alone), (self.batch, self.batched)]
    }
}

/// Times predictions of an arm in one of its sizes, with weights that are not trained: they cost the same.
/// Nothing if the cell has not finished.
pub(in crate::studies) fn cost(
    context: &StudyContext<'_>,
    cells: &mut Cells<'_>,
    setup: &ArmSetup,
    size: Option<&str>,
) -> Result<Option<PredictionCost>, StudyError> {
    let what = size.map_or("prediction".into(), |size| format!("prediction-{size}"));
    let key = context.key(setup, &json!({"looks": LOOKS, "alone": ALONE}))?;
    Ok(cells.value_called(&what, &setup.job, &key, || {
        let lab = context.lab(setup)?;
        let items = lab.items(Split::Test);
        let spread = |count: usize| -> Vec<usize> {
            let count = count.min(items.len());
            let places = (0..count).map(|place| place * items.len() / count);
            places.map(|place| items[place]).collect()
        };
        let least = |items: &[usize]| -> Result<f64, StudyError> {
            let mut least = f64::INFINITY;
            for _ in 0..LOOKS {
                least = least.min(lab.prediction_seconds(items)?);
            }
            Ok(least)
        };
        let single = spread(ALONE);
        let mut alone = 0.0;
        for item in &single {
            alone += least(&[*item])? / single.len() as f64;
        }
        let many = spread(setup.job.train.evaluation.batch);
        // The rotations of the suite: noise on a lattice can be carried to few others.
        let design = setup.job.train.evaluation.design;
        let probe = context.probe(&*lab, setup, 1, design)?;
        let samples = lab.samples(&lab.weights(), &probe)?;
        let mut terms = samples.iter().flat_map(|molecule| &molecule.terms);
        Ok(PredictionCost {
            alone,
            batched: least(&many)? / many.len() as f64,
            batch: many.len(),
            squared: terms.all(|term| term.role != Role::Train || term.loss == Loss::Squared),
        })
    }))
}
