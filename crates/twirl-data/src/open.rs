//! From a file to a data set: recognised, read, checked, split.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

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
        read(&Source::file(path.as_ref())?, options, Purpose::Measure).map(Self::new)
    }

    /// Read bytes in memory as [`DataSet::open`] reads a file called `path`.
    ///
    /// # Errors
    /// As [`DataSet::open`].
    pub fn from_bytes(path: &str, bytes: Arc<[u8]>, options: &OpenOptions) -> Result<Self> {
        let source = Source::memory(path, bytes);
        let sha256 = source.sha256(&AtomicBool::new(false))?;
        read_known(&source, sha256, options, Purpose::Measure).map(Self::new)
    }

    /// Read a file to look at it: also one whose frames cannot show symmetry, such as the isolated
    /// atoms beside a training set.
    ///
    /// # Errors
    /// As [`DataSet::open`], but for that.
    pub fn look_at(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
        read(&Source::file(path.as_ref())?, options, Purpose::Look).map(Self::new)
    }
}

/// Reads a source, and hashes it beside.
pub(crate) fn read(source: &Source, options: &OpenOptions, purpose: Purpose) -> Result<Contents> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let hash = scope.spawn(|| source.sha256(&stop));
        let join = || match hash.join() {
            Ok(hash) => hash,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let draft = format::read(source, options);
        let contents = draft.and_then(|draft| draft.finish(source, join, options, purpose));
        let contents = contents.and_then(|contents| source.same().map(|()| contents));
        // A file that is refused is not hashed to its end.
        stop.store(contents.is_err(), Ordering::Relaxed);
        contents
    })
}

/// Reads a source whose hash is known.
pub(crate) fn read_known(
    source: &Source,
    sha256: String,
    options: &OpenOptions,
    purpose: Purpose,
) -> Result<Contents> {
    let draft = format::read(source, options)?;
    let contents = draft.finish(source, || Ok(sha256), options, purpose)?;
    source.same().map(|()| contents)
}
