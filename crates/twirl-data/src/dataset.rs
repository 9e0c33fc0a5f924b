//! The one layout into which every file is read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::column::Column;
use crate::frames::Frames;
use crate::molecule::Molecule;
use crate::split::Split;
use crate::stamp::Stamp;
use crate::units::{By, Quantity, Units};

/// A data set: angstrom, eV, eV/angstrom. Cheap to clone. Its arrays are in memory or, where it comes
/// from a [`crate::DataCache`], in a mapped file; no accessor copies them.
///
/// Frames are counted from 0. Every accessor with a frame index panics past [`DataSet::len`].
#[derive(Debug, Clone)]
pub struct DataSet(Arc<Contents>);

#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) sha256: String,
    pub(crate) level: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) units: Units,
    pub(crate) origins: Vec<Origin>,
    pub(crate) notes: Vec<String>,
    /// First atom of each frame, then the number of atoms.
    pub(crate) offset: Column<usize>,
    pub(crate) numbers: Column<u8>,
    pub(crate) positions: Column<[f64; 3]>,
    pub(crate) forces: Option<Column<[f64; 3]>>,
    pub(crate) energies: Option<Column<f64>>,
    pub(crate) molecule: Column<usize>,
    pub(crate) molecules: Vec<Molecule>,
    /// Frames of each split, in the order of [`Split::ALL`].
    pub(crate) parts: [Column<usize>; 3],
    pub(crate) split_rule: String,
    pub(crate) left_out: BTreeMap<Reason, usize>,
    /// Whether a rotation changes any frame; if not, the set is only looked at.
    pub(crate) turns: bool,
    /// What the file looked like before it was read; none of what was never one.
    pub(crate) stamp: Option<Stamp>,
}

/// Where a quantity was found, and in which unit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// Positions, energies or forces.
    pub quantity: Quantity,
    /// Key, column or array; for gradients, that they were turned into forces.
    pub place: String,
    /// Unit in the file.
    pub unit: String,
    /// Who says so.
    pub unit_by: By,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} ({})", self.place, self.unit, self.unit_by)
    }
}

/// Why frames were left out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// More atoms than the limit.
    AboveLimit,
    /// One atom; or, where there are forces, all atoms on one line.
    WithoutRotation,
    /// No energy or no forces, where others have them.
    Unlabelled,
    /// Overlapping atoms or labels that cannot be right.
    Implausible,
    /// Copies of what stands in another part of the split.
    Duplicate,
}

impl Reason {
    /// The reason as a word, as in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::AboveLimit => "above-limit",
            Self::WithoutRotation => "without-rotation",
            Self::Unlabelled => "unlabelled",
            Self::Implausible => "implausible",
            Self::Duplicate => "duplicate",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AboveLimit => "by the limit on atoms",
            Self::WithoutRotation => "that cannot show symmetry (one atom, or all on one line)",
            Self::Unlabelled => "without labels",
            Self::Implausible => "with implausible geometry or labels",
            Self::Duplicate => "that stand in another part of the split too",
        })
    }
}

impl DataSet {
    pub(crate) fn new(contents: Contents) -> Self {
        Self(Arc::new(contents))
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.0
    }

    /// Name: the one in the file, else the file's name without extension.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Path as it was given.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Format that was recognised.
    pub fn format(&self) -> &str {
        &self.0.format
    }

    /// sha256 of the file's bytes, 64 hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// Level of theory of the labels, if the file or its format states it.
    pub fn level(&self) -> Option<&str> {
        self.0.level.as_deref()
    }

    /// Licence, if the file states it.
    pub fn licence(&self) -> Option<&str> {
        self.0.licence.as_deref()
    }

    /// Units in which the file was read, before the conversion to angstrom and eV.
    pub fn units(&self) -> Units {
        self.0.units
    }

    /// Which keys or arrays were read, in which units, and who says so.
    pub fn origins(&self) -> &[Origin] {
        &self.0.origins
    }

    /// What the reader passed over, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// Number of frames.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a data set has at least three frames"
    )]
    pub fn len(&self) -> usize {
        self.0.molecule.len()
    }

    /// Atomic numbers of frame `i`, `[n]`.
    pub fn atomic_numbers(&self, i: usize) -> &[u8] {
        &self.0.numbers[self.0.range(i)]
    }

    /// Positions of frame `i`, `[n, 3]`, angstrom.
    pub fn positions(&self, i: usize) -> &[[f64; 3]] {
        &self.0.positions[self.0.range(i)]
    }

    /// Forces of frame `i`, `[n, 3]`, eV/angstrom.
    pub fn forces(&self, i: usize) -> Option<&[[f64; 3]]> {
        let range = self.0.range(i);
        self.0.forces.as_ref().map(|forces| &forces[range])
    }

    /// Energy of frame `i`, eV, relative to whatever the file's level of theory uses.
    pub fn energy(&self, i: usize) -> Option<f64> {
        self.0.energies.as_ref().map(|energies| energies[i])
    }

    /// Index into [`DataSet::molecules`] of frame `i`.
    pub fn molecule(&self, i: usize) -> usize {
        self.0.molecule[i]
    }

    /// The molecules; each has at least one frame.
    pub fn molecules(&self) -> &[Molecule] {
        &self.0.molecules
    }

    /// Frames of a split, ascending. No part is empty.
    pub fn split(&self, split: Split) -> &[usize] {
        &self.0.parts[split as usize]
    }

    /// How the split came about: `from file`, or the rule.
    pub fn split_rule(&self) -> &str {
        &self.0.split_rule
    }

    /// How many frames were left out, by reason; empty where none was.
    pub fn left_out(&self) -> &BTreeMap<Reason, usize> {
        &self.0.left_out
    }

    /// Whether every frame has forces (else none has).
    pub fn has_forces(&self) -> bool {
        self.0.forces.is_some()
    }

    /// Whether every frame has an energy (else none has).
    pub fn has_energies(&self) -> bool {
        self.0.energies.is_some()
    }

    /// Atoms in the largest frame.
    pub fn max_atoms(&self) -> usize {
        self.0
            .offset
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .max()
            .unwrap_or(0)
    }

    /// Atoms over all frames.
    pub fn atoms(&self) -> usize {
        self.0.numbers.len()
    }

    /// The distinct atomic numbers, ascending.
    pub fn elements(&self) -> Vec<u8> {
        let mut seen = [false; 256];
        self.0
            .numbers
            .iter()
            .for_each(|&number| seen[usize::from(number)] = true);
        (0..=u8::MAX)
            .filter(|&number| seen[usize::from(number)])
            .collect()
    }
}

impl Contents {
    pub(crate) fn range(&self, frame: usize) -> std::ops::Range<usize> {
        self.offset[frame]..self.offset[frame + 1]
    }

    /// As the checks see it.
    pub(crate) fn view(&self) -> Frames<'_> {
        Frames {
            path: &self.path,
            units: self.units,
            offset: &self.offset,
            numbers: &self.numbers,
            positions: &self.positions,
            forces: self.forces.as_deref(),
            energies: self.energies.as_deref(),
            molecule: &self.molecule,
            molecules: &self.molecules,
        }
    }
}
