//! A place in a file, from which errors are made.

use crate::error::DataError;
use crate::units::Quantity;

/// A place in a file, from which errors are made.
///
/// Text from the file is escaped and cut, so a message stays on one line.
#[derive(Debug, Clone)]
pub(crate) struct Site<'a> {
    pub(crate) path: &'a str,
    pub(crate) record: String,
}

impl<'a> Site<'a> {
    pub(crate) fn new(path: &'a str, record: impl Into<String>) -> Self {
        Self {
            path,
            record: record.into(),
        }
    }

    /// The same place, one level further in.
    pub(crate) fn inside(&self, part: &str) -> Self {
        Self::new(self.path, format!("{}, {part}", self.record))
    }

    /// Frame `frame` of a molecule that may have a name.
    pub(crate) fn frame(path: &'a str, frame: usize, name: Option<&str>) -> Self {
        let record = match name {
            Some(name) => format!("frame {frame} (molecule {name})"),
            None => format!("frame {frame}"),
        };
        Self::new(path, record)
    }

    /// Path and record as they are shown.
    pub(crate) fn parts(&self) -> (String, String) {
        (one_line(self.path), one_line(&self.record))
    }

    pub(crate) fn corrupt(&self, reason: impl std::fmt::Display) -> DataError {
        let (path, record) = self.parts();
        DataError::Corrupt {
            path,
            record,
            reason: one_line(&reason.to_string()),
        }
    }

    pub(crate) fn unsupported(&self, what: impl std::fmt::Display, remedy: &str) -> DataError {
        let (path, record) = self.parts();
        let what = one_line(&what.to_string());
        DataError::Unsupported {
            path,
            record,
            what,
            remedy: remedy.to_owned(),
        }
    }

    pub(crate) fn absent(&self, name: &str) -> DataError {
        let (path, record) = self.parts();
        DataError::Absent {
            path,
            record,
            name: name.to_owned(),
        }
    }

    pub(crate) fn shape(&self, found: &[usize], expected: &str) -> DataError {
        let (path, record) = self.parts();
        DataError::Shape {
            path,
            record,
            found: format!("{found:?}"),
            expected: expected.to_owned(),
        }
    }

    pub(crate) fn too_large(&self, claimed: String, limit: String, remedy: &str) -> DataError {
        let (path, record) = self.parts();
        DataError::TooLarge {
            path,
            record,
            claimed,
            limit,
            remedy: remedy.to_owned(),
        }
    }

    pub(crate) fn inconsistent(&self, what: impl std::fmt::Display) -> DataError {
        let (path, record) = self.parts();
        DataError::Inconsistent {
            path,
            record,
            what: one_line(&what.to_string()),
        }
    }

    pub(crate) fn not_finite(&self, quantity: Quantity, value: f64) -> DataError {
        let (path, record) = self.parts();
        DataError::NotFinite {
            path,
            record,
            quantity,
            value,
        }
    }

    pub(crate) fn element(&self, found: impl std::fmt::Display) -> DataError {
        let (path, record) = self.parts();
        DataError::Element {
            path,
            record,
            found: one_line(&found.to_string()),
        }
    }

    pub(crate) fn implausible(&self, what: impl std::fmt::Display) -> DataError {
        let (path, record) = self.parts();
        DataError::Implausible {
            path,
            record,
            what: one_line(&what.to_string()),
        }
    }

    pub(crate) fn smiles(&self, smiles: &str, what: String) -> DataError {
        let (path, record) = self.parts();
        DataError::Smiles {
            path,
            record,
            smiles: one_line(smiles),
            what,
        }
    }
}

const LONGEST: usize = 200;

/// Text from outside on one line: control characters escaped, cut at 200 characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut out = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            out.push_str("...");
            break;
        }
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}
