//! The readers.

mod arrays;
mod bands;
mod data;
#[path = "../../../crates/twirl-data/tests/readers/fixtures.rs"]
mod fixtures;
mod hdf5;
mod npz;
mod plan;
mod runs;
mod smiles;
mod suite;

use crate::target::Target;

/// Every target, in the order in which they are run.
pub const TARGETS: &[Target] = &[
    smiles::SMILES,
    data::XYZ,
    npz::NPZ,
    hdf5::PROJECT,
    hdf5::SPICE,
    hdf5::CLAIMING,
    arrays::NPZ,
    arrays::HDF5,
    suite::SUITE,
    plan::PLAN,
    bands::BANDS,
    runs::RUNS,
];
