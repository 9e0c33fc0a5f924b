//! Files that are put in place whole: written under another name, then renamed.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Ends the name of a file that is being written.
const PART: &str = ".part";
/// After so long nobody writes any more.
const LONG: Duration = Duration::from_hours(24);

/// Writes a file, all or nothing.
pub(crate) fn write(path: &Path, by: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let part = beside(path);
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&part)?;
        by(&mut file)?;
        drop(file);
        fs::rename(&part, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// A name beside `path` that no other writer has.
fn beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{process}-{count}-{}{PART}", now.as_nanos()));
    name.into()
}

/// Removes what writers left who came to no end: those of `path`, if nobody else can be writing it, and
/// old ones.
pub(crate) fn clean(path: &Path, alone: bool) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return;
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let other = entry.file_name();
        let (other, name) = (other.as_encoded_bytes(), OsStr::as_encoded_bytes(name));
        let is_part = other.ends_with(PART.as_bytes());
        let old = || entry.metadata().is_ok_and(|about| is_old(&about));
        if is_part && (alone && other.starts_with(name) || old()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_old(about: &fs::Metadata) -> bool {
    let age = about.modified().map(|time| time.elapsed());
    age.is_ok_and(|age| age.is_ok_and(|age| age > LONG))
}
