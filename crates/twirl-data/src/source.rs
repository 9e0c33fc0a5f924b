//! A file, or bytes in memory, to be read in ranges: nothing is held twice.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hdf5_reader::storage::{BytesStorage, DynStorage, FileStorage};
use sha2::{Digest, Sha256};

use crate::error::{DataError, Result};
use crate::site::one_line;
use crate::stamp::Stamp;

/// What can be read from the start as often as needed.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// As the caller named it, for messages.
    pub(crate) path: String,
    length: u64,
    place: Place,
    /// What the file looked like before it was read.
    stamp: Option<Stamp>,
}

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Memory(Arc<[u8]>),
}

/// A reader that can go back.
pub(crate) trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

impl Source {
    pub(crate) fn file(path: &Path) -> Result<Self> {
        let mut source = Self {
            path: path.display().to_string(),
            length: 0,
            place: Place::File(path.to_owned()),
            stamp: None,
        };
        let about = path.metadata().map_err(|error| source.unreadable(&error))?;
        if !about.is_file() {
            let what = "not a regular file: write what it holds to one";
            return Err(source.unreadable(&io::Error::other(what)));
        }
        source.length = about.len();
        source.stamp = Some(Stamp::of(&about));
        Ok(source)
    }

    pub(crate) fn memory(path: &str, bytes: Arc<[u8]>) -> Self {
        Self {
            path: path.to_owned(),
            length: bytes.len() as u64,
            place: Place::Memory(bytes),
            stamp: None,
        }
    }

    /// What the file looked like before it was read; none of bytes in memory.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }

    /// An error if the file is no longer what it was before it was read.
    pub(crate) fn same(&self) -> Result<()> {
        let Place::File(path) = &self.place else {
            return Ok(());
        };
        let about = path.metadata().map_err(|error| self.unreadable(&error))?;
        if self.stamp.is_some_and(|stamp| stamp.has_bytes_of(&about)) {
            return Ok(());
        }
        Err(self.unreadable(&io::Error::other("it changed while it was read")))
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// A reader from the start.
    pub(crate) fn reader(&self) -> Result<Box<dyn ReadSeek>> {
        Ok(match &self.place {
            Place::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
            Place::File(path) => {
                let file = File::open(path).map_err(|error| self.unreadable(&error))?;
                Box::new(BufReader::with_capacity(1 << 16, file))
            }
        })
    }

    /// Up to `count` bytes from `start`.
    pub(crate) fn bytes(&self, start: u64, count: u64) -> Result<Vec<u8>> {
        let mut reader = self.reader()?;
        let mut out = Vec::new();
        reader
            .seek(io::SeekFrom::Start(start))
            .and_then(|_| reader.take(count).read_to_end(&mut out))
            .map_err(|error| self.unreadable(&error))?;
        Ok(out)
    }

    /// sha256 of the whole, 64 hexadecimal digits; an error once `stop` is set.
    pub(crate) fn sha256(&self, stop: &AtomicBool) -> Result<String> {
        let mut reader = self.reader()?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 18];
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(self.unreadable(&io::Error::other("stopped")));
            }
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(hex(&hasher.finalize())),
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(&error)),
            }
        }
    }

    /// For the HDF5 reader.
    pub(crate) fn storage(&self) -> Result<DynStorage> {
        Ok(match &self.place {
            Place::Memory(bytes) => Arc::new(BytesStorage::from_shared(bytes.clone())),
            Place::File(path) => {
                let file = File::open(path).map_err(|error| self.unreadable(&error))?;
                let storage = FileStorage::from_file(file);
                Arc::new(storage.map_err(|error| DataError::Unreadable {
                    path: one_line(&self.path),
                    reason: one_line(&error.to_string()),
                })?)
            }
        })
    }

    pub(crate) fn unreadable(&self, error: &io::Error) -> DataError {
        let path = one_line(&self.path);
        match error.kind() {
            io::ErrorKind::NotFound => DataError::Missing { path },
            _ => DataError::Unreadable {
                path,
                reason: one_line(&error.to_string()),
            },
        }
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
        out
    })
}
