//! Decoded sets on disk, so that a file is hashed and decoded once for all processes and starts.

mod hashes;
mod layout;
mod wanted;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use self::hashes::Hashes;
use self::wanted::Way;
use crate::dataset::{Contents, DataSet};
use crate::draft::Purpose;
use crate::error::{DataError, Result};
use crate::open::{read, read_known};
use crate::options::OpenOptions;
use crate::part;
use crate::site::one_line;
use crate::source::Source;

/// A folder of decoded data sets, which processes on one machine or many may use at the same time.
///
/// The first to open a file hashes and decodes it and writes what it has decoded; the others wait for
/// that, and map it: their pages are shared, and what is not looked at is not read. A decoded set is
/// named by the sha256 of its file, the options and the sources of this crate, so none is ever out of
/// date; its checksums are verified when it is opened, and one that is damaged is made again, with a
/// warning. The hash of a file is remembered with its path, size, times and number.
///
/// The folder can be deleted at any time, and is trusted like the program itself: a hash that somebody
/// puts there on purpose is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataCache {
    folder: PathBuf,
    verify: bool,
    least: u64,
}

impl DataCache {
    /// A cache in a folder, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            verify: false,
            least: 0,
        }
    }

    /// Whether to hash every file again, instead of believing what is remembered of one whose path,
    /// size, times and number are the same.
    #[must_use]
    pub fn verifying(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// Read files of less than so many bytes as without a cache.
    #[must_use]
    pub fn from_bytes(mut self, least: u64) -> Self {
        self.least = least;
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens a file as [`DataSet::open`] does, bit for bit.
    ///
    /// # Errors
    /// As [`DataSet::open`], and if the folder cannot be made.
    pub fn open(&self, path: impl AsRef<Path>, options: &OpenOptions) -> Result<DataSet> {
        let contents = self.contents(path.as_ref(), options, Purpose::Measure)?;
        Ok(DataSet::new(contents))
    }

    /// Opens a file as [`DataSet::look_at`] does.
    ///
    /// # Errors
    /// As [`DataSet::look_at`], and if the folder cannot be made.
    pub fn look_at(&self, path: impl AsRef<Path>, options: &OpenOptions) -> Result<DataSet> {
        let contents = self.contents(path.as_ref(), options, Purpose::Look)?;
        Ok(DataSet::new(contents))
    }

    /// Keeps a set that was read without the cache, for those who open it next. Sets in memory and files
    /// that are too small are passed over.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn keep(&self, set: &DataSet, options: &OpenOptions) -> Result<()> {
        let set = set.contents();
        let Some(stamp) = set.stamp.filter(|stamp| stamp.bytes() >= self.least) else {
            return Ok(());
        };
        if !layout::SUPPORTED {
            return Ok(());
        }
        self.make_folder()?;
        let path = Path::new(&set.path);
        let hashes = Hashes::of(&self.folder, path);
        let lock = hashes.lock();
        hashes.remember(&stamp, &set.sha256, lock.is_some());
        self.write(set, &Way::of(path, options), lock.is_some());
        Ok(())
    }

    fn contents(&self, path: &Path, options: &OpenOptions, purpose: Purpose) -> Result<Contents> {
        let source = Source::file(path)?;
        if source.length() < self.least || !layout::SUPPORTED {
            return read(&source, options, purpose);
        }
        let (way, hashes) = (Way::of(path, options), Hashes::of(&self.folder, path));
        if let Some(found) = self.remembered(&source, &way, &hashes) {
            return Ok(found);
        }
        self.make_folder()?;
        let lock = hashes.lock();
        let remember = |sha256: &str| {
            if let Some(stamp) = source.stamp() {
                hashes.remember(&stamp, sha256, lock.is_some());
            }
        };
        if let Some(found) = self.remembered(&source, &way, &hashes) {
            return Ok(found);
        }
        // Hashed first where that may save the decoding, else beside it.
        let known = if self.verify {
            None
        } else {
            hashes.recall(&source)
        };
        let known = match known {
            None if self.holds_any(&way) => {
                let sha256 = source.sha256(&AtomicBool::new(false))?;
                source.same()?;
                if let Some(found) = self.find(&sha256, &way, &source.path) {
                    remember(&sha256);
                    return Ok(found);
                }
                Some(sha256)
            }
            known => known,
        };
        let read_so = |known| match known {
            Some(sha256) => read_known(&source, sha256, options, purpose),
            None => read(&source, options, purpose),
        };
        let contents = read_so(known)?;
        let sha256 = contents.sha256.clone();
        remember(&sha256);
        if !(contents.turns && self.write(&contents, &way, lock.is_some())) {
            return Ok(contents);
        }
        // Not beside the mapped one in memory.
        drop(contents);
        match self.find(&sha256, &way, &source.path) {
            Some(found) => Ok(found),
            None => read_so(Some(sha256)),
        }
    }

    /// The set of a file whose hash is remembered.
    fn remembered(&self, source: &Source, way: &Way, hashes: &Hashes) -> Option<Contents> {
        if self.verify {
            return None;
        }
        self.find(&hashes.recall(source)?, way, &source.path)
    }

    fn find(&self, sha256: &str, way: &Way, path: &str) -> Option<Contents> {
        let wanted = way.of_source(sha256);
        let file = self.folder.join(wanted.name());
        layout::open(&file, &wanted, path).unwrap_or_else(|flaw| {
            let (shown, path) = (one_line(&file.to_string_lossy()), one_line(path));
            tracing::warn!("{shown}: {flaw}; {path} is read again");
            // Said once: the next look finds none.
            let _ = fs::remove_file(&file);
            None
        })
    }

    /// Writes a set, with the lock of its path or without one; whether it is there now.
    fn write(&self, set: &Contents, way: &Way, locked: bool) -> bool {
        let wanted = way.of_source(&set.sha256);
        let file = self.folder.join(wanted.name());
        part::clean(&file, locked);
        let written = layout::write(&file, set, &wanted);
        if let Err(error) = &written {
            let file = one_line(&file.to_string_lossy());
            tracing::warn!(
                "{file}: cannot be written: {error}; the next start reads the data again"
            );
        }
        written.is_ok()
    }

    fn make_folder(&self) -> Result<()> {
        fs::create_dir_all(&self.folder).map_err(|error| DataError::Unsupported {
            path: one_line(&self.folder.to_string_lossy()),
            record: "folder of decoded data".to_owned(),
            what: format!("cannot be made: {error}"),
            remedy: "give another: --data-cache DIR".to_owned(),
        })
    }

    /// Whether any file was read so.
    fn holds_any(&self, way: &Way) -> bool {
        let ending = way.ending();
        let mut entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.any(|entry| {
            entry
                .file_name()
                .as_encoded_bytes()
                .ends_with(ending.as_bytes())
        })
    }
}
