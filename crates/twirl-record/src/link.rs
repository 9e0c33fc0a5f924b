//! Files that are opened only where they lie, never through a link.

use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::error::RecordError;

/// Opens a file that is none behind a link.
pub(crate) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, RecordError> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW);
    options.open(path).map_err(|error| match refuse(path) {
        Err(link) => link,
        Ok(()) => RecordError::file(path)(error),
    })
}

/// Refuses a path that is a link.
pub(crate) fn refuse(path: &Path) -> Result<(), RecordError> {
    if path.is_symlink() {
        return Err(RecordError::content(
            path,
            "is a link, and a run is not written through links",
            "put a file or folder in its place",
        ));
    }
    Ok(())
}
