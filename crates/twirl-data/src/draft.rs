//! What a reader hands over.

use rayon::prelude::*;

use crate::frames::Frames;
use crate::molecule::Molecule;
use crate::options::ForcesAre;
use crate::site::Site;
use crate::split::Split;
use crate::units::StatedUnits;

/// Records as read, in the units of the file until they are converted.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) name: Option<String>,
    pub(crate) format: &'static str,
    pub(crate) level: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) units: StatedUnits,
    /// Key, column or array of the positions.
    pub(crate) positions_place: String,
    pub(crate) notes: Vec<String>,
    /// First atom of each frame, then the number of atoms.
    pub(crate) offset: Vec<usize>,
    pub(crate) numbers: Vec<u8>,
    pub(crate) positions: Vec<[f64; 3]>,
    /// One value an atom.
    pub(crate) forces: Labels<[f64; 3]>,
    pub(crate) forces_are: Held,
    /// One value a frame.
    pub(crate) energies: Labels<f64>,
    pub(crate) molecule: Vec<usize>,
    pub(crate) molecules: Vec<Molecule>,
    pub(crate) split: Option<Vec<Split>>,
}

/// Labels that some frames may lack: their values are NaN, and they never get further than that.
#[derive(Debug)]
pub(crate) struct Labels<T> {
    pub(crate) values: Vec<T>,
    /// Whether each frame has them.
    pub(crate) present: Vec<bool>,
    /// Key, column or array.
    pub(crate) place: String,
}

impl<T> Default for Labels<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            present: Vec::new(),
            place: String::new(),
        }
    }
}

impl<T: Copy> Labels<T> {
    /// The labels of the next `frames` frames, or `count` times `missing`.
    pub(crate) fn push(&mut self, these: Option<&[T]>, frames: usize, count: usize, missing: T) {
        let present = self.present.len() + frames;
        self.present.resize(present, these.is_some());
        match these {
            Some(these) => self.values.extend_from_slice(these),
            None => self.values.resize(self.values.len() + count, missing),
        }
    }

    /// Room for the labels of the next `frames` frames, `count` values that are `missing` until they
    /// are written.
    pub(crate) fn room(&mut self, frames: usize, count: usize, missing: T) -> &mut [T] {
        let (present, start) = (self.present.len() + frames, self.values.len());
        self.present.resize(present, true);
        self.values.resize(start + count, missing);
        &mut self.values[start..]
    }

    /// Adds the labels of another draft after these.
    fn append(&mut self, other: Self) {
        self.values.extend(other.values);
        if !other.place.is_empty() {
            self.place = other.place;
        }
        self.present.extend(other.present);
    }

    pub(crate) fn any(&self) -> bool {
        self.present.contains(&true)
    }
}

/// What is known of an array called forces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// The layout says so.
    Named(ForcesAre),
    /// Files of this layout hold either; this is the usual one.
    Either(ForcesAre),
}

/// What a set is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To train on and measure: some frame must be able to show symmetry.
    Measure,
    /// To be described.
    Look,
}

impl Draft {
    pub(crate) fn new(format: &'static str, units: StatedUnits) -> Self {
        Self {
            name: None,
            format,
            level: None,
            licence: None,
            units,
            positions_place: String::new(),
            notes: Vec::new(),
            offset: vec![0],
            numbers: Vec::new(),
            positions: Vec::new(),
            forces: Labels::default(),
            forces_are: Held::Named(ForcesAre::Forces),
            energies: Labels::default(),
            molecule: Vec::new(),
            molecules: Vec::new(),
            split: None,
        }
    }

    pub(crate) fn frames(&self) -> usize {
        self.molecule.len()
    }

    pub(crate) fn size(&self, frame: usize) -> usize {
        self.offset[frame + 1] - self.offset[frame]
    }

    pub(crate) fn site<'a>(&self, path: &'a str, frame: usize) -> Site<'a> {
        let molecule = &self.molecules[self.molecule[frame]];
        Site::frame(path, frame, molecule.name.as_deref())
    }

    /// As the checks see it; labels only where every frame has them.
    pub(crate) fn view<'a>(&'a self, path: &'a str) -> Frames<'a> {
        let whole = |present: &[bool]| !present.is_empty() && present.iter().all(|yes| *yes);
        Frames {
            path,
            units: self.units.units(),
            offset: &self.offset,
            numbers: &self.numbers,
            positions: &self.positions,
            forces: whole(&self.forces.present).then_some(&self.forces.values[..]),
            energies: whole(&self.energies.present).then_some(&self.energies.values[..]),
            molecule: &self.molecule,
            molecules: &self.molecules,
        }
    }

    /// Adds the frames of another draft after these; `molecule` names the molecule here for each of the
    /// molecules there.
    pub(crate) fn append(&mut self, other: Self, molecule: &[usize]) {
        let atoms = self.numbers.len();
        self.offset
            .extend(other.offset[1..].iter().map(|end| atoms + end));
        self.numbers.extend(other.numbers);
        self.positions.extend(other.positions);
        self.forces.append(other.forces);
        self.energies.append(other.energies);
        self.molecule
            .extend(other.molecule.iter().map(|&index| molecule[index]));
    }

    /// Bytes of arrays that are held.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.numbers[..])
            + size_of_val(&self.positions[..])
            + size_of_val(&self.forces.values[..])
            + size_of_val(&self.energies.values[..])
            + size_of_val(&self.offset[..])
    }

    /// Keep the frames marked `true`; returns how many were left out.
    pub(crate) fn keep(&mut self, keep: &[bool]) -> usize {
        let left_out = keep.iter().filter(|kept| !**kept).count();
        if left_out == 0 {
            return 0;
        }
        let sizes: Vec<usize> = (0..self.frames()).map(|frame| self.size(frame)).collect();
        let pairs = keep.iter().zip(&sizes);
        let by_atom: Vec<bool> = pairs
            .flat_map(|(&kept, &size)| std::iter::repeat_n(kept, size))
            .collect();
        select(&mut self.numbers, &by_atom);
        select(&mut self.positions, &by_atom);
        select(&mut self.forces.values, &by_atom);
        select(&mut self.forces.present, keep);
        select(&mut self.energies.values, keep);
        select(&mut self.energies.present, keep);
        if let Some(labels) = &mut self.split {
            select(labels, keep);
        }
        select(&mut self.molecule, keep);
        self.offset = vec![0];
        let mut end = 0;
        for (size, _) in sizes.iter().zip(keep).filter(|(_, kept)| **kept) {
            end += size;
            self.offset.push(end);
        }
        self.drop_unused_molecules();
        left_out
    }

    fn drop_unused_molecules(&mut self) {
        let mut used = vec![false; self.molecules.len()];
        self.molecule
            .iter()
            .for_each(|&molecule| used[molecule] = true);
        let mut renamed = vec![0; used.len()];
        let mut next = 0;
        for (molecule, &kept) in used.iter().enumerate() {
            renamed[molecule] = next;
            next += usize::from(kept);
        }
        select(&mut self.molecules, &used);
        self.molecule
            .iter_mut()
            .for_each(|molecule| *molecule = renamed[*molecule]);
    }

    /// To angstrom, eV and eV/angstrom.
    pub(crate) fn convert(&mut self) {
        let scale = |values: &mut [f64], factor: f64| {
            if factor != 1.0 {
                values.par_iter_mut().for_each(|value| *value *= factor);
            }
        };
        let units = self.units.units();
        scale(
            self.positions.as_flattened_mut(),
            units.length.in_angstrom(),
        );
        scale(
            self.forces.values.as_flattened_mut(),
            units.force.in_electron_volt_per_angstrom(),
        );
        scale(&mut self.energies.values, units.energy.in_electron_volt());
    }
}

fn select<T>(values: &mut Vec<T>, keep: &[bool]) {
    if values.is_empty() {
        return;
    }
    let mut keep = keep.iter();
    values.retain(|_| keep.next().copied().unwrap_or(false));
}
