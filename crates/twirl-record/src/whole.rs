//! Files that are whole or absent.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::RecordError;

/// How the names of files begin that are about to be renamed.
pub(crate) const TEMPORARY: &str = ".twirlbench-";

/// Writes a file so that it holds the old bytes or the new ones, whenever the process is killed.
/// A link at the path is replaced and not followed.
///
/// # Errors
/// If it cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let temporary = temporary(path, bytes)?;
    let publish = || {
        fs::rename(&temporary, path)?;
        sync_folder(folder_of(path))
    };
    publish().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        RecordError::file(path)(error)
    })
}

/// Writes a file that must be new, whole: of several processes that write it, one does.
///
/// # Errors
/// [`RecordError::File`] of the kind [`ErrorKind::AlreadyExists`] if it is there, or if it cannot be
/// written.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let temporary = temporary(path, bytes)?;
    let publish = || {
        match fs::hard_link(&temporary, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                // A file system without hard links: new, though not whole at once.
                let mut file = File::create_new(path)?;
                file.write_all(bytes)?;
                file.sync_all()?;
            }
            linked => linked?,
        }
        sync_folder(folder_of(path))
    };
    let published = publish();
    let removed = fs::remove_file(&temporary);
    published.and(removed).map_err(RecordError::file(path))
}

/// A file beside `path` with its content to be, durable.
fn temporary(path: &Path, bytes: &[u8]) -> Result<PathBuf, RecordError> {
    // Nobody can have prepared a link of this name.
    let chance = RandomState::new().hash_one(std::process::id());
    let temporary = folder_of(path).join(format!("{TEMPORARY}{chance:016x}.tmp"));
    let write = || {
        let mut file = File::create_new(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        RecordError::file(path)(error)
    })?;
    Ok(temporary)
}

fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().unwrap_or(Path::new("."));
    if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    }
}

/// Makes renames inside a folder durable.
///
/// # Errors
/// If the folder cannot be opened or written.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}
