//! What a results folder was asked for: `plan.json`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::RecordError;
use crate::folder::Folder;
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
    /// The study whose cells the jobs are; absent: they are the runs of a suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<StudyPlan>,
}

/// A study whose cells are jobs. The plan lies in its own folder, inside of that of all studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyPlan {
    /// Its name.
    pub name: String,
    /// What its command was given, in words that mean the same in every folder.
    pub arguments: Vec<String>,
    /// Its cells, one for each job.
    pub cells: Vec<Cell>,
}

/// A piece of a study that is made without the others: a run, or a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Its name, which begins with `task/arm/`.
    pub label: String,
    /// The folder, inside of that of all studies, below which `task/arm/seed-n` is the cell's own.
    pub place: String,
    /// What its value depends on besides the program; absent where the cell is a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_of: Option<Value>,
}

impl Cell {
    /// Its own folder, where `studies` is that of all studies and `job` the one that makes it.
    pub fn folder(&self, studies: &Path, job: &Job) -> Folder {
        Folder::of(&studies.join(&self.place), &job.task, &job.arm, job.seed)
    }
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
                "give the folder that `run`, `plan` or `study --plan` wrote",
            ));
        }
        let plan: Self = read_document(Document::Plan, &path)?;
        if let Some(study) = &plan.study
            && study.cells.len() != plan.jobs.len()
        {
            let (cells, jobs) = (study.cells.len(), plan.jobs.len());
            return Err(RecordError::content(
                path,
                format!("names {cells} cells and {jobs} jobs"),
                "delete it and plan the study again",
            ));
        }
        Ok(plan)
    }

    /// Name of the study, or else of the suite.
    pub fn title(&self) -> &str {
        self.study.as_ref().map_or(&self.suite, |study| &study.name)
    }

    /// The cell that a job makes, if it makes one.
    pub fn cell(&self, number: usize) -> Option<&Cell> {
        self.study.as_ref().map(|study| &study.cells[number])
    }

    /// Name of a job: `task/arm/seed-n`, or the label of its cell.
    pub fn name(&self, number: usize) -> String {
        let Job {
            task, arm, seed, ..
        } = &self.jobs[number];
        let of_run = || format!("{task}/{arm}/seed-{seed}");
        self.cell(number)
            .map_or_else(of_run, |cell| cell.label.clone())
    }

    /// The folder of a job, where `dir` is that of the plan.
    pub fn folder(&self, dir: &Path, number: usize) -> Folder {
        let job = &self.jobs[number];
        match self.cell(number) {
            None => Folder::of(dir, &job.task, &job.arm, job.seed),
            Some(cell) => cell.folder(&Self::studies(dir), job),
        }
    }

    /// The folder of all studies, where `dir` is that of one.
    pub fn studies(dir: &Path) -> PathBuf {
        let whole = dir.canonicalize().or_else(|_| std::path::absolute(dir));
        let whole = whole.unwrap_or_else(|_| dir.to_owned());
        whole.parent().map_or(whole.clone(), Path::to_owned)
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
