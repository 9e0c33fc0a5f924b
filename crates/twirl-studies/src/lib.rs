//! Claims about learned symmetry, each with a rule fixed in advance.
//!
//! A [`Study`] is cut into cells that run independently. A finished cell is kept and reused, a
//! failed one is a status in the text, and a study that was stopped goes on when it is conducted
//! again. [`conduct`] makes the cells of a study, judges them and writes its folder: `table.md`,
//! `verdict.txt`, `figure.svg`, a CSV file for each table, `manifest.json`. [`list_cells`] names them
//! before any is made, and [`make_cell`] makes one alone. Nothing here prints; a [`Progress`] hears what
//! goes on.
//!
//! A new study is one file that implements [`Study`], and one line in [`STUDIES`].

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod budgets;
mod cells;
mod conduct;
mod context;
mod error;
mod estimates;
mod holm;
mod judgement;
mod kept;
mod lab;
mod learned;
mod list;
mod mode;
mod outcome;
mod progress;
mod published;
mod runs;
mod settings;
mod setup;
mod status;
mod studies;
mod study;

pub use budgets::{Budgets, RequiredSection};
pub use cells::Cells;
pub use conduct::{Conducted, Request, conduct, list_cells, make_cell, prepare_device};
pub use context::StudyContext;
pub use error::StudyError;
pub use holm::{Bound, Test};
pub use judgement::Judgement;
pub use kept::standing;
pub use list::{STUDIES, find_study, read_budgets};
pub use outcome::{Finding, Outcome};
pub use progress::{NoProgress, Progress};
pub use published::Published;
pub use settings::{from_toml, merge};
pub use status::CellStatus;
pub use study::{Card, Study};
