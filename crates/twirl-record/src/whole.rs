//! Files that are whole or absent.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::RecordError;

/// Writes a file so that it holds the old bytes or the new ones, whenever the process is killed.
///
/// # Errors
/// If it cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = parent.join(format!(".{name}.tmp"));
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(parent)
    };
    write().map_err(RecordError::file(path))
}

/// Makes renames inside a folder durable.
///
/// # Errors
/// If the folder cannot be opened or written.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)?.sync_all()
}
