//! The records of a run folder: appended, known again, cut to what is kept.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};

use crate::error::RecordError;
use crate::folder::Folder;
use crate::kept::Kept;
use crate::link::open;
use crate::record::{Record, read_records};
use crate::whole::write_whole;

impl Folder {
    /// Appends one record to those of `before` and makes it durable; what is kept then.
    ///
    /// # Errors
    /// If it cannot be written, or the file has gone.
    #[expect(clippy::missing_panics_doc, reason = "plain data always serialises")]
    pub fn append(&self, record: &Record, before: &Kept) -> Result<Kept, RecordError> {
        let path = self.records();
        let mut line = serde_json::to_string(record).expect("a record is plain data");
        let after = before.with(line.as_bytes());
        line.push('\n');
        let mut options = OpenOptions::new();
        options.append(true).create(before.count == 0);
        let mut file = open(&mut options, &path)?;
        let write = file
            .write_all(line.as_bytes())
            .and_then(|()| file.sync_data());
        write.map_err(RecordError::file(&path))?;
        Ok(after)
    }

    /// Whether the first records are those that were written; there may be more.
    ///
    /// # Errors
    /// If they are not, or the file cannot be read.
    pub fn begins_with(&self, kept: &Kept) -> Result<(), RecordError> {
        self.first(kept).map(|_| ())
    }

    /// Whether the records are those that were written, and no others.
    ///
    /// # Errors
    /// If they are not, or the file cannot be read.
    pub fn holds(&self, kept: &Kept) -> Result<(), RecordError> {
        let (bytes, length) = self.first(kept)?;
        if length < bytes.len() {
            return Err(self.changed(format!("holds more than the {} records", kept.count)));
        }
        Ok(())
    }

    /// Drops what a killed process wrote after the records that are kept.
    ///
    /// # Errors
    /// If the kept ones are not as they were written; nothing is dropped then.
    pub fn keep_records(&self, kept: &Kept) -> Result<(), RecordError> {
        let (bytes, length) = self.first(kept)?;
        write_whole(&self.records(), &bytes[..length])
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

    /// The bytes of the file, and the length of the records that are kept.
    fn first(&self, kept: &Kept) -> Result<(Vec<u8>, usize), RecordError> {
        let path = self.records();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(RecordError::file(&path)(error)),
        };
        let (mut found, mut length) = (Kept::default(), 0);
        for line in bytes
            .split_inclusive(|byte| *byte == b'\n')
            .take(kept.count)
        {
            let Some(text) = line.strip_suffix(b"\n") else {
                break;
            };
            found = found.with(text.strip_suffix(b"\r").unwrap_or(text));
            length += line.len();
        }
        if found.count < kept.count {
            let (found, count) = (found.count, kept.count);
            return Err(self.changed(format!("holds {found} whole records of {count}")));
        }
        if found.sha256 != kept.sha256 {
            let count = kept.count;
            let problem = format!("one of its first {count} lines is not as it was written");
            return Err(self.changed(problem));
        }
        Ok((bytes, length))
    }

    fn changed(&self, problem: String) -> RecordError {
        RecordError::content(
            self.records(),
            problem,
            "resume the run to go on from before it, or delete the run's folder to begin anew",
        )
    }
}
