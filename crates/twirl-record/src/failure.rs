//! What is kept of a step whose loss or gradient was not finite: `failure.json`.

use serde::{Deserialize, Serialize};

/// The batch of a step that failed. It is a function of `items`, `seed` and `step`, and the
/// checkpoint of the step holds the state before its update, so that the step can be taken again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The step, from 0.
    pub step: u64,
    /// Its items, by their number in the data set.
    pub items: Vec<usize>,
    /// Seed of the run.
    pub seed: u64,
    /// How the three are used.
    pub note: String,
}
