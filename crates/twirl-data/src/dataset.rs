//! The one layout into which every file is read.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::draft::Draft;
use crate::error::{DataError, Result, one_line};
use crate::format;
use crate::split::{Parts, Split};
use crate::units::{EnergyUnit, ForceUnit, LengthUnit, Units};

/// How to read a file. The default takes the units that the format or the file states.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Unit of positions, in place of the one that the file or its format states.
    pub length: Option<LengthUnit>,
    /// Unit of energies, likewise.
    pub energy: Option<EnergyUnit>,
    /// Unit of forces; by default energy per length where either is overridden.
    pub force: Option<ForceUnit>,
    /// Leave out frames with more atoms than this; how many is in [`DataSet::left_out`].
    pub max_atoms: Option<usize>,
    /// Refuse files longer than this many bytes (default 8 GiB): a file is read into memory.
    pub max_bytes: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            length: None,
            energy: None,
            force: None,
            max_atoms: None,
            max_bytes: 8 << 30,
        }
    }
}

impl OpenOptions {
    /// The units in force for a file that states `stated`.
    pub(crate) fn units(&self, stated: Units) -> Units {
        let length = self.length.unwrap_or(stated.length);
        let energy = self.energy.unwrap_or(stated.energy);
        let derived = ForceUnit {
            energy: self.energy.unwrap_or(stated.force.energy),
            length: self.length.unwrap_or(stated.force.length),
        };
        Units {
            length,
            energy,
            force: self.force.unwrap_or(derived),
        }
    }
}

/// Order of a bond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BondOrder {
    /// One electron pair.
    Single,
    /// Two.
    Double,
    /// Three.
    Triple,
    /// Delocalised.
    Aromatic,
}

/// A bond between two atoms of one molecule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bond {
    /// Index of an atom in the molecule.
    pub first: usize,
    /// Index of the other atom, different from `first`.
    pub second: usize,
    /// Its order.
    pub order: BondOrder,
}

/// What is known of one molecule besides its frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Molecule {
    /// SMILES, where the file gives one.
    pub smiles: Option<String>,
    /// Total charge in units of e. Zero where the file says nothing.
    pub charge: i32,
    /// Bonds, where the file gives them or a SMILES that maps every atom; else empty.
    pub bonds: Vec<Bond>,
    /// Name of the molecule in the file, where it has one.
    pub name: Option<String>,
    /// Formula in Hill order, from the atomic numbers.
    pub formula: String,
}

/// A data set in memory: angstrom, eV, eV/angstrom. Cheap to clone.
///
/// Frames are counted from 0. Every accessor with a frame index panics past [`DataSet::len`].
#[derive(Debug, Clone)]
pub struct DataSet(Arc<Contents>);

#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) format: &'static str,
    pub(crate) sha256: String,
    pub(crate) level: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) units: Units,
    pub(crate) offset: Vec<usize>,
    pub(crate) numbers: Vec<u8>,
    pub(crate) positions: Vec<[f64; 3]>,
    pub(crate) forces: Option<Vec<[f64; 3]>>,
    pub(crate) energies: Option<Vec<f64>>,
    pub(crate) molecule: Vec<usize>,
    pub(crate) molecules: Vec<Molecule>,
    pub(crate) parts: Parts,
    pub(crate) split_rule: String,
    pub(crate) left_out: usize,
}

impl DataSet {
    /// Read a file, whatever its format: found by content, then by extension.
    ///
    /// # Errors
    /// [`DataError`] where the file is missing, damaged, in an unknown format, or
    /// not plausible as molecules in the stated units.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
        let path = path.as_ref();
        let shown = one_line(&path.display().to_string());
        let io = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => DataError::Missing {
                path: shown.clone(),
            },
            _ => DataError::Unreadable {
                path: shown.clone(),
                reason: one_line(&error.to_string()),
            },
        };
        let length = fs::metadata(path).map_err(io)?.len();
        if length > options.max_bytes {
            return Err(DataError::TooLarge {
                path: shown,
                record: "file".to_owned(),
                claimed: format!("{length} bytes"),
                limit: format!("{} bytes", options.max_bytes),
                remedy: "raise the limit or use a part of the set".to_owned(),
            });
        }
        let bytes = fs::read(path).map_err(io)?;
        Self::from_bytes(&shown, bytes.into(), options)
    }

    /// Read bytes in memory as [`DataSet::open`] reads a file called `path`.
    ///
    /// # Errors
    /// As [`DataSet::open`].
    pub fn from_bytes(path: &str, bytes: Arc<[u8]>, options: &OpenOptions) -> Result<Self> {
        let sha256 = hex(&Sha256::digest(&bytes));
        let draft: Draft = format::read(path, bytes, options)?;
        Ok(Self(Arc::new(draft.finish(path, sha256, options)?)))
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
    pub fn format(&self) -> &'static str {
        self.0.format
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

    /// Frames left out because of [`OpenOptions::max_atoms`].
    pub fn left_out(&self) -> usize {
        self.0.left_out
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
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
        out
    })
}
