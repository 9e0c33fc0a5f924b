//! What can go wrong, one line each.

use std::path::PathBuf;

/// A report that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A folder holds no run.
    #[error("{}: no run folder below it; give the folder that a run wrote (DIR/<task>/<arm>/seed-<n>)", .0.display())]
    NoRuns(PathBuf),
    /// A file of reference bands is not one.
    #[error("{}: {problem}; make it again from runs that pass", .path.display())]
    Band {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Runs that give no reference band.
    #[error("{task}/{arm}: {problem}")]
    NoBand {
        /// Task.
        task: String,
        /// Arm.
        arm: String,
        /// What is missing and the remedy.
        problem: String,
    },
    /// Runs that must not be compared.
    #[error("{a} and {b} are not comparable: {reason}")]
    Incomparable {
        /// One side.
        a: String,
        /// The other.
        b: String,
        /// What differs.
        reason: String,
    },
}

impl ReportError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
