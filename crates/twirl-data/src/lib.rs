//! Molecular data sets, read from several formats into one layout.
//!
//! [`DataSet::open`] takes the project's HDF5, SPICE HDF5, grouped conformer HDF5,
//! rMD17 npz and extended XYZ, converts to angstrom and eV once, and refuses what
//! cannot be a molecule: see [`DataError`]. [`inspect`] describes a file.
//! The layouts are in the README beside this crate.

mod checks;
mod dataset;
mod draft;
pub mod elements;
mod embedded;
mod error;
mod format;
mod hydrogens;
mod inspect;
mod smiles;
mod split;
pub mod units;
mod write;

pub use dataset::{Bond, BondOrder, DataSet, Molecule, OpenOptions};
pub use embedded::Embedded;
pub use error::{DataError, Result};
pub use format::{Arrays, NumberArray, arrays};
pub use hydrogens::{SmilesMolecule, molecule_from_smiles};
pub use inspect::{Inspection, inspect};
pub use split::Split;
pub use units::{EnergyUnit, ForceUnit, LengthUnit, Units};
pub use write::{Geometry, write_extxyz, write_sdf};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
