//! Reads run folders and makes them readable.
mod comparable;
mod curve;
mod error;
mod grid;
mod html;
mod number;
mod runs;
mod seeds;
mod summary;
mod tables;
mod terminal;
mod versus;

pub use comparable::{comparable, same_clock};
pub use curve::{Curve, PercentPoint, Reach, percent_curve, settled_below};
pub use error::ReportError;
pub use runs::{ArmRuns, Broken, EXACT, Run, RunSet, TaskRuns};
pub use seeds::{Estimate, FEWEST_SEEDS};
pub use summary::{ArmSummary, Figures, SplitSummary, THRESHOLDS, TermSummary, summarise};
pub use terminal::{markdown, table};
pub use versus::{Reached, Verdict, Versus, versus, versus_all};
