//! How a job stands, from its folder alone.

use serde::{Deserialize, Serialize};

use crate::attempts::Event;
use crate::error::RecordError;
use crate::folder::Folder;
use crate::job::Job;
use crate::manifest::{Manifest, Status};

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// At its end, with every record that it wrote.
    Done,
    /// A process works on it.
    Running,
    /// No process works on it, and it goes on from its last checkpoint.
    Stopped,
    /// It ended with an error.
    Failed,
    /// It ended for want of memory.
    OutOfMemory,
    /// Its process was ended from outside or by a fault.
    Killed,
    /// Nothing has begun.
    Missing,
}

impl Standing {
    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::OutOfMemory => "out-of-memory",
            Self::Killed => "killed",
            Self::Missing => "missing",
        }
    }
}

/// How a job stands, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStanding {
    /// How.
    pub standing: Standing,
    /// Optimiser steps taken, as far as its files say.
    pub step: u64,
    /// Processes that have begun to work on it.
    pub attempts: usize,
    /// The last of them that brought it no further.
    pub fruitless: usize,
    /// Why it is not done, in one line; absent where there is nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Folder {
    /// How the job that belongs into this folder stands.
    ///
    /// # Errors
    /// If a file of it cannot be read, or the folder is of another job.
    pub fn standing(&self, job: &Job) -> Result<JobStanding, RecordError> {
        let attempts = self.read_attempts()?;
        let manifest = self.read_manifest()?;
        let taken = self.is_taken();
        let (mut standing, mut reason) = match &manifest {
            Some(manifest) => self.of_manifest(manifest, job)?,
            None => (Standing::Missing, None),
        };
        match attempts.last() {
            _ if taken => (standing, reason) = (Standing::Running, None),
            Some(Event::Ended {
                status,
                reason: why,
                ..
            }) if standing != Standing::Done => {
                standing = of_status(*status);
                reason = Some(why.clone());
            }
            Some(Event::Begun { host, process, .. })
                if matches!(standing, Standing::Stopped | Standing::Missing) =>
            {
                standing = Standing::Stopped;
                let place = if host.is_empty() { "" } else { " on " };
                reason = Some(format!(
                    "process {process}{place}{host} ended without a word"
                ));
            }
            _ => {}
        }
        let saved = self.saved_step();
        Ok(JobStanding {
            standing,
            step: manifest.map_or(0, |manifest| manifest.steps).max(saved),
            attempts: attempts.count(),
            fruitless: attempts.fruitless(saved),
            reason,
        })
    }

    fn of_manifest(
        &self,
        manifest: &Manifest,
        job: &Job,
    ) -> Result<(Standing, Option<String>), RecordError> {
        let same = (&manifest.job.task, &manifest.job.arm, manifest.job.seed);
        if same != (&job.task, &job.arm, job.seed) {
            return Err(RecordError::content(
                self.manifest(),
                format!("is of {}/{} seed {}", same.0, same.1, same.2),
                "it was copied into the folder of another job; delete that folder",
            ));
        }
        if manifest.status == Status::Ok
            && let Some(kept) = &manifest.records
            && let Err(error) = self.holds(kept)
        {
            return Ok((Standing::Stopped, Some(error.to_string())));
        }
        Ok((of_status(manifest.status), manifest.error.clone()))
    }
}

fn of_status(status: Status) -> Standing {
    match status {
        Status::Ok => Standing::Done,
        Status::Failed => Standing::Failed,
        Status::OutOfMemory => Standing::OutOfMemory,
        Status::Killed => Standing::Killed,
        Status::Timeout | Status::Stopped => Standing::Stopped,
    }
}
