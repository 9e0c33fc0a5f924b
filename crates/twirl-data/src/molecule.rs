//! What is known of a molecule besides its frames.

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

impl BondOrder {
    /// The order as in the project's HDF5 and in MDL molfiles: 1, 2, 3, and 4 for aromatic.
    pub fn code(self) -> i64 {
        match self {
            Self::Single => 1,
            Self::Double => 2,
            Self::Triple => 3,
            Self::Aromatic => 4,
        }
    }

    /// The order of a [`BondOrder::code`].
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::Single, Self::Double, Self::Triple, Self::Aromatic]
            .into_iter()
            .find(|order| order.code() == code)
    }
}

/// A bond between two atoms of one molecule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Bond {
    /// Index of an atom in the molecule.
    pub first: usize,
    /// Index of the other atom, different from `first`.
    pub second: usize,
    /// Its order.
    pub order: BondOrder,
}

/// What is known of one molecule besides its frames.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Molecule {
    /// SMILES, where the file gives one.
    pub smiles: Option<String>,
    /// Total charge in units of e: as the file states it, else from the SMILES, else zero.
    pub charge: i32,
    /// Bonds, where the file gives them or a SMILES that maps every atom; else empty.
    pub bonds: Vec<Bond>,
    /// Name of the molecule in the file, where it has one.
    pub name: Option<String>,
    /// Formula in Hill order, from the atomic numbers.
    pub formula: String,
}
