//! The folder of a run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::RecordError;
use crate::failure::Failure;
use crate::figures::Picture;
use crate::format::{Document, read_document, write_document};
use crate::link::refuse;
use crate::manifest::{Manifest, Status};
use crate::whole::write_whole;

/// `DIR/<task>/<arm>/seed-<n>`.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder of a run below `out`.
    pub fn of(out: &Path, task: &str, arm: &str, seed: u64) -> Self {
        Self(out.join(task).join(arm).join(format!("seed-{seed}")))
    }

    /// An existing run folder.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Path of `records.jsonl`.
    pub fn records(&self) -> PathBuf {
        self.0.join("records.jsonl")
    }

    /// Path of `manifest.json`.
    pub fn manifest(&self) -> PathBuf {
        self.0.join("manifest.json")
    }

    /// Path of the checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("checkpoints")
    }

    /// Makes the folder.
    ///
    /// # Errors
    /// If it cannot be made, or it, the arm's, the task's or that of the checkpoints is a link: what
    /// is written through one is not found again by a report.
    pub fn create(&self) -> Result<(), RecordError> {
        refuse(&self.checkpoints())?;
        self.0.ancestors().take(3).try_for_each(refuse)?;
        fs::create_dir_all(&self.0).map_err(RecordError::file(&self.0))
    }

    /// Reads the manifest, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_manifest(&self) -> Result<Option<Manifest>, RecordError> {
        let path = self.manifest();
        if !path.exists() {
            return Ok(None);
        }
        read_document(Document::Manifest, &path).map(Some)
    }

    /// Step of the newest checkpoint; 0 without one.
    pub fn saved_step(&self) -> u64 {
        let entries = fs::read_dir(self.checkpoints()).into_iter().flatten();
        let step = |entry: fs::DirEntry| {
            entry
                .file_name()
                .to_str()?
                .strip_prefix("step-")?
                .parse()
                .ok()
        };
        entries.flatten().filter_map(step).max().unwrap_or(0)
    }

    /// Notes in the manifest how a run ended that did not reach its end, with the steps that its
    /// records know of. Without a manifest there is nothing to note it in.
    ///
    /// # Errors
    /// If the manifest cannot be read or written.
    pub fn note_end(&self, status: Status, error: String) -> Result<(), RecordError> {
        let Some(mut manifest) = self.read_manifest()? else {
            return Ok(());
        };
        manifest.status = status;
        manifest.error = Some(error);
        // A sudden end leaves no counters behind. Records that cannot be read must not hide the error.
        if let Ok(Some(last)) = self.last_record()
            && manifest.steps < last.step
        {
            manifest.steps = last.step;
            manifest.device_seconds = last.device_seconds;
        }
        self.write_manifest(&manifest)
    }

    /// Path of `failure.json`.
    pub fn failure(&self) -> PathBuf {
        self.0.join("failure.json")
    }

    /// Keeps what is known of a step that failed.
    ///
    /// # Errors
    /// If it cannot be written.
    #[expect(clippy::missing_panics_doc, reason = "plain data always serialises")]
    pub fn write_failure(&self, failure: &Failure) -> Result<(), RecordError> {
        let text = serde_json::to_string_pretty(failure).expect("a failure is plain data");
        write_whole(&self.failure(), text.as_bytes())
    }

    /// Path of `pictures.json`.
    pub fn pictures(&self) -> PathBuf {
        self.0.join("pictures.json")
    }

    /// Reads the pictures; none if there is no file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_pictures(&self) -> Result<Vec<Picture>, RecordError> {
        let path = self.pictures();
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).map_err(RecordError::file(&path))?;
        let remedy = "it was written by another version or edited by hand";
        serde_json::from_str(&text).map_err(|error| RecordError::content(&path, error, remedy))
    }

    /// Writes the pictures, whole.
    ///
    /// # Errors
    /// If they cannot be written.
    #[expect(clippy::missing_panics_doc, reason = "plain data always serialises")]
    pub fn write_pictures(&self, pictures: &[Picture]) -> Result<(), RecordError> {
        let text = serde_json::to_string(pictures).expect("pictures are plain data");
        write_whole(&self.pictures(), text.as_bytes())
    }

    /// Writes the manifest, whole.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), RecordError> {
        write_document(&self.manifest(), manifest)
    }
}
