//! The Python package `twirl`: `twirl-measure`, rotations of `twirl-core` and run folders of
//! `twirl-compare`, as functions of arrays.
//!
//! This extension module, `twirl._twirl`, takes contiguous numpy arrays, which it borrows, and gives
//! numpy arrays and JSON. What is pleasant to call is written in Python around it, in `python/twirl`.
//! The interpreter's lock is released while figures are computed. Every error is a `ValueError` with
//! one line.

mod arrays;
mod error;
mod measured;
mod meter;
mod rotations;
mod runs;

use pyo3::prelude::*;

/// The functions and classes that the package builds on.
#[pymodule]
mod _twirl {
    #[pymodule_export]
    use super::measured::measure;
    #[pymodule_export]
    use super::meter::Meter;
    #[pymodule_export]
    use super::rotations::{group, haar, nodes};
    #[pymodule_export]
    use super::runs::{curves, runs};
}
