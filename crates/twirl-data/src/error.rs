//! One error type; every message is one line: file, record, what, remedy.

use crate::units::{LengthUnit, Quantity};

/// Why a data set was refused.
///
/// `path` is the file as the caller named it, `record` the place inside it
/// (a group, an array, a frame counted from 0, a line counted from 1).
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file does not exist.
    #[error("{path}: no such file; check the path, or prepare the data set first")]
    Missing {
        /// File.
        path: String,
    },
    /// The operating system refused to read the file.
    #[error("{path}: cannot be read: {reason}; check that it is a file and its permissions")]
    Unreadable {
        /// File.
        path: String,
        /// Message of the operating system.
        reason: String,
    },
    /// The file holds nothing, or no frame.
    #[error("{path}: holds no {what}; use a file with at least three labelled frames")]
    Empty {
        /// File.
        path: String,
        /// What there is none of.
        what: String,
    },
    /// None of the formats.
    #[error(
        "{path}: unknown format ({found}); use HDF5 (the project's, SPICE, ANI, QM7-X), npz (MD17, \
         sGDML), extended XYZ or SDF"
    )]
    UnknownFormat {
        /// File.
        path: String,
        /// What the file looks like.
        found: String,
    },
    /// The container or a record in it cannot be decoded.
    #[error("{path}: {record}: damaged or truncated: {reason}; fetch or write the file again")]
    Corrupt {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// What the decoder found.
        reason: String,
    },
    /// The record is of a kind that the reader does not take.
    #[error("{path}: {record}: {what}; {remedy}")]
    Unsupported {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// What is not taken.
        what: String,
        /// How to make it readable.
        remedy: String,
    },
    /// A required array, column or attribute is absent.
    #[error("{path}: {record}: {name} is missing; add it, or check the layout of the file")]
    Absent {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// What is absent.
        name: String,
    },
    /// An array has the wrong shape, or two records disagree in length.
    #[error("{path}: {record}: shape {found}, expected {expected}; write the arrays again")]
    Shape {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// Shape in the file.
        found: String,
        /// Shape that the rest of the file asks for.
        expected: String,
    },
    /// A size that no file of this length can back, or that exceeds the limit.
    #[error("{path}: {record}: claims {claimed}, the limit is {limit}; {remedy}")]
    TooLarge {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// Claimed size.
        claimed: String,
        /// Largest size accepted.
        limit: String,
        /// How to go on.
        remedy: String,
    },
    /// Two parts of the file contradict each other, or a value is out of range.
    #[error("{path}: {record}: {what}; correct the record and write the file again")]
    Inconsistent {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// The contradiction.
        what: String,
    },
    /// NaN or infinity.
    #[error(
        "{path}: {record}: {quantity} is {value}; recompute the frame, or leave it out: --leave-out \
         implausible"
    )]
    NotFinite {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// Position, force or energy.
        quantity: Quantity,
        /// The value found.
        value: f64,
    },
    /// Two atoms too close to be a molecule.
    #[error(
        "{path}: {record}: atoms {first} ({first_symbol}) and {second} ({second_symbol}) overlap \
         at {distance:.3} A; recompute the frame, or leave it out: --leave-out implausible"
    )]
    Overlap {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// First atom, from 0.
        first: usize,
        /// Its element.
        first_symbol: &'static str,
        /// Second atom, from 0.
        second: usize,
        /// Its element.
        second_symbol: &'static str,
        /// Distance in angstrom.
        distance: f64,
    },
    /// Not an element from H to Cm.
    #[error("{path}: {record}: unknown element {found}; elements 1 (H) to 96 (Cm) are known")]
    Element {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// The symbol or number found.
        found: String,
    },
    /// Distances between bonded atoms do not fit the length unit.
    #[error(
        "{path}: read as {unit}, the median distance to the nearest atom is {median:.3} A, \
         {ratio:.2} of a bond; {}", suggestion(*.fits)
    )]
    LengthUnit {
        /// File.
        path: String,
        /// Unit that the positions were read in.
        unit: LengthUnit,
        /// Median nearest-neighbour distance, angstrom.
        median: f64,
        /// The same in units of the sum of covalent radii.
        ratio: f64,
        /// A unit in which the set is plausible.
        fits: Option<LengthUnit>,
    },
    /// Forces too large for the force unit.
    #[error(
        "{path}: read as {unit}, the median force on an atom is {median:.1} eV/A (plausible up to \
         {limit:.0}); give the right unit: --force-unit {}", .fits.as_deref().unwrap_or("UNIT")
    )]
    ForceUnit {
        /// File.
        path: String,
        /// Unit that the forces were read in.
        unit: String,
        /// Median length of the force on an atom, eV/angstrom.
        median: f64,
        /// Largest plausible median, eV/angstrom.
        limit: f64,
        /// The next smaller known unit in which the set is plausible.
        fits: Option<String>,
    },
    /// A label that cannot be right.
    #[error(
        "{path}: {record}: {what}; recompute the frame, or leave it out: --leave-out implausible"
    )]
    Implausible {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// The label, its value and its bound.
        what: String,
    },
    /// Some frames lack a label that others have.
    #[error(
        "{path}: {record}: {missing} of {frames} frames have no {label}, the first here; add them, \
         or leave those frames out: --leave-out unlabelled"
    )]
    Unlabelled {
        /// File.
        path: String,
        /// First frame without the label.
        record: String,
        /// The label.
        label: &'static str,
        /// Frames without it.
        missing: usize,
        /// All frames.
        frames: usize,
    },
    /// The same frame, or the same molecule, in two parts of the split.
    #[error(
        "{path}: {record}: {what}, so the test set would not be new to the network; remove the \
         copies, or leave them out: --leave-out duplicates"
    )]
    Duplicate {
        /// File.
        path: String,
        /// The copy in the part that trains.
        record: String,
        /// What it is a copy of, and how many there are.
        what: String,
    },
    /// No frame is left that a rotation changes.
    #[error(
        "{path}: all {frames} frames have {what}, which cannot show rotation symmetry; use \
         molecules of more atoms"
    )]
    NoRotation {
        /// File.
        path: String,
        /// Frames read.
        frames: usize,
        /// One atom each, or atoms on one line.
        what: &'static str,
    },
    /// A SMILES string that cannot be read.
    #[error("{path}: {record}: SMILES {smiles}: {what}; correct the SMILES")]
    Smiles {
        /// File.
        path: String,
        /// Place in the file.
        record: String,
        /// The string.
        smiles: String,
        /// What is wrong, with the position.
        what: String,
    },
    /// Too few frames for three splits.
    #[error(
        "{path}: {frames} frames cannot be split into train, validation and test; use at least 3"
    )]
    TooFew {
        /// File.
        path: String,
        /// Frames read.
        frames: usize,
    },
    /// The bytes are not those that the sha256 beside them describes.
    #[error("{path}: sha256 is {found}, expected {expected}; build the program again")]
    Hash {
        /// File.
        path: String,
        /// Hash of the bytes.
        found: String,
        /// Hash in the sidecar.
        expected: String,
    },
}

fn suggestion(fits: Option<LengthUnit>) -> String {
    match fits {
        Some(unit) => format!("the file looks like {unit}: give --length-unit {unit}"),
        None => "no known length unit fits: check the file".to_owned(),
    }
}

/// Result of everything that reads data.
pub type Result<T> = std::result::Result<T, DataError>;
