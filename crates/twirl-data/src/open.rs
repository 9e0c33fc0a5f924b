//! From a file to a data set: recognised, read, checked, split.

use std::path::Path;
use std::sync::Arc;

use crate::dataset::{Contents, DataSet};
use crate::draft::Purpose;
use crate::error::Result;
use crate::format;
use crate::options::OpenOptions;
use crate::source::Source;

impl DataSet {
    /// Read a file, whatever its format: found by content, then by extension.
    ///
    /// # Errors
    /// [`crate::DataError`] where the file is missing, damaged, in an unknown format, not
    /// plausible as molecules in the stated units, or holds no frame that a rotation changes.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
        of(&Source::file(path.as_ref())?, options, Purpose::Measure)
    }

    /// Read bytes in memory as [`DataSet::open`] reads a file called `path`.
    ///
    /// # Errors
    /// As [`DataSet::open`].
    pub fn from_bytes(path: &str, bytes: Arc<[u8]>, options: &OpenOptions) -> Result<Self> {
        of(&Source::memory(path, bytes), options, Purpose::Measure)
    }

    /// Read a file to look at it: also one whose frames cannot show symmetry, such as the isolated
    /// atoms beside a training set.
    ///
    /// # Errors
    /// As [`DataSet::open`], but for that.
    pub fn look_at(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
        of(&Source::file(path.as_ref())?, options, Purpose::Look)
    }
}

fn of(source: &Source, options: &OpenOptions, purpose: Purpose) -> Result<DataSet> {
    let draft = format::read(source, options)?;
    let sha256 = source.sha256()?;
    let contents: Contents = draft.finish(&source.path, sha256, options, purpose)?;
    Ok(DataSet::new(contents))
}
