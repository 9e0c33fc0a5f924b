//! What can go wrong, one line each.

use std::path::PathBuf;

use twirl_core::CoreError;
use twirl_data::DataError;
use twirl_record::RecordError;

/// A task or an arm that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The data set lacks something the task needs.
    #[error("data set {data}: {problem}; {remedy}")]
    Data {
        /// Name of the data set.
        data: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A setting is out of range.
    #[error("setting {name}: {problem}; {remedy}")]
    Setting {
        /// Name of the setting.
        name: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
}

impl TaskError {
    /// A data set that lacks something.
    pub fn data(data: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Data {
            data: data.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// An arm whose network refuses its settings.
    pub fn arm(arm: &str, error: &impl std::fmt::Display) -> Self {
        Self::setting(arm, error.to_string(), "correct the arm's settings")
    }

    /// A setting out of range.
    pub fn setting(name: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Setting {
            name: name.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// A run that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The task or arm could not be built.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The data set could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A measurement failed.
    #[error("measuring at step {step}: {cause}")]
    Measure {
        /// Training step.
        step: u64,
        /// The cause, which names rotation and block. It is in the message, so it is not told again as
        /// the source.
        cause: CoreError,
    },
    /// A setting of the run is wrong.
    #[error("{0}")]
    Config(String),
    /// Loss or gradient is no longer finite.
    #[error(
        "{what} is {value} at step {step} (learning rate {rate:e}); the batch and the last finite \
         state are in {}; lower the learning rate or clip gradients", .saved.display()
    )]
    NotFinite {
        /// `loss` or `gradient norm`.
        what: &'static str,
        /// The value.
        value: f64,
        /// Training step.
        step: u64,
        /// Learning rate of the step.
        rate: f64,
        /// Where the evidence is.
        saved: PathBuf,
    },
    /// A setting or a file of the run folder.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A run that would go on elsewhere.
    #[error(
        "{}: was begun on {before} and would go on on {now}, whose device seconds do not add up; \
         resume it there, or run it anew into another folder", .path.display()
    )]
    OtherDevice {
        /// The run.
        path: PathBuf,
        /// Where it was begun.
        before: String,
        /// Where it would go on.
        now: String,
    },
    /// The observer asked the run to stop.
    #[error("stopped after step {step}; what was done until then is saved")]
    Interrupted {
        /// Training step; 0 also during a search for the learning rate, which begins anew.
        step: u64,
    },
    /// The device ran out of memory.
    #[error("out of memory: {0}; choose a smaller batch or model")]
    OutOfMemory(String),
    /// The model code panicked.
    #[error("the arm stopped: {0}")]
    Panic(String),
}

impl RunError {
    /// Names the training step of a failed measurement.
    pub(crate) fn at_step(self, at: u64) -> Self {
        match self {
            Self::Measure { cause, .. } => Self::Measure { step: at, cause },
            other => other,
        }
    }

    /// An error of a file operation.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let name = RecordError::file(path);
        move |source| name(source).into()
    }

    /// A file with the wrong content.
    pub fn content(path: impl Into<PathBuf>, problem: impl ToString, remedy: &'static str) -> Self {
        RecordError::content(path, problem, remedy).into()
    }
}
