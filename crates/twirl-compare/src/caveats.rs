//! What must be read beside a verdict.

use twirl_core::Coverage;
use twirl_record::{ExactSymmetry, Record};

use crate::cost::Cost;
use crate::curve::interpolate;
use crate::run::{ArmRuns, Run};

/// Part of the peak learning rate by which a rate may exceed the last of its schedule and still
/// count as annealed.
const ANNEALED: f64 = 0.01;

/// Processor seconds per device second below which other work took the processor.
const CONTENDED: f64 = 0.95;

/// What must be read beside a comparison of two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caveats {
    /// Intervals of losses are over seeds only: records lack losses under resampled molecules.
    pub seeds_only: bool,
    /// Seeds of either arm that failed, ran out of memory or met a limit of time. They are in no
    /// figure, so none of the two is called better.
    pub failed: [usize; 2],
    /// Arms with a run whose learning rate is yet to fall at the cost of the comparison. A run with
    /// that budget would have annealed by then: neither is called better there.
    pub mid_anneal: [bool; 2],
    /// Arms with a run whose search for the learning rate ended at an edge of its grid: another rate may
    /// be better by any amount, so none of the two is called better.
    pub rate_at_edge: [bool; 2],
    /// Arms whose search for the learning rate was short beside the run ([`ArmRuns::short_search`]).
    pub short_search: [bool; 2],
    /// Arms with a run on a processor that other work shared, where the cost is device seconds: none is
    /// called better.
    pub contended: [bool; 2],
    /// Arms that declare an exact symmetry and were measured to have less.
    pub not_exact: [bool; 2],
}

impl Caveats {
    pub(crate) fn of(
        arms: [&ArmRuns; 2],
        seeds_only: bool,
        cost: Cost,
        common: Option<f64>,
    ) -> Self {
        let anneals = |arm: &ArmRuns| {
            common.is_some_and(|at| arm.counted().iter().any(|run| falls(run, cost, at)))
        };
        Self {
            seeds_only,
            failed: arms.map(ArmRuns::failed),
            mid_anneal: arms.map(anneals),
            rate_at_edge: arms.map(|arm| arm.rate_at_edge().is_some()),
            short_search: arms.map(|arm| arm.short_search().is_some()),
            contended: arms.map(|arm| {
                cost == Cost::DeviceSeconds && arm.counted().iter().any(|run| contended(run))
            }),
            not_exact: arms.map(|arm| declared(arm) && !arm.is_exact()),
        }
    }

    /// Whether a seed failed.
    pub fn any_failed(&self) -> bool {
        self.failed != [0, 0]
    }

    /// Whether neither may be called better whatever the cost.
    pub(crate) fn forbid_at_any_cost(&self) -> bool {
        self.any_failed() || self.rate_at_edge != [false; 2]
    }

    /// Whether neither may be called better at a cost.
    pub(crate) fn forbid(&self) -> bool {
        let at_cost = [self.mid_anneal, self.contended];
        self.forbid_at_any_cost() || at_cost != [[false; 2]; 2]
    }
}

/// Whether an arm is exact by its own word under every rotation at which it is measured.
fn declared(arm: &ArmRuns) -> bool {
    let every = |run: &&Run| {
        let symmetry = run.manifest.symmetry;
        let covered = match symmetry {
            None => false,
            Some(ExactSymmetry::So3 | ExactSymmetry::O3) => true,
            Some(ExactSymmetry::Octahedral) => {
                let design = run.manifest.job.train.evaluation.design;
                matches!(design.coverage(), Coverage::Finite(_))
            }
        };
        covered && run.last().is_some()
    };
    let runs = arm.counted();
    !runs.is_empty() && runs.iter().all(every)
}

/// Whether others worked on the processor of a run: jobs that were begun beside it, or whatever left it
/// less time than its clock shows.
fn contended(run: &Run) -> bool {
    let device = &run.manifest.device;
    let last = run.last();
    let share = last.and_then(|last| Some(last.cpu_seconds? / last.device_seconds));
    let less = device.name == "cpu" && share.is_some_and(|share| share < CONTENDED);
    device.beside > 0 || less
}

/// Whether the schedule of a run lowers its rate after a cost that it has.
fn falls(run: &Run, cost: Cost, at: f64) -> bool {
    let train = &run.manifest.job.train;
    let point = |record: &Record| Some([cost.spent(record)?.ln(), (record.step as f64).ln()]);
    let steps: Vec<[f64; 2]> = run.records.iter().filter_map(point).collect();
    // After the warm-up, whose low rates are no annealed ones.
    let warm = train.schedule.warmup.min(train.steps);
    let rate = |step: u64| train.schedule.rate(1.0, step.max(warm), train.steps);
    interpolate(&steps, at.ln())
        .is_some_and(|step| rate(step.exp().round() as u64) > rate(train.steps) + ANNEALED)
}
