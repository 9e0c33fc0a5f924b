//! What can go wrong, one line each.

use std::path::PathBuf;

use twirl_compare::CompareError;
use twirl_core::CoreError;
use twirl_harness::RunError;
use twirl_landscape::LandscapeError;
use twirl_record::RecordError;

/// A study, or a cell of one, that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// No study of that name.
    #[error("no study {name}; give all or one of{known}")]
    NoStudy {
        /// What was asked for.
        name: String,
        /// The studies, each on a line of its own.
        known: String,
    },
    /// A file of budgets that cannot be used.
    #[error("{place}: {problem}")]
    Budgets {
        /// File and line, or file and table.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A device without f64.
    #[error("study {study} needs f64, which device {device} lacks; give --device cpu")]
    NeedsF64 {
        /// Name of the study.
        study: &'static str,
        /// Name of the device.
        device: String,
    },
    /// Settings of a task or an arm that do not fit.
    #[error("{place}: {source}")]
    Settings {
        /// Whose settings.
        place: String,
        /// What is wrong with them.
        source: Box<RunError>,
    },
    /// A setting that an arm or a task does not have.
    #[error("{place} has no setting `{setting}`; {remedy}")]
    NoSetting {
        /// The arm or the task.
        place: String,
        /// The setting.
        setting: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A size that an arm does not have.
    #[error("{place} has no size {size}; give one of {known}")]
    NoSize {
        /// The arm.
        place: String,
        /// What was asked for.
        size: String,
        /// The sizes that it has.
        known: String,
    },
    /// A job of an arm that is not in the list of entries.
    #[error("no arm {0} in the list of entries")]
    NoArm(String),
    /// A cell that a study does not have with these settings.
    #[error(
        "no cell {0} with these settings: the suite, the budgets or the data are not those of the plan; \
         delete plan.json and plan the study again"
    )]
    NoCell(String),
    /// A run folder that holds no run, or a broken one.
    #[error("{}: {problem}", .folder.display())]
    NoRun {
        /// The folder.
        folder: PathBuf,
        /// Why it cannot be read.
        problem: String,
    },
    /// A figure that holds for the squared loss only.
    #[error("term {0}: the identity holds for the squared loss only")]
    NotSquared(&'static str),
    /// A run or a model in training stopped.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A figure could not be computed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// A curvature could not be computed.
    #[error(transparent)]
    Landscape(#[from] LandscapeError),
    /// Runs could not be read.
    #[error(transparent)]
    Report(#[from] CompareError),
    /// A file could not be read or written, or a run folder holds something else than it should.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A file holds something else than it should.
    #[error("{}: {source}; remove it, and it is made anew", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// The model code panicked.
    #[error("the arm stopped: {0}")]
    Panic(String),
}

impl StudyError {
    /// An error of a file operation.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let named = RecordError::file(path);
        move |source| named(source).into()
    }

    /// Content that is not what it should be.
    pub(crate) fn json(path: impl Into<PathBuf>) -> impl FnOnce(serde_json::Error) -> Self {
        let path = path.into();
        move |source| Self::Json { path, source }
    }

    /// Settings that do not fit.
    pub(crate) fn settings(place: impl Into<String>) -> impl FnOnce(RunError) -> Self {
        let place = place.into();
        move |source| Self::Settings {
            place,
            source: Box::new(source),
        }
    }
}
