//! What a results folder was asked for: `plan.json`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::RecordError;
use crate::format::{Document, document_text, read_document};
use crate::job::Job;
use crate::whole::write_new;

/// The jobs of a results folder, in the order in which they are run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name of the suite.
    pub suite: String,
    /// Device as on the command line, or several with commas between them.
    pub device: String,
    /// Runs at once on a device that is shared out; absent: one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<usize>,
    /// Device seconds of a turn, where the arms of a task take turns; absent: one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice_seconds: Option<f64>,
    /// The jobs.
    pub jobs: Vec<Job>,
}

impl Plan {
    /// Path of the plan of a results folder.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("plan.json")
    }

    /// Reads the plan of a results folder.
    ///
    /// # Errors
    /// If there is none, or it is of no known format.
    pub fn read(dir: &Path) -> Result<Self, RecordError> {
        let path = Self::path(dir);
        if !path.exists() {
            return Err(RecordError::content(
                path,
                "is missing: not a results folder",
                "give the folder that `run` wrote",
            ));
        }
        read_document(Document::Plan, &path)
    }

    /// Writes the plan of a results folder that has none. Of several processes that try, one does.
    ///
    /// # Errors
    /// If it has one, or it cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), RecordError> {
        let path = Self::path(dir);
        match write_new(&path, document_text(self).as_bytes()) {
            Err(RecordError::File { cause, .. }) if cause.kind() == ErrorKind::AlreadyExists => {
                Err(RecordError::content(
                    path,
                    "is there already, so the folder holds a run",
                    "go on with `twirlbench resume`, or choose another --out",
                ))
            }
            written => written,
        }
    }
}
