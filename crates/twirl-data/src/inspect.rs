//! What is in a file: `twirlbench data inspect`.

use std::fmt;
use std::path::Path;

use crate::checks::{distance, median_force, nearest};
use crate::dataset::{DataSet, OpenOptions};
use crate::elements;
use crate::error::Result;
use crate::split::Split;
use crate::units::Units;

/// Counts, units and ranges of a data set. Angstrom, eV, eV/angstrom.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Inspection {
    /// Path as given.
    pub path: String,
    /// Name of the set.
    pub name: String,
    /// Recognised format.
    pub format: String,
    /// sha256 of the file.
    pub sha256: String,
    /// Level of theory, if known.
    pub level: Option<String>,
    /// Licence, if the file states it.
    pub licence: Option<String>,
    /// Units in the file.
    pub units: Units,
    /// Molecules.
    pub molecules: usize,
    /// Molecules with a charge other than zero.
    pub charged: usize,
    /// Molecules whose bonds are known.
    pub bonded: usize,
    /// Frames.
    pub frames: usize,
    /// Frames left out by the limit on atoms.
    pub left_out: usize,
    /// Atoms over all frames.
    pub atoms: usize,
    /// Atoms in the smallest and the largest frame.
    pub atoms_per_frame: (usize, usize),
    /// Symbols of the elements, by atomic number.
    pub elements: Vec<String>,
    /// Lowest and highest energy.
    pub energy: Option<(f64, f64)>,
    /// Median (over a sample of frames) and largest length of the force on an atom.
    pub force: Option<(f64, f64)>,
    /// Shortest and longest distance between two atoms of a frame; `None` for single atoms.
    pub distance: Option<(f64, f64)>,
    /// Median distance to the nearest atom, over a sample of frames.
    pub nearest: Option<f64>,
    /// Frames for training, validation and test.
    pub split: (usize, usize, usize),
    /// Molecules with frames in more than one split.
    pub shared_molecules: usize,
    /// How the split came about.
    pub split_rule: String,
}

/// Read and describe a file with the default options.
///
/// # Errors
/// As [`DataSet::open`].
pub fn inspect(path: impl AsRef<Path>) -> Result<Inspection> {
    Ok(Inspection::of(&DataSet::open(
        path,
        &OpenOptions::default(),
    )?))
}

impl Inspection {
    /// Describe a set that is already read.
    pub fn of(set: &DataSet) -> Self {
        let frames = 0..set.len();
        let sizes = frames.clone().map(|frame| set.atomic_numbers(frame).len());
        let pairs = frames.clone().flat_map(|frame| {
            let positions = set.positions(frame);
            let pair = move |second: usize| {
                positions[..second]
                    .iter()
                    .map(move |&here| distance(here, positions[second]))
            };
            (0..positions.len()).flat_map(pair)
        });
        let lengths = frames
            .clone()
            .filter_map(|frame| set.forces(frame))
            .flatten();
        let largest = lengths
            .map(|&force| distance(force, [0.0; 3]))
            .fold(0.0, f64::max);
        let contents = set.contents();
        let molecules = set.molecules();
        Self {
            path: set.path().to_owned(),
            name: set.name().to_owned(),
            format: set.format().to_owned(),
            sha256: set.sha256().to_owned(),
            level: set.level().map(ToOwned::to_owned),
            licence: set.licence().map(ToOwned::to_owned),
            units: set.units(),
            molecules: molecules.len(),
            charged: molecules
                .iter()
                .filter(|molecule| molecule.charge != 0)
                .count(),
            bonded: molecules
                .iter()
                .filter(|molecule| !molecule.bonds.is_empty())
                .count(),
            frames: set.len(),
            left_out: set.left_out(),
            atoms: set.atoms(),
            atoms_per_frame: (sizes.min().unwrap_or(0), set.max_atoms()),
            elements: set
                .elements()
                .into_iter()
                .filter_map(elements::symbol)
                .map(ToOwned::to_owned)
                .collect(),
            energy: range(frames.filter_map(|frame| set.energy(frame))),
            force: median_force(contents).map(|median| (median, largest)),
            distance: range(pairs),
            nearest: nearest(contents).map(|(distance, _)| distance),
            split: Split::ALL.map(|split| set.split(split).len()).into(),
            shared_molecules: shared(set),
            split_rule: set.split_rule().to_owned(),
        }
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

fn shared(set: &DataSet) -> usize {
    let mut seen = vec![[false; 3]; set.molecules().len()];
    for split in Split::ALL {
        for &frame in set.split(split) {
            seen[set.molecule(frame)][split as usize] = true;
        }
    }
    seen.iter()
        .filter(|in_split| in_split.iter().filter(|yes| **yes).count() > 1)
        .count()
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = "not stated";
        writeln!(f, "{}  ({}, {})", self.name, self.format, self.path)?;
        writeln!(f, "  sha256      {}", self.sha256)?;
        writeln!(
            f,
            "  level       {}",
            self.level.as_deref().unwrap_or(unknown)
        )?;
        writeln!(
            f,
            "  licence     {}",
            self.licence.as_deref().unwrap_or(unknown)
        )?;
        writeln!(
            f,
            "  molecules   {} ({} charged, {} with bonds)",
            self.molecules, self.charged, self.bonded
        )?;
        writeln!(
            f,
            "  frames      {} ({} left out)",
            self.frames, self.left_out
        )?;
        let (fewest, most) = self.atoms_per_frame;
        writeln!(
            f,
            "  atoms       {} ({fewest} to {most} per frame)",
            self.atoms
        )?;
        writeln!(f, "  elements    {}", self.elements.join(" "))?;
        let Units {
            length,
            energy,
            force,
        } = self.units;
        writeln!(
            f,
            "  units       {length}, {energy}, {force}; converted to angstrom, eV, eV/angstrom"
        )?;
        match self.energy {
            Some((low, high)) => writeln!(f, "  energy      {low:.4} to {high:.4} eV")?,
            None => writeln!(f, "  energy      none")?,
        }
        match self.force {
            Some((median, largest)) => {
                writeln!(
                    f,
                    "  force       median {median:.4}, largest {largest:.4} eV/A per atom"
                )?;
            }
            None => writeln!(f, "  force       none")?,
        }
        if let (Some((low, high)), Some(nearest)) = (self.distance, self.nearest) {
            writeln!(
                f,
                "  distance    {low:.4} to {high:.4} A, nearest atom at {nearest:.4} A (median)"
            )?;
        }
        let (train, validation, test) = self.split;
        writeln!(
            f,
            "  split       {train} train, {validation} validation, {test} test ({})",
            self.split_rule
        )?;
        write!(
            f,
            "  shared      {} molecules in more than one split",
            self.shared_molecules
        )
    }
}
