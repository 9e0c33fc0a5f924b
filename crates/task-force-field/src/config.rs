//! Settings of the task.

use serde::{Deserialize, Serialize};
use twirl_core::Loss;

/// Settings of the force-field task. All lengths in angstrom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForceFieldConfig {
    /// Distance beyond which atoms are not neighbours.
    pub cutoff: f64,
    /// Nearest neighbours kept of each atom.
    pub max_neighbours: usize,
    /// First training frames from which the typical number of neighbours is taken, by which sums over
    /// neighbours are scaled. 0: all.
    pub counted_frames: usize,
    /// Loss of a force residual's length, and of an energy residual.
    pub loss: Loss,
    /// Weight of the force term.
    pub force_weight: f64,
    /// Weight of the energy term; without energies in the data there is none.
    pub energy_weight: f64,
    /// Test frames, evenly spaced, at which a finished model's symmetry error is told apart by element,
    /// size of force and angle, and its net forces and torques are measured. 0: none.
    pub closing_frames: usize,
    /// Independent rotations of each, at least 2.
    pub closing_rotations: usize,
}

impl Default for ForceFieldConfig {
    fn default() -> Self {
        Self {
            cutoff: 5.0,
            max_neighbours: 12,
            counted_frames: 64,
            loss: Loss::Squared,
            force_weight: 1.0,
            energy_weight: 0.1,
            closing_frames: 128,
            closing_rotations: 16,
        }
    }
}
