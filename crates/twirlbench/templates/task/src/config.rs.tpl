//! Settings of the task.

use serde::{Deserialize, Serialize};
use twirl_core::Loss;

/// Settings of the __NAME__ task. All lengths in angstrom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct __TYPE__Config {
    /// Distance beyond which atoms are not neighbours.
    pub cutoff: f64,
    /// Nearest neighbours kept of each atom.
    pub max_neighbours: usize,
    /// Loss of the length of a molecule's residual.
    pub loss: Loss,
}

impl Default for __TYPE__Config {
    fn default() -> Self {
        Self {
            cutoff: 5.0,
            max_neighbours: 12,
            loss: Loss::Squared,
        }
    }
}
