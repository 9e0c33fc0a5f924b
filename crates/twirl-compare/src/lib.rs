//! Numbers from run folders: what was measured, how arms compare, whether runs keep to a reference.
//!
//! [`RunSet::read`] collects the runs below a folder, grouped by task, arm and seed; whatever
//! cannot be read is listed with its reason and never breaks the rest. [`summarise`] gives the figures of
//! an arm; [`versus`] compares an arm that learns symmetry with one that has it built in, at equal device
//! seconds and at equal operations; [`compare`] and [`compare_sets`] compare any two arms or folders;
//! [`make_band`] and [`check_band`] hold runs against a reference. [`Overview::of`] is all that a report
//! says of a task. No words and no layout: `twirl-report` writes these figures.
//!
//! Nothing here calls one arm better than another unless an interval over at least
//! [`FEWEST_SEEDS`] seeds, and over the molecules where records have losses under resamples of them,
//! excludes equality and no seed of the two failed.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod band;
mod caveats;
mod check;
mod comparable;
mod compare;
mod cost;
mod curve;
mod draws;
mod envelope;
mod error;
mod estimate;
mod ladder;
mod last;
mod learned;
mod overview;
mod percent;
mod read;
mod refusal;
mod run;
mod start;
mod studies;
mod summary;
mod verdict;
mod versus;

pub use band::{ArmBand, BAND_WIDTH, Band, BandPoint, make_band};
pub use caveats::Caveats;
pub use check::{Deviation, Finding, FindingKind, check_band};
pub use comparable::{comparable, same_clock};
pub use compare::{Comparison, compare, compare_sets};
pub use cost::Cost;
pub use curve::{Curve, Reach};
pub use envelope::{EnvelopePoint, envelope};
pub use error::CompareError;
pub use estimate::{Estimate, FEWEST_SEEDS, mean_over_seeds};
pub use ladder::{AtEqualCost, Envelopes, Ladder, Way};
pub use last::{
    CompanionSummary, Control, baseline_figure, baselines, closing_figure, closing_figures,
    companions, controls,
};
pub use learned::Yardstick;
pub use overview::Overview;
pub use percent::{PercentPoint, percent_curve, percent_of, settled_below};
pub use refusal::Refusal;
pub use run::{ArmRuns, Broken, Run, RunSet, TaskRuns};
pub use start::{START_TOLERANCE, Start, StartChange};
pub use studies::{StudyFinding, StudyVerdict};
pub use summary::{
    ArmSummary, Figures, SplitSummary, Standing, THRESHOLDS, TermSummary, split_curve, summarise,
};
pub use verdict::Verdict;
pub use versus::{AtEqualFlops, Pair, Reached, Versus, versus, versus_all};
