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

/// Unit of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
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
            "bohr" | "a0" | "au" => Ok(Self::Bohr),
            "nm" | "nanometre" | "nanometer" => Ok(Self::Nanometre),
            _ => Err(UnknownUnit(text.to_owned())),
        }
    }
}

/// Unit of energies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum EnergyUnit {
    /// Electronvolt.
    #[serde(rename = "eV")]
    ElectronVolt,
    /// Atomic unit of energy.
    #[serde(rename = "hartree")]
    Hartree,
    /// Thermochemical kilocalorie per mole.
    #[serde(rename = "kcal/mol")]
    KilocaloriePerMole,
    /// Kilojoule per mole.
    #[serde(rename = "kJ/mol")]
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
            "ev" | "electronvolt" => Ok(Self::ElectronVolt),
            "hartree" | "eh" | "ha" | "au" => Ok(Self::Hartree),
            "kcal/mol" | "kcal mol-1" => Ok(Self::KilocaloriePerMole),
            "kj/mol" | "kj mol-1" => Ok(Self::KilojoulePerMole),
            _ => Err(UnknownUnit(text.to_owned())),
        }
    }
}

/// Unit of forces: an energy per length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
        let (energy, length) = text.rsplit_once('/').ok_or_else(unknown)?;
        match (energy.parse(), length.parse()) {
            (Ok(energy), Ok(length)) => Ok(Self { energy, length }),
            _ => Err(unknown()),
        }
    }
}

/// Units in which a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Units {
    /// Of positions.
    pub length: LengthUnit,
    /// Of energies.
    pub energy: EnergyUnit,
    /// Of forces.
    pub force: ForceUnit,
}

impl Units {
    /// A consistent set: force is energy per length.
    pub fn new(length: LengthUnit, energy: EnergyUnit) -> Self {
        Self {
            length,
            energy,
            force: ForceUnit { energy, length },
        }
    }
}

/// What a number in a file stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
