//! Whether the energy falls along the forces.

use crate::frames::{Frames, distance};
use crate::options::ForcesAre;

/// Furthest that an atom may have moved between two frames, angstrom.
const STEP: f64 = 0.6;
/// Pairs of frames looked at, in all and for one molecule.
const PAIRS: (usize, usize) = (4096, 64);
/// Fewest pairs from which something is said.
const FEWEST: usize = 3;
/// Part of the variance of the energies that must be explained.
const EXPLAINED: f64 = 0.9;

/// How far the energies follow the forces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slope {
    /// Rise of the energy over what the forces say: 1 for forces in the right unit, -1 for the
    /// gradient.
    pub(crate) slope: f64,
    /// Part of the variance of the rises that this explains.
    pub(crate) explained: f64,
}

impl Slope {
    /// What the labels show beyond doubt.
    pub(crate) fn decisive(self) -> Option<ForcesAre> {
        if !(self.explained >= EXPLAINED && (0.5..=2.0).contains(&self.slope.abs())) {
            return None;
        }
        Some(if self.slope > 0.0 {
            ForcesAre::Forces
        } else {
            ForcesAre::Gradient
        })
    }

    /// Whether forces and energies are in units that do not belong together.
    pub(crate) fn off(self) -> bool {
        const NEARLY_ALL: f64 = 0.98;
        self.explained >= NEARLY_ALL && !(0.75..=1.33).contains(&self.slope.abs())
    }
}

/// The slope over neighbouring frames of one molecule: by the trapezoid rule the energy rises by
/// minus the mean force times the step. `None` where there are too few.
pub(crate) fn slope(set: &Frames<'_>) -> Option<Slope> {
    let (forces, energies) = (set.forces?, set.energies?);
    let mut last: Vec<Option<usize>> = vec![None; set.molecules.len()];
    let mut count = vec![0; set.molecules.len()];
    let (mut pairs, mut work_work, mut work_rise, mut rise_rise) = (0, 0.0, 0.0, 0.0);
    for frame in 0..set.len() {
        let molecule = set.molecule[frame];
        let Some(before) = last[molecule].replace(frame) else {
            continue;
        };
        if count[molecule] == PAIRS.1 || pairs == PAIRS.0 {
            continue;
        }
        let (here, there) = (set.range(before), set.range(frame));
        let (mut work, mut furthest) = (0.0, 0.0_f64);
        for (i, j) in here.zip(there) {
            let (from, to) = (set.positions[i], set.positions[j]);
            furthest = furthest.max(distance(from, to));
            for axis in 0..3 {
                work -= f64::midpoint(forces[i][axis], forces[j][axis]) * (to[axis] - from[axis]);
            }
        }
        if furthest > STEP {
            continue;
        }
        let rise = energies[frame] - energies[before];
        work_work += work * work;
        work_rise += work * rise;
        rise_rise += rise * rise;
        pairs += 1;
        count[molecule] += 1;
    }
    let slope = work_rise / work_work;
    let explained = work_rise * work_rise / (work_work * rise_rise);
    (pairs >= FEWEST).then_some(Slope { slope, explained })
}
