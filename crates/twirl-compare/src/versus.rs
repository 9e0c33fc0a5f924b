//! An arm that learns symmetry against one that has it built in, at equal cost.

use twirl_record::Record;

use crate::caveats::Caveats;
use crate::comparable::{comparable, same_clock};
use crate::cost::Cost;
use crate::curve::{Curve, Reach, interpolate};
use crate::draws::{Draws, Sides};
use crate::estimate::{Estimate, mean_over_seeds};
use crate::refusal::Refusal;
use crate::run::{ArmRuns, Run, TaskRuns};
use crate::verdict::Verdict;

/// A time or a factor that may not be reached, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reached {
    /// The estimate.
    pub value: Reach,
    /// Interval over seeds and molecules; the upper end may be infinite.
    pub interval: Option<[f64; 2]>,
}

impl Reached {
    pub(crate) fn of<T>(draws: &Draws<T>, pick: impl Fn(&T) -> Reach) -> Self {
        Self {
            value: pick(&draws.value),
            interval: draws.log_interval(|figures| pick(figures).time()),
        }
    }
}

/// Losses where both arms have taken the same number of operations.
#[derive(Debug, Clone, PartialEq)]
pub struct AtEqualFlops {
    /// Largest number of operations that all runs of both arms have.
    pub flops: f64,
    /// Loss of the plain arm there, divided by that of the exact one.
    pub ratio: Estimate,
    /// Whether the plain arm's loss is lower there.
    pub verdict: Verdict,
    /// What must be read beside the verdict.
    pub caveats: Caveats,
}

/// A comparison at equal device time and at equal loss. Losses are geometric means over seeds,
/// read from curves that are straight on logarithmic axes. Intervals are over seeds and over
/// molecules, those resampled alike for both arms; over seeds only where [`Caveats::seeds_only`]
/// says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Versus {
    /// The arm without exact symmetry.
    pub plain: String,
    /// The exactly equivariant arm.
    pub exact: String,
    /// Seeds of the two.
    pub seeds: [usize; 2],
    /// Largest time that all runs of both arms have, in device seconds.
    pub seconds: f64,
    /// Loss of the plain arm at that time.
    pub plain_loss: f64,
    /// Loss of the exact arm at that time.
    pub exact_loss: f64,
    /// The first divided by the second.
    pub ratio: Estimate,
    /// Whether the plain arm's loss is lower, at that time. Undecided if a seed of either failed
    /// or an arm is mid-anneal.
    pub verdict: Verdict,
    /// What must be read beside the verdict.
    pub caveats: Caveats,
    /// Final loss of the exact arm.
    pub target: f64,
    /// Device seconds of the exact arm until it first has that loss, by the rule for the plain arm.
    pub exact_to_target: Reached,
    /// Device seconds of the plain arm until it first has that loss.
    pub to_target: Reached,
    /// How many times faster the exact arm would have to be for equal losses at `seconds`: its
    /// time to the plain arm's loss, divided by `seconds`. Below 1 it could be slower.
    pub break_even: Reached,
    /// Percentage of the plain arm's loss that is `L_equiv`, at `seconds`: linear in the logarithm
    /// of time between measurements. Its interval is over seeds only.
    pub equiv_share: Estimate,
    /// The comparison that no device has a part in, or why there is none.
    pub at_equal_flops: Result<AtEqualFlops, Refusal>,
}

/// An arm without exact symmetry against an exact one.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The arm without exact symmetry.
    pub plain: String,
    /// The exactly equivariant arm.
    pub exact: String,
    /// The comparison, or why there is none.
    pub versus: Result<Versus, Refusal>,
}

/// All comparisons of a task: each arm without exact symmetry against each exact arm.
pub fn versus_all(task: &TaskRuns) -> Vec<Pair> {
    let with_records = task.arms.iter().filter(|arm| !arm.counted().is_empty());
    let (exact, plain): (Vec<_>, Vec<_>) = with_records.partition(|arm| arm.is_exact());
    let against = |exact: &ArmRuns, plain: &ArmRuns| Pair {
        plain: plain.arm.clone(),
        exact: exact.arm.clone(),
        versus: versus(plain, exact),
    };
    let pairs = exact
        .iter()
        .flat_map(|exact| plain.iter().map(|plain| against(exact, plain)));
    pairs.collect()
}

/// Compares two arms.
///
/// # Errors
/// Why they cannot be compared: settings, data or device differ, or no common device time.
pub fn versus(plain: &ArmRuns, exact: &ArmRuns) -> Result<Versus, Refusal> {
    let cost = Cost::DeviceSeconds;
    let sides = Sides::curves(plain, exact, cost)?;
    let (runs_a, runs_b) = (plain.counted(), exact.counted());
    let first = &runs_a[0].manifest;
    comparable(first, &runs_b[0].manifest)?;
    for run in runs_a.iter().chain(&runs_b) {
        same_clock(first, &run.manifest)?;
    }
    let seconds = sides.common(cost)?;
    let draws = sides
        .draw(|[a, b]| Figures::of(&Curve::mean(a)?, &Curve::mean(b)?, seconds))
        .ok_or(Refusal::SeedsApart(cost))?;
    let figures = &draws.value;
    let ratio = draws.ratio(|figures| figures.plain / figures.exact);
    let shares: Option<Vec<f64>> = runs_a.iter().map(|run| share_at(run, seconds)).collect();
    let shares = shares.ok_or(Refusal::NotAround)?;
    let caveats = Caveats::of([plain, exact], draws.seeds_only(), cost, Some(seconds));
    Ok(Versus {
        plain: plain.arm.clone(),
        exact: exact.arm.clone(),
        seeds: sides.counts(),
        seconds,
        plain_loss: figures.plain,
        exact_loss: figures.exact,
        verdict: Verdict::of(&ratio, 1.0).undecided_if(caveats.forbid()),
        caveats,
        ratio,
        target: figures.target,
        exact_to_target: Reached::of(&draws, |figures| figures.to_target[1]),
        to_target: Reached::of(&draws, |figures| figures.to_target[0]),
        break_even: Reached::of(&draws, |figures| figures.break_even),
        equiv_share: mean_over_seeds(&shares, None),
        at_equal_flops: at_equal_flops(plain, exact),
    })
}

fn at_equal_flops(plain: &ArmRuns, exact: &ArmRuns) -> Result<AtEqualFlops, Refusal> {
    let cost = Cost::ModelFlops;
    let (flops, draws) = Sides::curves(plain, exact, cost)?.at_equal(cost)?;
    let ratio = draws.ratio(|ratio| *ratio);
    let caveats = Caveats::of([plain, exact], draws.seeds_only(), cost, Some(flops));
    Ok(AtEqualFlops {
        flops,
        verdict: Verdict::of(&ratio, 1.0).undecided_if(caveats.forbid()),
        ratio,
        caveats,
    })
}

/// What the mean curves of two arms say.
struct Figures {
    plain: f64,
    exact: f64,
    target: f64,
    /// Of the plain arm and of the exact one.
    to_target: [Reach; 2],
    break_even: Reach,
}

impl Figures {
    fn of(a: &Curve, b: &Curve, seconds: f64) -> Option<Self> {
        let plain = a.at(seconds)?;
        Some(Self {
            plain,
            exact: b.at(seconds)?,
            target: b.last_loss(),
            to_target: a.reach_last(b),
            break_even: b.reach(plain).scaled(1.0 / seconds),
        })
    }
}

/// Percentage at a time.
fn share_at(run: &Run, seconds: f64) -> Option<f64> {
    let point = |record: &Record| {
        let spent = Cost::DeviceSeconds.spent(record)?;
        Some([spent.ln(), record.split.percent_equiv])
    };
    let points: Vec<[f64; 2]> = run.records.iter().filter_map(point).collect();
    interpolate(&points, seconds.ln())
}
