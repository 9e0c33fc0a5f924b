//! How a study tells the outside how far it is.

use twirl_harness::{Observer, Silent};

use crate::status::CellStatus;

/// Hears of the cells of a study while they are made. Every method may be left as it is.
pub trait Progress {
    /// A cell is begun.
    fn begun(&self, _cell: &str) {}

    /// A cell failed.
    fn failed(&self, _cell: &str, _status: &CellStatus) {}

    /// Who observes the training run of a cell; dropped when the run has ended.
    fn observer(&self, _cell: &str) -> Box<dyn Observer + '_> {
        Box::new(Silent)
    }
}

/// Hears and says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}
