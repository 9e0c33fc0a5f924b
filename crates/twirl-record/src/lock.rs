//! A run folder in the hands of one process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::RecordError;
use crate::folder::Folder;
use crate::link::open;
use crate::whole::TEMPORARY;

/// Keeps other processes off a run until it is dropped or this process ends.
///
/// The folder itself is locked, which nobody can delete from under the run, and beside it a file
/// `.lock`, for file systems that lock files only (NFS) and for programs that know no other lock.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _folder: Option<File>,
    _file: File,
}

/// How long a lock is waited for: a process that only looks holds it for an instant, and one whose
/// parent was killed ends a moment later.
const PATIENCE: Duration = Duration::from_secs(3);

impl Drop for Lock {
    fn drop(&mut self) {
        // The system gives the lock back with the file; what is left of it does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

impl Folder {
    /// Takes the folder for this process and removes what a killed one was about to rename.
    ///
    /// # Errors
    /// If another process holds it and goes on to for three seconds, or it cannot be written.
    pub fn lock(&self) -> Result<Lock, RecordError> {
        let begun = Instant::now();
        loop {
            match self.take() {
                Err(RecordError::Locked(_)) if begun.elapsed() < PATIENCE => {
                    sleep(Duration::from_millis(20));
                }
                taken => return taken,
            }
        }
    }

    /// Whether a process works on the run now.
    pub fn is_taken(&self) -> bool {
        let locked = |file: std::io::Result<File>| {
            let file = file.map(|file| file.try_lock());
            matches!(file, Ok(Err(TryLockError::WouldBlock)))
        };
        let path = self.path().join(".lock");
        locked(File::open(self.path())) || locked(OpenOptions::new().write(true).open(path))
    }

    fn take(&self) -> Result<Lock, RecordError> {
        let folder = self.lock_itself()?;
        let path = self.path().join(".lock");
        let file = loop {
            let file = open(OpenOptions::new().write(true).create(true), &path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(self.taken()),
                Err(TryLockError::Error(cause)) => return Err(RecordError::File { path, cause }),
            }
            // The one before may have removed the file between our two steps.
            if lies_at(&file, &path) {
                break file;
            }
        };
        self.remove_leftovers()?;
        Ok(Lock {
            path,
            _folder: folder,
            _file: file,
        })
    }

    /// `None` where folders cannot be opened or locked.
    fn lock_itself(&self) -> Result<Option<File>, RecordError> {
        let Ok(folder) = File::open(self.path()) else {
            return Ok(None);
        };
        match folder.try_lock() {
            Ok(()) => Ok(Some(folder)),
            Err(TryLockError::WouldBlock) => Err(self.taken()),
            Err(TryLockError::Error(_)) => Ok(None),
        }
    }

    fn taken(&self) -> RecordError {
        RecordError::Locked(self.path().to_owned())
    }

    fn remove_leftovers(&self) -> Result<(), RecordError> {
        let entries = fs::read_dir(self.path()).map_err(RecordError::file(self.path()))?;
        for entry in entries {
            let path = entry.map_err(RecordError::file(self.path()))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(TEMPORARY) {
                fs::remove_file(&path).map_err(RecordError::file(&path))?;
            }
        }
        Ok(())
    }
}

/// Whether an open file is still the one at a path.
#[cfg(unix)]
fn lies_at(file: &File, path: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => place(open) == place(there),
        _ => false,
    }
}

/// An open file cannot be removed where this is compiled.
#[cfg(not(unix))]
fn lies_at(_file: &File, _path: &std::path::Path) -> bool {
    true
}
