//! Reads run folders and makes them readable.
mod comparable;
mod error;
mod number;
mod runs;
mod seeds;
pub use comparable::{comparable, same_clock};
pub use error::ReportError;
pub use runs::{ArmRuns, Broken, EXACT, Run, RunSet, TaskRuns};
pub use seeds::{Estimate, FEWEST_SEEDS};
