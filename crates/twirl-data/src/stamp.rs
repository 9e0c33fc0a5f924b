//! What the system says of a file without reading it: enough to see that it was written again.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Size, times and number of a file. No device: one file system has another one on every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    bytes: u64,
    /// Seconds and nanoseconds of the last change of its bytes.
    modified: (i64, i64),
    /// The same of its bytes, name or rights; zeros where the system does not tell.
    changed: (i64, i64),
    inode: u64,
    /// When this was seen, and so not a part of the file.
    #[serde(skip)]
    seen: Seen,
}

/// Equal to every other.
#[derive(Debug, Clone, Copy)]
struct Seen(SystemTime);

impl Default for Seen {
    fn default() -> Self {
        Self(UNIX_EPOCH)
    }
}

impl PartialEq for Seen {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Seen {}

/// A file that was changed so shortly before it was looked at may be changed again without another time
/// (FAT counts in two seconds).
const TICK: Duration = Duration::from_secs(2);

impl Stamp {
    pub(crate) fn of(about: &Metadata) -> Self {
        #[cfg(unix)]
        let (modified, changed, inode) = {
            use std::os::unix::fs::MetadataExt as _;
            (
                (about.mtime(), about.mtime_nsec()),
                (about.ctime(), about.ctime_nsec()),
                about.ino(),
            )
        };
        #[cfg(not(unix))]
        let (modified, changed, inode) = {
            let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let modified = about.modified().map(since).unwrap_or_default();
            let modified = (
                modified.as_secs() as i64,
                i64::from(modified.subsec_nanos()),
            );
            (modified, (0, 0), 0)
        };
        Self {
            bytes: about.len(),
            modified,
            changed,
            inode,
            seen: Seen(SystemTime::now()),
        }
    }

    /// Whether a file has the same bytes, as far as can be seen; its name and rights may be others.
    pub(crate) fn has_bytes_of(&self, about: &Metadata) -> bool {
        let bytes = |stamp: &Self| (stamp.bytes, stamp.modified, stamp.inode);
        bytes(self) == bytes(&Self::of(about))
    }

    /// Size of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether a later change would have shown in the times.
    pub(crate) fn is_settled(&self) -> bool {
        let last = self.modified.0.max(self.changed.0);
        let last = UNIX_EPOCH + Duration::from_secs(u64::try_from(last).unwrap_or(0));
        let since = self.seen.0.duration_since(last);
        since.is_ok_and(|since| since > TICK)
    }
}
