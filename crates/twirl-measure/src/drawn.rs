//! Drawn rotations: which are shared between molecules, and whether they look uniform.

use std::collections::HashMap;

use twirl_core::Rotation;

use crate::notes::{Note, NoteCode};

/// Entries are rounded to this when rotations are compared: shared ones are copies.
const STEP: f64 = 1e-6;

/// Where a rotation was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Met {
    /// The first unit that it turned.
    pub(crate) unit: u64,
    /// Whether it turned another one too.
    pub(crate) several: bool,
    /// How often.
    pub(crate) count: u64,
}

/// Every different rotation that was drawn, and their moments.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Drawn {
    /// By a hash of the rounded entries.
    pub(crate) met: HashMap<u64, Met>,
    /// Sums over different rotations: their number, the trace, the squares of the nine entries.
    pub(crate) moments: [f64; 11],
}

impl Drawn {
    pub(crate) fn add(&mut self, unit: u64, rotations: &[Rotation]) {
        for rotation in rotations {
            let before = self.meet(
                key(rotation),
                Met {
                    unit,
                    several: false,
                    count: 1,
                },
            );
            if before {
                continue;
            }
            let sign = if rotation.is_proper() { 1.0 } else { -1.0 };
            self.moments[0] += 1.0;
            self.moments[1] += sign * rotation.trace();
            let entries = rotation.matrix();
            for (sum, entry) in self.moments[2..].iter_mut().zip(entries.as_flattened()) {
                *sum += entry * entry;
            }
        }
    }

    /// Notes a rotation; whether it was known.
    fn meet(&mut self, key: u64, met: Met) -> bool {
        match self.met.entry(key) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(met);
                false
            }
            std::collections::hash_map::Entry::Occupied(mut place) => {
                let own = place.get_mut();
                own.several |= met.several || own.unit != met.unit;
                own.count += met.count;
                true
            }
        }
    }

    /// Rotations that both have met count twice in the moments, which then say of a few too many that
    /// they look uniform or not; that they are shared is said anyway.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (key, met) in &other.met {
            self.meet(*key, *met);
        }
        for (own, sum) in self.moments.iter_mut().zip(other.moments) {
            *own += sum;
        }
    }

    /// How many rotations also turn a molecule of another unit, and how many there are. The error from
    /// such a rotation is common to its molecules, and a bootstrap over molecules does not see it.
    pub(crate) fn shared(&self) -> Option<Note> {
        let count = |several: bool| -> u64 {
            let met = self.met.values().filter(|met| met.several || !several);
            met.map(|met| met.count).sum()
        };
        let (shared, all) = (count(true), count(false));
        (shared > 0).then(|| {
            Note::new(
                NoteCode::SharedRotations,
                format!(
                    "{shared} of {all} rotations also turn another molecule: their error is common \
                     to all molecules and no interval over molecules shows it; draw rotations for \
                     every molecule"
                ),
            )
        })
    }

    /// What makes rotations look unlike Haar draws, if anything: the mean trace, which is 0 with
    /// variance 1 for proper rotations, and the mean square of each entry, which is 1/3 with variance
    /// 1/5 - 1/9.
    pub(crate) fn unlike_haar(&self) -> Option<Note> {
        let count = self.moments[0];
        if count == 0.0 {
            return None;
        }
        let doubt = |what: &str, mean: f64, uniform: &str, z: f64| {
            let text = format!(
                "the mean {what} of {count} rotations is {mean:.3}, {:.0} standard deviations from \
                 that of uniform (Haar) rotations, {uniform}; the figures are of the rotations given",
                z.abs()
            );
            Note::new(NoteCode::NotUniform, text)
        };
        let trace = self.moments[1] / count;
        let z = trace * count.sqrt();
        if z.abs() > 5.0 {
            return Some(doubt("trace", trace, "0", z));
        }
        let deviation = (4.0 / 45.0 / count).sqrt();
        (0..9).find_map(|at| {
            let square = self.moments[2 + at] / count;
            let z = (square - 1.0 / 3.0) / deviation;
            let what = format!("square of entry ({}, {})", at / 3, at % 3);
            (z.abs() > 5.0).then(|| doubt(&what, square, "1/3", z))
        })
    }
}

/// The same for copies of a rotation, in any process.
fn key(rotation: &Rotation) -> u64 {
    let entries = rotation.matrix();
    let mix = |hash: u64, entry: &f64| {
        let rounded = (entry / STEP).round() as i64;
        let hash = (hash ^ rounded as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ (hash >> 29)
    };
    entries.as_flattened().iter().fold(0, mix)
}
