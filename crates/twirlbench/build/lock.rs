//! The version of a dependency, from the lock file of the build.

use std::path::{Path, PathBuf};

/// The lock file of the build: that of the workspace whose target folder this is, or, where the
/// target folder lies elsewhere, that of this source tree.
pub(crate) fn file() -> Option<PathBuf> {
    ["OUT_DIR", "CARGO_MANIFEST_DIR"].iter().find_map(|name| {
        let folder = PathBuf::from(std::env::var_os(name)?);
        let mut files = folder.ancestors().map(|folder| folder.join("Cargo.lock"));
        files.find(|file| file.is_file())
    })
}

/// The version of a package in a lock file.
pub(crate) fn version(lock: &Path, package: &str) -> Option<String> {
    let text = std::fs::read_to_string(lock).ok()?;
    let (_, rest) = text.split_once(&format!("\nname = \"{package}\"\nversion = \""))?;
    Some(rest.split_once('"')?.0.to_owned())
}
