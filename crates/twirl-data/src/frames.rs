//! Frames in angstrom and eV, as the checks see them.

use std::ops::Range;

use crate::molecule::Molecule;
use crate::site::Site;
use crate::units::Units;

/// A view of all frames, whoever holds them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frames<'a> {
    pub(crate) path: &'a str,
    /// Units in the file.
    pub(crate) units: Units,
    pub(crate) offset: &'a [usize],
    pub(crate) numbers: &'a [u8],
    pub(crate) positions: &'a [[f64; 3]],
    pub(crate) forces: Option<&'a [[f64; 3]]>,
    pub(crate) energies: Option<&'a [f64]>,
    pub(crate) molecule: &'a [usize],
    pub(crate) molecules: &'a [Molecule],
}

impl<'a> Frames<'a> {
    pub(crate) fn len(&self) -> usize {
        self.molecule.len()
    }

    pub(crate) fn range(&self, frame: usize) -> Range<usize> {
        self.offset[frame]..self.offset[frame + 1]
    }

    pub(crate) fn numbers(&self, frame: usize) -> &'a [u8] {
        &self.numbers[self.range(frame)]
    }

    pub(crate) fn positions(&self, frame: usize) -> &'a [[f64; 3]] {
        &self.positions[self.range(frame)]
    }

    pub(crate) fn forces(&self, frame: usize) -> Option<&'a [[f64; 3]]> {
        self.forces.map(|forces| &forces[self.range(frame)])
    }

    pub(crate) fn site(&self, frame: usize) -> Site<'a> {
        let molecule = &self.molecules[self.molecule[frame]];
        Site::frame(self.path, frame, molecule.name.as_deref())
    }
}

pub(crate) fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    (x * x + y * y + z * z).sqrt()
}

pub(crate) fn length(vector: [f64; 3]) -> f64 {
    distance(vector, [0.0; 3])
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Up to `most` frames of `frames`, evenly spaced.
pub(crate) fn sample(frames: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = frames.min(most);
    (0..count).map(move |place| place * frames / count)
}
