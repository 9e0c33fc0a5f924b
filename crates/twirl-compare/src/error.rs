//! What can go wrong, one line each.

use std::path::PathBuf;

use crate::refusal::Refusal;

/// Runs that cannot be read, held against a reference, or compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A folder holds no run and no study.
    #[error("{}: no run folder below it; give the folder that a run or a study wrote (DIR/<task>/<arm>/seed-<n>)", .0.display())]
    NoRuns(PathBuf),
    /// A file of reference bands is not one.
    #[error("{}: {problem}; make it again from runs that pass", .path.display())]
    Band {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Too few finished runs for a reference band.
    #[error(
        "{arm}: {finished} of {runs} runs finished; a reference band needs at least {least} seeds, all finished",
        least = crate::estimate::FEWEST_SEEDS
    )]
    NoBand {
        /// Task and arm.
        arm: String,
        /// Runs that finished.
        finished: usize,
        /// All of them.
        runs: usize,
    },
    /// Runs that must not be compared.
    #[error("{a} and {b} are not comparable: {reason}")]
    Incomparable {
        /// One side.
        a: String,
        /// The other.
        b: String,
        /// Why.
        reason: Refusal,
    },
}

impl CompareError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
