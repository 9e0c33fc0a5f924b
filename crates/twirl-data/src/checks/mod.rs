//! Whether numbers in angstrom and eV can be molecules and their labels.

pub(crate) mod cells;
pub(crate) mod duplicates;
pub(crate) mod energies;
pub(crate) mod geometry;
pub(crate) mod graph;
pub(crate) mod labels;
pub(crate) mod nearest;
pub(crate) mod rotation;
pub(crate) mod slope;
pub(crate) mod structure;
pub(crate) mod units;
