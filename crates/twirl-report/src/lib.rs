//! Reads run folders and makes them readable: tables, comparisons, reference bands, one page.
//!
//! [`RunSet::read`] collects the runs below a folder, grouped by task, arm and seed; whatever
//! cannot be read is listed with its reason and never breaks the rest. [`table`], [`markdown`],
//! [`csv`], [`parquet`] and [`html`] write the same figures in five forms. [`versus`] compares an arm that learns
//! symmetry with one that has it built in, at equal device seconds and at equal operations;
//! [`compare`] and [`compare_sets`] compare any two arms or folders; [`make_band`] and [`check_band`] hold runs
//! against a reference.
//!
//! Nothing here calls one arm better than another unless an interval over at least
//! [`FEWEST_SEEDS`] seeds, and over the molecules where records have losses under resamples of them,
//! excludes equality and no seed of the two failed.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod band;
mod caveats;
mod chart;
mod comparable;
mod compare;
mod csv;
mod curve;
mod draws;
mod error;
mod grid;
mod html;
mod last;
mod number;
mod parquet;
mod readme;
mod runs;
mod seeds;
mod start;
mod summary;
mod svg;
mod tables;
mod terminal;
mod versus;

pub use band::{ArmBand, BAND_WIDTH, Band, BandPoint, Finding, FindingKind, check_band, make_band};
pub use caveats::Caveats;
pub use chart::{Chart, ChartPanel, Line};
pub use comparable::{comparable, same_clock};
pub use compare::{Comparison, compare, compare_sets, compare_table};
pub use csv::{Csv, csv};
pub use curve::{Cost, Curve, PercentPoint, Reach, percent_curve, settled_below};
pub use error::ReportError;
pub use grid::Grid;
pub use html::html;
pub use number::{count, range, significant};
pub use parquet::parquet;
pub use readme::{ReadmePart, readme};
pub use runs::{ArmRuns, Broken, Run, RunSet, TaskRuns};
pub use seeds::{Estimate, FEWEST_SEEDS, mean_over_seeds};
pub use start::{START_TOLERANCE, Start};
pub use summary::{ArmSummary, Figures, SplitSummary, THRESHOLDS, TermSummary, summarise};
pub use terminal::{markdown, table};
pub use twirl_record::EXACT;
pub use versus::{AtEqualFlops, Reached, Verdict, Versus, versus, versus_all};
