//! How a cell stands.

/// How a cell stands.
#[derive(Debug, Clone, PartialEq)]
pub enum CellStatus {
    /// Finished now.
    Done,
    /// Finished before, with the same settings; a value also by the same program.
    Kept,
    /// Stopped by an error.
    Failed(String),
    /// Not begun.
    NotRun(&'static str),
}

impl CellStatus {
    /// In words.
    pub fn text(&self) -> String {
        match self {
            Self::Done => "ok".into(),
            Self::Kept => "ok (kept)".into(),
            Self::Failed(error) => format!("failed: {error}"),
            Self::NotRun(why) => format!("not run: {why}"),
        }
    }
}
