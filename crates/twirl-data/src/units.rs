//! Units and their conversion to angstrom and eV, in one place.
//!
//! Constants are the CODATA 2018 values (Tiesinga et al., Rev. Mod. Phys. 93,
//! 025010, 2021): bohr radius, hartree in eV, and the exact Avogadro,
//! elementary charge and thermochemical calorie.

use std::fmt;
use std::str::FromStr;

/// One bohr in angstrom.
pub const BOHR: f64 = 0.529_177_210_903;
/// One hartree in eV.
pub const HARTREE: f64 = 27.211_386_245_988;
/// One kJ/mol in eV: 1000 / (`N_A` e), both exact since 2019.
pub const KILOJOULE_PER_MOLE: f64 = 1000.0 / (6.022_140_76e23 * 1.602_176_634e-19);
/// One kcal/mol in eV: 4.184 kJ/mol by definition.
pub const KILOCALORIE_PER_MOLE: f64 = 4.184 * KILOJOULE_PER_MOLE;

/// Unit of positions. As text `angstrom`, `bohr`, `nm` and other spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LengthUnit {
    /// 1e-10 m.
    Angstrom,
    /// Atomic unit of length.
    Bohr,
    /// 1e-9 m.
    Nanometre,
}

impl LengthUnit {
    /// All units, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Angstrom, Self::Bohr, Self::Nanometre];

    /// This unit in angstrom.
    pub fn in_angstrom(self) -> f64 {
        match self {
            Self::Angstrom => 1.0,
            Self::Bohr => BOHR,
            Self::Nanometre => 10.0,
        }
    }
}

impl fmt::Display for LengthUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Angstrom => "angstrom",
            Self::Bohr => "bohr",
            Self::Nanometre => "nm",
        })
    }
}

/// The text names no known unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown unit {0:?}; known are angstrom, bohr, nm; eV, hartree, kcal/mol, kJ/mol")]
pub struct UnknownUnit(String);

impl FromStr for LengthUnit {
    type Err = UnknownUnit;

    fn from_str(text: &str) -> Result<Self, UnknownUnit> {
        match text.trim().to_lowercase().as_str() {
            "angstrom" | "angstroms" | "a" | "ang" | "\u{e5}" | "\u{212b}" => Ok(Self::Angstrom),
            "bohr" | "bohrs" | "bohr_radius" | "a0" | "au" | "a.u." => Ok(Self::Bohr),
            "nm" | "nanometre" | "nanometer" | "nanometers" => Ok(Self::Nanometre),
            _ => Err(UnknownUnit(text.to_owned())),
        }
    }
}

/// Unit of energies. As text `eV`, `hartree`, `kcal/mol`, `kJ/mol` and other spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EnergyUnit {
    /// Electronvolt.
    ElectronVolt,
    /// Atomic unit of energy.
    Hartree,
    /// Thermochemical kilocalorie per mole.
    KilocaloriePerMole,
    /// Kilojoule per mole.
    KilojoulePerMole,
}

impl EnergyUnit {
    /// All units, from the largest to the smallest.
    pub const ALL: [Self; 4] = [
        Self::Hartree,
        Self::ElectronVolt,
        Self::KilocaloriePerMole,
        Self::KilojoulePerMole,
    ];

    /// This unit in eV.
    pub fn in_electron_volt(self) -> f64 {
        match self {
            Self::ElectronVolt => 1.0,
            Self::Hartree => HARTREE,
            Self::KilocaloriePerMole => KILOCALORIE_PER_MOLE,
            Self::KilojoulePerMole => KILOJOULE_PER_MOLE,
        }
    }
}

impl fmt::Display for EnergyUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ElectronVolt => "eV",
            Self::Hartree => "hartree",
            Self::KilocaloriePerMole => "kcal/mol",
            Self::KilojoulePerMole => "kJ/mol",
        })
    }
}

impl FromStr for EnergyUnit {
    type Err = UnknownUnit;

    fn from_str(text: &str) -> Result<Self, UnknownUnit> {
        match text.trim().to_lowercase().as_str() {
            "ev" | "electronvolt" | "electron_volt" => Ok(Self::ElectronVolt),
            "hartree" | "hartrees" | "eh" | "e_h" | "ha" | "au" | "a.u." => Ok(Self::Hartree),
            "kcal/mol" | "kcal mol-1" | "kcal mol^-1" | "kcalpermol" => {
                Ok(Self::KilocaloriePerMole)
            }
            "kj/mol" | "kj mol-1" | "kj mol^-1" | "kjpermol" => Ok(Self::KilojoulePerMole),
            _ => Err(UnknownUnit(text.to_owned())),
        }
    }
}

/// Unit of forces: an energy per length. As text `eV/angstrom`, `hartree/bohr` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ForceUnit {
    /// Energy unit.
    pub energy: EnergyUnit,
    /// Length unit.
    pub length: LengthUnit,
}

impl ForceUnit {
    /// This unit in eV/angstrom.
    pub fn in_electron_volt_per_angstrom(self) -> f64 {
        self.energy.in_electron_volt() / self.length.in_angstrom()
    }
}

impl fmt::Display for ForceUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.energy, self.length)
    }
}

impl FromStr for ForceUnit {
    type Err = UnknownUnit;

    /// `eV/angstrom`, `hartree/bohr`, `kcal/mol/A`: the last part is the length.
    fn from_str(text: &str) -> Result<Self, UnknownUnit> {
        let unknown = || UnknownUnit(text.to_owned());
        if matches!(text.trim().to_lowercase().as_str(), "au" | "a.u.") {
            let (energy, length) = (EnergyUnit::Hartree, LengthUnit::Bohr);
            return Ok(Self { energy, length });
        }
        let (energy, length) = text.rsplit_once('/').ok_or_else(unknown)?;
        match (energy.parse(), length.parse()) {
            (Ok(energy), Ok(length)) => Ok(Self { energy, length }),
            _ => Err(unknown()),
        }
    }
}

/// Text both ways, for settings.
macro_rules! as_text {
    ($unit:ty) => {
        impl From<$unit> for String {
            fn from(unit: $unit) -> Self {
                unit.to_string()
            }
        }

        impl TryFrom<String> for $unit {
            type Error = UnknownUnit;

            fn try_from(text: String) -> Result<Self, UnknownUnit> {
                text.parse()
            }
        }
    };
}

as_text!(LengthUnit);
as_text!(EnergyUnit);
as_text!(ForceUnit);

/// Who says in which unit a quantity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The format, or its usual practice; the file says nothing.
    Format,
    /// The file.
    File,
    /// An option of the command line or a suite.
    Option,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "usual in this format",
            Self::File => "stated in the file",
            Self::Option => "given by an option",
        })
    }
}

/// A unit, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stated<T> {
    pub(crate) unit: T,
    pub(crate) by: By,
}

/// The units of a file, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatedUnits {
    pub(crate) length: Stated<LengthUnit>,
    pub(crate) energy: Stated<EnergyUnit>,
    pub(crate) force: Stated<ForceUnit>,
}

impl StatedUnits {
    /// What a format uses: force is energy per length.
    pub(crate) fn usual(length: LengthUnit, energy: EnergyUnit) -> Self {
        Self::stated((length, By::Format), (energy, By::Format), None)
    }

    /// Units by whom they come; forces are energy per length unless they have a unit of their own.
    pub(crate) fn stated(
        length: (LengthUnit, By),
        energy: (EnergyUnit, By),
        force: Option<ForceUnit>,
    ) -> Self {
        let derived = ForceUnit {
            energy: energy.0,
            length: length.0,
        };
        let either = if length.1 == By::File || energy.1 == By::File {
            By::File
        } else {
            By::Format
        };
        let by = if force.is_some() { By::File } else { either };
        Self {
            length: Stated {
                unit: length.0,
                by: length.1,
            },
            energy: Stated {
                unit: energy.0,
                by: energy.1,
            },
            force: Stated {
                unit: force.unwrap_or(derived),
                by,
            },
        }
    }

    pub(crate) fn units(self) -> Units {
        Units {
            length: self.length.unit,
            energy: self.energy.unit,
            force: self.force.unit,
        }
    }
}

/// Units in which a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Units {
    /// Of positions.
    pub length: LengthUnit,
    /// Of energies.
    pub energy: EnergyUnit,
    /// Of forces.
    pub force: ForceUnit,
}

/// What a number in a file stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantity {
    /// A coordinate.
    Position,
    /// A force component.
    Force,
    /// An energy.
    Energy,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Position => "position",
            Self::Force => "force",
            Self::Energy => "energy",
        })
    }
}
