//! The folder of a run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::RecordError;
use crate::failure::Failure;
use crate::figures::Picture;
use crate::format::{Document, read_document, write_document};
use crate::manifest::Manifest;
use crate::record::{Record, read_records};
use crate::whole::write_whole;

/// `DIR/<task>/<arm>/seed-<n>`.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// A run folder in the hands of this process.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The system gives the lock back with the file; what is left of it does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

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
    /// If it cannot be made.
    pub fn create(&self) -> Result<(), RecordError> {
        fs::create_dir_all(&self.0).map_err(RecordError::file(&self.0))
    }

    /// Keeps other processes off the run until the lock is dropped or this process ends.
    ///
    /// # Errors
    /// If another process holds it.
    pub fn lock(&self) -> Result<Lock, RecordError> {
        let path = self.0.join(".lock");
        let file = File::create(&path).map_err(RecordError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { path, _file: file }),
            Err(TryLockError::WouldBlock) => Err(RecordError::Locked(self.0.clone())),
            Err(TryLockError::Error(cause)) => Err(RecordError::File { path, cause }),
        }
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

    /// The last record, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn last_record(&self) -> Result<Option<Record>, RecordError> {
        if !self.records().exists() {
            return Ok(None);
        }
        Ok(read_records(&self.records())?.pop())
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

    /// Appends one record and makes it durable.
    ///
    /// # Errors
    /// If it cannot be written.
    #[expect(clippy::missing_panics_doc, reason = "plain data always serialises")]
    pub fn append(&self, record: &Record) -> Result<(), RecordError> {
        let path = self.records();
        let mut line = serde_json::to_string(record).expect("a record is plain data");
        line.push('\n');
        let write = || {
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        };
        write().map_err(RecordError::file(&path))
    }

    /// Keeps the first `count` records and drops what a killed process wrote after them.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn keep_records(&self, count: usize) -> Result<(), RecordError> {
        let path = self.records();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(RecordError::file(&path)(error)),
        };
        let kept: String = text.split_inclusive('\n').take(count).collect();
        if kept.matches('\n').count() < count {
            return Err(RecordError::content(
                &path,
                format!("holds fewer than the {count} records of the checkpoint"),
                "delete the run folder and run again",
            ));
        }
        write_whole(&path, kept.as_bytes())
    }
}
