//! Molecules out: extended XYZ, SDF (MDL molfile V2000), the project's HDF5.

mod extxyz;
mod geometry;
mod project;
mod sdf;
mod target;

pub use extxyz::write_extxyz;
pub use geometry::Geometry;
pub use project::write_project;
pub use sdf::write_sdf;
