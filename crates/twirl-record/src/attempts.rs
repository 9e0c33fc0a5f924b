//! Who worked on a run, and how a process ended that did not finish it: `attempts.jsonl`.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::error::RecordError;
use crate::folder::Folder;
use crate::link::open;
use crate::manifest::Status;

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A process began to work on the run.
    Begun {
        /// Seconds since the Unix epoch.
        time: u64,
        /// Step of the newest checkpoint then.
        step: u64,
        /// Machine; empty where it has no name.
        host: String,
        /// Number of the process on it.
        process: u32,
        /// Name of the task in the queue that started it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queued_as: Option<String>,
    },
    /// It ended, and the run is not at its end; or, with the status `ok`, a value was made that has no
    /// manifest to say so.
    Ended {
        /// Seconds since the Unix epoch.
        time: u64,
        /// How.
        status: Status,
        /// Why, in one line.
        reason: String,
    },
}

impl Event {
    /// Seconds since the Unix epoch, for the fields `time`.
    pub fn now() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }
}

/// All that is known of the attempts at a run, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempts(Vec<Event>);

impl Attempts {
    /// How many there were.
    pub fn count(&self) -> usize {
        let begun = |event: &&Event| matches!(event, Event::Begun { .. });
        self.0.iter().filter(begun).count()
    }

    /// How many of the last ones brought the run no further than it is with its checkpoint at `step`.
    pub fn fruitless(&self, step: u64) -> usize {
        let made = |event: &&Event| {
            matches!(
                event,
                Event::Ended {
                    status: Status::Ok,
                    ..
                }
            )
        };
        let since = self.0.iter().rev().take_while(|event| !made(event));
        let begun = since.filter_map(|event| match event {
            Event::Begun { step, .. } => Some(*step),
            Event::Ended { .. } => None,
        });
        begun.take_while(|&from| from >= step).count()
    }

    /// The last event.
    pub fn last(&self) -> Option<&Event> {
        self.0.last()
    }
}

impl Folder {
    /// Path of `attempts.jsonl`.
    pub fn attempts(&self) -> PathBuf {
        self.path().join("attempts.jsonl")
    }

    /// Reads the attempts; none if there is no file. A line that was torn by the end of its process
    /// is passed over.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_attempts(&self) -> Result<Attempts, RecordError> {
        let path = self.attempts();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(RecordError::file(&path)(error)),
        };
        let lines = bytes.split(|byte| *byte == b'\n');
        let events = lines.filter_map(|line| serde_json::from_slice(line).ok());
        Ok(Attempts(events.collect()))
    }

    /// Appends an event and makes it durable.
    ///
    /// # Errors
    /// If it cannot be written.
    #[expect(clippy::missing_panics_doc, reason = "plain data always serialises")]
    pub fn note(&self, event: &Event) -> Result<(), RecordError> {
        let path = self.attempts();
        // A line before it that has no end does not swallow it.
        let torn =
            fs::read(&path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
        let line = serde_json::to_string(event).expect("an event is plain data");
        let line = format!("{}{line}\n", if torn { "\n" } else { "" });
        let mut file = open(OpenOptions::new().append(true).create(true), &path)?;
        let written = file
            .write_all(line.as_bytes())
            .and_then(|()| file.sync_data());
        written.map_err(RecordError::file(&path))
    }
}
