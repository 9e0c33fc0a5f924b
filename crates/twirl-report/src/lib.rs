//! Reads run folders and makes them readable.
mod band;
mod comparable;
mod compare;
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

pub use band::{ArmBand, BAND_WIDTH, Band, BandPoint, Finding, FindingKind, check_band, make_band};
pub use comparable::{comparable, same_clock};
pub use compare::{Comparison, compare, compare_sets, compare_table};
pub use curve::{Curve, PercentPoint, Reach, percent_curve, settled_below};
pub use error::ReportError;
pub use runs::{ArmRuns, Broken, EXACT, Run, RunSet, TaskRuns};
pub use seeds::{Estimate, FEWEST_SEEDS};
pub use summary::{ArmSummary, Figures, SplitSummary, THRESHOLDS, TermSummary, summarise};
pub use terminal::{markdown, table};
pub use versus::{Reached, Verdict, Versus, versus, versus_all};
