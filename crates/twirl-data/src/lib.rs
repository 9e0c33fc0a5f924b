//! Molecular data sets, read from several formats into one layout.
//!
//! [`DataSet::open`] takes HDF5 (the project's, SPICE, ANI and COMP6, QM7-X), npz (MD17, sGDML,
//! `PhysNet`), extended XYZ and SDF, converts to angstrom and eV once, and refuses what cannot be a
//! molecule or its labels: see [`DataError`]. [`inspect`] describes a file.
//! The layouts are in the README beside this crate.

mod cache;
mod checks;
mod column;
mod dataset;
mod draft;
pub mod elements;
mod embedded;
mod error;
mod finish;
mod format;
mod frames;
mod hydrogens;
mod inspect;
mod molecule;
mod open;
mod options;
mod part;
mod site;
mod smiles;
mod source;
mod split;
mod stamp;
pub mod units;
mod write;

pub use cache::DataCache;
pub use dataset::{DataSet, Origin, Reason};
pub use embedded::Embedded;
pub use error::{DataError, Result};
pub use format::{Arrays, NumberArray, arrays};
pub use hydrogens::{SmilesMolecule, molecule_from_smiles};
pub use inspect::{Inspection, inspect};
pub use molecule::{Bond, BondOrder, Molecule};
pub use options::{ForcesAre, LeaveOut, OpenOptions, UnknownValue};
pub use site::one_line;
pub use split::Split;
pub use units::{By, EnergyUnit, ForceUnit, LengthUnit, Quantity, Units};
pub use write::{Geometry, write_extxyz, write_project, write_sdf};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
