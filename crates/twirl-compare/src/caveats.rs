//! What must be read beside a verdict.

use twirl_record::Record;

use crate::cost::Cost;
use crate::curve::along;
use crate::run::{ArmRuns, Run};

/// Part of the peak learning rate by which a rate may exceed the last of its schedule and still
/// count as annealed.
const ANNEALED: f64 = 0.01;

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
    /// Arms with a run beside which others worked on the same processors, in a comparison by device
    /// seconds: theirs are longer than those of a run alone.
    pub shared: [bool; 2],
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
            shared: arms.map(|arm| cost == Cost::DeviceSeconds && shared(arm)),
        }
    }

    /// Whether a seed failed.
    pub fn any_failed(&self) -> bool {
        self.failed != [0, 0]
    }

    /// Whether neither may be called better at a cost: a seed failed, or an arm is mid-anneal there.
    pub(crate) fn forbid(&self) -> bool {
        self.any_failed() || self.mid_anneal != [false; 2]
    }
}

/// Whether a counted run shared its processors.
fn shared(arm: &ArmRuns) -> bool {
    let mut counted = arm.counted().into_iter();
    counted.any(|run| run.manifest.device.beside > 0)
}

/// Whether the schedule of a run lowers its rate after a cost that it has.
fn falls(run: &Run, cost: Cost, at: f64) -> bool {
    let train = &run.manifest.job.train;
    let point = |record: &Record| Some([cost.spent(record)?.ln(), (record.step as f64).ln()]);
    let steps: Vec<[f64; 2]> = run.records.iter().filter_map(point).collect();
    // After the warm-up, whose low rates are no annealed ones.
    let warm = train.schedule.warmup.min(train.steps);
    let rate = |step: u64| train.schedule.rate(1.0, step.max(warm), train.steps);
    along(&steps, at.ln())
        .is_some_and(|step| rate(step.exp().round() as u64) > rate(train.steps) + ANNEALED)
}
