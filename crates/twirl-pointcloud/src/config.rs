//! Settings of a task.

use serde::{Deserialize, Serialize};
use twirl_core::Loss;
use twirl_harness::TaskError;

/// Settings of a task. All lengths in angstrom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PointCloudConfig {
    /// Distance beyond which atoms are not neighbours.
    pub cutoff: f64,
    /// Nearest neighbours kept of each atom.
    pub max_neighbours: usize,
    /// Loss of the length of a label's residual.
    pub loss: Loss,
}

impl Default for PointCloudConfig {
    fn default() -> Self {
        Self {
            cutoff: 5.0,
            max_neighbours: 12,
            loss: Loss::Squared,
        }
    }
}

impl PointCloudConfig {
    /// Checks ranges.
    pub(crate) fn validate(&self) -> Result<(), TaskError> {
        if !(self.cutoff.is_finite() && self.cutoff > 0.0) {
            let problem = format!("is {}", self.cutoff);
            return Err(TaskError::setting(
                "cutoff",
                problem,
                "give a positive number",
            ));
        }
        self.loss.validate().map_err(|error| {
            TaskError::setting("loss", error.to_string(), "give squared, norm or huber")
        })
    }
}
