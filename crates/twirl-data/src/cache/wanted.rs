//! What a decoded set is called by: everything that shapes it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::options::OpenOptions;
use crate::source::hex;

/// Version of the layout of the file.
pub(super) const VERSION: u32 = 1;

/// The sources of this crate: what they decode may be another thing than what others do.
const READER: &str = env!("TWIRL_DATA_SOURCES");

/// A source, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    sha256: String,
    #[serde(flatten)]
    way: Way,
}

/// How a source is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Way {
    /// Name of the file: its ending may decide the format, and it may name the set.
    file: String,
    options: OpenOptions,
    reader: String,
}

impl Way {
    pub(super) fn of(path: &Path, options: &OpenOptions) -> Self {
        let file = path.file_name().unwrap_or_default();
        Self {
            file: file.to_string_lossy().into_owned(),
            options: OpenOptions {
                // Bounds what is held, and changes nothing of it.
                max_bytes: None,
                ..options.clone()
            },
            reader: READER.to_owned(),
        }
    }

    pub(super) fn of_source(&self, sha256: &str) -> Wanted {
        Wanted {
            sha256: sha256.to_owned(),
            way: self.clone(),
        }
    }

    /// Ends the name of every set that is read so.
    pub(super) fn ending(&self) -> String {
        let text = serde_json::to_vec(self).expect("options are plain data");
        format!("-{}.v{VERSION}.set", &hex(&Sha256::digest(text))[..16])
    }
}

impl Wanted {
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Name of the file.
    pub(super) fn name(&self) -> String {
        format!("{}{}", self.sha256, self.way.ending())
    }
}
