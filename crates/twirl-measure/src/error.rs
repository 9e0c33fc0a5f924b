//! The one error type of this crate. Names and texts of a file are shown with control characters written out.

use twirl_core::CoreError;
use twirl_data::one_line;

/// What can be wrong with predictions.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// A needed array is missing.
    #[error(
        "array {name} is missing (found: {}); see `twirlbench measure --help`",
        one_line(found)
    )]
    Missing {
        /// Its name.
        name: String,
        /// The arrays found.
        found: String,
    },
    /// A name that is close to one of the layout, and likely meant it.
    #[error("{what} {} is not part of the layout; it has {known}", one_line(name))]
    Unknown {
        /// Array or text.
        what: &'static str,
        /// Its name.
        name: String,
        /// The names of the layout.
        known: String,
    },
    /// An array of the layout that holds something else than numbers.
    #[error("array {}: {}", one_line(name), one_line(what))]
    Content {
        /// Its name.
        name: String,
        /// What is the matter, with the remedy.
        what: String,
    },
    /// An array has the wrong shape.
    #[error("{name} has shape {found:?}{rule}")]
    Shape {
        /// Its name.
        name: String,
        /// The shape found.
        found: Vec<usize>,
        /// What is wrong with it and what is needed.
        rule: String,
    },
    /// One rotation of each molecule says nothing about symmetry.
    #[error("{name} has one rotation of each molecule; give at least 2 (axis 1)")]
    OneRotation {
        /// Name of the predictions.
        name: String,
    },
    /// An entry is NaN or infinite.
    #[error("{name} at {index:?} is {value}; masked entries too must be numbers: fill them with 0")]
    NotFinite {
        /// Name of the array.
        name: String,
        /// Where.
        index: Vec<usize>,
        /// The value found.
        value: f64,
    },
    /// An entry is out of its range.
    #[error("{what} is {value}; {remedy}")]
    Value {
        /// Which entry.
        what: String,
        /// The value found.
        value: f64,
        /// What to give.
        remedy: &'static str,
    },
    /// A setting by a name that is not known.
    #[error("{name} is {}; give {allowed}", one_line(found))]
    Setting {
        /// Which setting.
        name: &'static str,
        /// The text found.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Rotations that are not what they are said to be, or are missing.
    #[error("{}; {remedy}", one_line(what))]
    Rotations {
        /// What is the matter.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// Parts of the data that cannot be averaged.
    #[error(
        "{what}: {} here but {} before; measure them apart",
        one_line(now),
        one_line(before)
    )]
    Differs {
        /// What differs.
        what: String,
        /// What it was.
        before: String,
        /// What it is.
        now: String,
    },
    /// A saved meter that is none, or is damaged.
    #[error("saved meter: {}; save it again with this version", one_line(what))]
    State {
        /// What is the matter.
        what: String,
    },
    /// Every row was left out.
    #[error("{what}; nothing is left to measure")]
    Empty {
        /// Why.
        what: String,
    },
    /// A row cannot be measured.
    #[error("row {row} (axis 0 of {name}): {source}")]
    Row {
        /// Its number.
        row: usize,
        /// Name of the predictions.
        name: String,
        /// Why.
        source: CoreError,
    },
    /// An estimate cannot be made.
    #[error(transparent)]
    Core(#[from] CoreError),
}
