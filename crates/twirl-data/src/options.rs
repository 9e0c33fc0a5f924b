//! How a file is read: what the command line's options and a suite's `[data]` table say.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::units::{By, EnergyUnit, ForceUnit, LengthUnit, Stated, StatedUnits};

/// How to read a file. The default takes the keys and units that the file or its format states,
/// and refuses what cannot be right.
///
/// The fields are the keys of a suite's `[data]` table; with hyphens they are the options of the
/// command line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenOptions {
    /// Unit of positions, in place of the one that the file or its format states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_unit: Option<LengthUnit>,
    /// Unit of energies, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_unit: Option<EnergyUnit>,
    /// Unit of forces; by default energy per length where either is overridden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_unit: Option<ForceUnit>,
    /// Key or array of the energies, where the file has several or another than the usual ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_key: Option<String>,
    /// Column or array of the forces, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forces_key: Option<String>,
    /// What the array of forces holds; by default as its format says, held against the energies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forces_are: Option<ForcesAre>,
    /// Leave out frames with more atoms than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_atoms: Option<usize>,
    /// Refuse to hold more than this many bytes of arrays (default 8 GiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Kinds of frames that are left out, and counted, instead of refused.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub leave_out: BTreeSet<LeaveOut>,
}

/// Frames that are refused unless they are asked to be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaveOut {
    /// Overlapping atoms, and labels that cannot be right: not finite, a force beyond 1
    /// hartree/bohr, an energy per atom far from the fit of the others.
    Implausible,
    /// Frames without the energy or the forces that other frames have.
    Unlabelled,
    /// Copies of a frame, or of a molecule, that stand in another part of the split.
    Duplicates,
}

impl LeaveOut {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Implausible, Self::Unlabelled, Self::Duplicates];

    /// The name in options and suites.
    pub fn name(self) -> &'static str {
        match self {
            Self::Implausible => "implausible",
            Self::Unlabelled => "unlabelled",
            Self::Duplicates => "duplicates",
        }
    }
}

/// What an array called forces holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForcesAre {
    /// Minus the gradient of the energy.
    Forces,
    /// The gradient of the energy.
    Gradient,
}

/// The text is none of the values of a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is none of {known}")]
pub struct UnknownValue {
    found: String,
    known: &'static str,
}

impl FromStr for LeaveOut {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| UnknownValue {
            found: text.to_owned(),
            known: "implausible, unlabelled, duplicates",
        })
    }
}

impl FromStr for ForcesAre {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "forces" => Ok(Self::Forces),
            "gradient" => Ok(Self::Gradient),
            _ => Err(UnknownValue {
                found: text.to_owned(),
                known: "forces, gradient",
            }),
        }
    }
}

/// Bytes of arrays that are held unless [`OpenOptions::max_bytes`] says otherwise.
const MAX_BYTES: u64 = 8 << 30;

impl OpenOptions {
    /// Whether these are the defaults, which a job does not write down.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Bytes of arrays that may be held.
    pub(crate) fn budget(&self) -> u64 {
        self.max_bytes.unwrap_or(MAX_BYTES)
    }

    pub(crate) fn leaves_out(&self, kind: LeaveOut) -> bool {
        self.leave_out.contains(&kind)
    }

    /// The units in force for a file that states `stated`.
    pub(crate) fn units(&self, stated: StatedUnits) -> StatedUnits {
        let length = chosen(self.length_unit, stated.length);
        let energy = chosen(self.energy_unit, stated.energy);
        let by = if self.energy_unit.is_some() || self.length_unit.is_some() {
            By::Option
        } else {
            stated.force.by
        };
        let derived = Stated {
            unit: ForceUnit {
                energy: self.energy_unit.unwrap_or(stated.force.unit.energy),
                length: self.length_unit.unwrap_or(stated.force.unit.length),
            },
            by,
        };
        StatedUnits {
            length,
            energy,
            force: chosen(self.force_unit, derived),
        }
    }
}

fn chosen<T>(option: Option<T>, stated: Stated<T>) -> Stated<T> {
    match option {
        Some(unit) => Stated {
            unit,
            by: By::Option,
        },
        None => stated,
    }
}
