//! What is remembered of files: their sha256, as long as they look the same.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::part;
use crate::source::{Source, hex};
use crate::stamp::Stamp;

/// The file in which the hash of one path is remembered.
pub(super) struct Hashes {
    path: PathBuf,
    file: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    path: PathBuf,
    stamp: Stamp,
    sha256: String,
}

impl Hashes {
    /// What the folder of a cache remembers of a path.
    pub(super) fn of(folder: &Path, path: &Path) -> Self {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = hex(&Sha256::digest(path.as_os_str().as_encoded_bytes()));
        let file = folder.join(format!("{}.sha256.json", &name[..32]));
        Self { path, file }
    }

    /// Waits until nobody else reads this path; `None` where the file system has no locks, and everybody
    /// makes their own.
    pub(super) fn lock(&self) -> Option<File> {
        let path = self.file.with_extension("lock");
        let mut open = OpenOptions::new();
        let file = open.write(true).create(true).truncate(false).open(path);
        let file = file.ok()?;
        loop {
            match file.lock() {
                Ok(()) => return Some(file),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    /// The sha256 of a file that looks as it did.
    pub(super) fn recall(&self, source: &Source) -> Option<String> {
        let stamp = source.stamp()?;
        let line: Line = serde_json::from_slice(&fs::read(&self.file).ok()?).ok()?;
        let digit = |letter: u8| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter);
        let whole = line.sha256.len() == 64 && line.sha256.bytes().all(digit);
        (whole && line.path == self.path && line.stamp == stamp).then_some(line.sha256)
    }

    /// Remembers a hash, unless a change of the file might not show. What cannot be written is only
    /// hashed again. `locked`: nobody else remembers this path now.
    pub(super) fn remember(&self, stamp: &Stamp, sha256: &str, locked: bool) {
        if !stamp.is_settled() {
            return;
        }
        let line = Line {
            path: self.path.clone(),
            stamp: *stamp,
            sha256: sha256.to_owned(),
        };
        // A path that is not UTF-8 is not remembered.
        let Ok(text) = serde_json::to_vec(&line) else {
            return;
        };
        part::clean(&self.file, locked);
        let _ = part::write(&self.file, |file| file.write_all(&text));
    }
}
