//! What can go wrong, one line each.

use std::path::PathBuf;

/// Settings or a run folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A setting is out of range.
    #[error("{0}")]
    Setting(String),
    /// A file could not be read or written.
    #[error("{}: {cause}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause. It is in the message, so it is not told again as its source.
        cause: std::io::Error,
    },
    /// A file of a run folder holds something else than it should.
    #[error("{}: {problem}; {remedy}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file of a format that is not gone on from here. It is left as it is, for the version that can.
    #[error("{}: {problem}; {remedy}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Which format it is of.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The run is in the hands of another process.
    #[error("{}: another process works on this run; wait for it or stop it", .0.display())]
    Locked(PathBuf),
}

impl RecordError {
    /// An error of a file operation.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File { path, cause }
    }

    /// A file with the wrong content.
    pub fn content(path: impl Into<PathBuf>, problem: impl ToString, remedy: &'static str) -> Self {
        Self::Content {
            path: path.into(),
            problem: one_line(problem),
            remedy,
        }
    }
}

/// Text with its control characters written out: messages of parsers repeat what a file says.
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers hand over errors and strings alike"
)]
pub fn one_line(text: impl ToString) -> String {
    let mut line = String::new();
    for letter in text.to_string().chars() {
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
    line
}
