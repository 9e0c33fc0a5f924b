//! Remarks that stand beside the figures.

use serde::Serialize;

/// What a note is about, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoteCode {
    /// Molecules share rotations, so there is no interval.
    SharedRotations,
    /// A rotation occurs twice where draws do not repeat.
    RepeatedRotations,
    /// Rotations do not look uniform.
    NotUniform,
    /// Another reading of the rotations makes the symmetry error collapse.
    OtherReading,
    /// The figures are of a finite group, or of a quadrature rule up to its degree.
    FiniteDegree,
    /// Single precision loses digits that matter.
    Rounding,
    /// Targets share an offset that swamps their spread.
    Offset,
    /// One molecule carries most of the loss.
    OneMolecule,
    /// Rows that cannot show symmetry were left out, or say nothing.
    NoSymmetry,
    /// Few rotations for a loss that is not squared.
    FewRotations,
}

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is about.
    pub code: NoteCode,
    /// One line.
    pub text: String,
}

impl Note {
    pub(crate) fn new(code: NoteCode, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }
}
