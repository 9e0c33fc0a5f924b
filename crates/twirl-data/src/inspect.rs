//! What is in a file: `twirlbench data inspect`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use rayon::prelude::*;

use crate::checks::nearest::{nearest, span};
use crate::checks::units::median_force;
use crate::dataset::{DataSet, Origin, Reason};
use crate::elements;
use crate::error::Result;
use crate::frames::length;
use crate::options::OpenOptions;
use crate::site::one_line;
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
    /// Which keys or arrays were read, and who states their units.
    pub origins: Vec<Origin>,
    /// What the reader passed over.
    pub notes: Vec<String>,
    /// Molecules.
    pub molecules: usize,
    /// Molecules with a charge other than zero.
    pub charged: usize,
    /// Molecules whose bonds are known.
    pub bonded: usize,
    /// Frames.
    pub frames: usize,
    /// Frames left out, by reason.
    pub left_out: BTreeMap<Reason, usize>,
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

/// Read and describe a file, also one that cannot show symmetry.
///
/// # Errors
/// As [`DataSet::look_at`].
pub fn inspect(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Inspection> {
    Ok(Inspection::of(&DataSet::look_at(path, options)?))
}

impl Inspection {
    /// Describe a set that is already read.
    pub fn of(set: &DataSet) -> Self {
        let frames = 0..set.len();
        let sizes = frames.clone().map(|frame| set.atomic_numbers(frame).len());
        let spans = frames.clone().into_par_iter();
        let spans = spans.filter_map(|frame| span(set.positions(frame)));
        let distance = spans.reduce_with(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let lengths = frames
            .clone()
            .filter_map(|frame| set.forces(frame))
            .flatten();
        let largest = lengths.map(|&force| length(force)).fold(0.0, f64::max);
        let view = set.contents().view();
        let molecules = set.molecules();
        Self {
            path: set.path().to_owned(),
            name: set.name().to_owned(),
            format: set.format().to_owned(),
            sha256: set.sha256().to_owned(),
            level: set.level().map(ToOwned::to_owned),
            licence: set.licence().map(ToOwned::to_owned),
            units: set.units(),
            origins: set.origins().to_vec(),
            notes: set.notes().to_vec(),
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
            left_out: set.left_out().clone(),
            atoms: set.atoms(),
            atoms_per_frame: (sizes.min().unwrap_or(0), set.max_atoms()),
            elements: set
                .elements()
                .into_iter()
                .filter_map(elements::symbol)
                .map(ToOwned::to_owned)
                .collect(),
            energy: range(frames.filter_map(|frame| set.energy(frame))),
            force: median_force(&view).map(|median| (median, largest)),
            distance,
            nearest: nearest(&view).map(|(distance, _)| distance),
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
        let text = |text: &Option<String>| one_line(text.as_deref().unwrap_or("not stated"));
        let (name, path) = (one_line(&self.name), one_line(&self.path));
        writeln!(f, "{name}  ({}, {path})", self.format)?;
        writeln!(f, "  sha256      {}", self.sha256)?;
        writeln!(f, "  level       {}", text(&self.level))?;
        writeln!(f, "  licence     {}", text(&self.licence))?;
        writeln!(
            f,
            "  molecules   {} ({} charged, {} with bonds)",
            self.molecules, self.charged, self.bonded
        )?;
        let left_out: usize = self.left_out.values().sum();
        writeln!(f, "  frames      {} ({left_out} left out)", self.frames)?;
        for (reason, count) in &self.left_out {
            writeln!(f, "  left out    {count} {reason}")?;
        }
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
        for origin in &self.origins {
            writeln!(f, "  {:11} from {origin}", origin.quantity.to_string())?;
        }
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
        )?;
        for note in &self.notes {
            write!(f, "\n  note        {note}")?;
        }
        Ok(())
    }
}
