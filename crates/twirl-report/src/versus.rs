//! An arm that learns symmetry against one that has it built in, on the axis of device seconds.

use crate::comparable::{comparable, same_clock};
use crate::curve::{Curve, Reach};
use crate::runs::{ArmRuns, TaskRuns};
use crate::seeds::{Estimate, Resample, log_interval, mean_over_seeds, resamples};

/// What the figures say about two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The first is lower, and the interval excludes equality.
    Lower,
    /// The first is higher, and the interval excludes equality.
    Higher,
    /// The interval holds equality.
    Undecided,
    /// Too few seeds for an interval.
    NoInterval,
}

impl Verdict {
    /// The verdict of an estimate that is `equal` where both sides are equal.
    pub(crate) fn of(estimate: &Estimate, equal: f64) -> Self {
        match estimate.interval {
            None => Self::NoInterval,
            Some([_, high]) if high < equal => Self::Lower,
            Some([low, _]) if low > equal => Self::Higher,
            Some(_) => Self::Undecided,
        }
    }
}

/// A time or a factor that may not be reached, with its interval over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reached {
    /// The estimate.
    pub value: Reach,
    /// Interval over seeds; the upper end may be infinite.
    pub interval: Option<[f64; 2]>,
}

/// A comparison at equal device time and at equal loss. Losses are geometric means over seeds,
/// read from curves that are straight on logarithmic axes; intervals are over seeds.
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
    /// Whether the plain arm's loss is lower, at that time.
    pub verdict: Verdict,
    /// Final loss of the exact arm.
    pub target: f64,
    /// Device seconds of the exact arm to its final loss: its whole time.
    pub exact_seconds: f64,
    /// Device seconds of the plain arm to that loss.
    pub to_target: Reached,
    /// How many times faster the exact arm would have to be for equal losses at `seconds`: its
    /// time to the plain arm's loss, divided by `seconds`. Below 1 it could be slower.
    pub break_even: Reached,
    /// Percentage of the plain arm's loss that is `L_equiv`, at `seconds`: linear in the logarithm
    /// of time between measurements.
    pub equiv_share: Estimate,
}

/// All comparisons of a task: each arm without exact symmetry against each exact arm, or the
/// reason why there is none.
pub fn versus_all(task: &TaskRuns) -> Vec<(String, String, Result<Versus, String>)> {
    let with_records = || task.arms.iter().filter(|arm| !arm.counted().is_empty());
    let mut all = Vec::new();
    for exact in with_records().filter(|arm| arm.is_exact()) {
        for plain in with_records().filter(|arm| !arm.is_exact()) {
            all.push((plain.arm.clone(), exact.arm.clone(), versus(plain, exact)));
        }
    }
    all
}

/// Compares two arms.
///
/// # Errors
/// Why they cannot be compared: settings, data or device differ, or no common device time.
pub fn versus(plain: &ArmRuns, exact: &ArmRuns) -> Result<Versus, String> {
    let (a, b) = (curves(plain)?, curves(exact)?);
    let (first_a, first_b) = (plain.counted()[0], exact.counted()[0]);
    comparable(&first_a.manifest, &first_b.manifest)?;
    for run in plain.counted().iter().chain(&exact.counted()) {
        same_clock(&first_a.manifest, &run.manifest)?;
    }
    let all = || a.iter().chain(&b);
    let seconds = all().map(Curve::last).fold(f64::INFINITY, f64::min);
    if let Some(late) = all().map(Curve::first).find(|&first| first > seconds) {
        return Err(format!(
            "no common device time: a run is first measured after {late:.3} s, when another has \
             ended at {seconds:.3} s; give both the same budget of seconds"
        ));
    }
    let everyone = [(0..a.len()).collect(), (0..b.len()).collect()];
    let figures = Figures::of(&a, &b, &everyone, seconds)
        .ok_or("the seeds of an arm have no common device time")?;
    let drawn: Option<Vec<Figures>> = resamples(&[a.len(), b.len()]).and_then(|drawn| {
        drawn
            .iter()
            .map(|picks: &Resample| Figures::of(&a, &b, picks, seconds))
            .collect()
    });
    let fewest = a.len().min(b.len());
    let interval = |value: f64, pick: fn(&Figures) -> f64| {
        let replicates = drawn.as_ref()?.iter().map(pick).collect();
        log_interval(value, replicates, fewest)
    };
    let ratio_value = figures.ratio();
    let ratio = Estimate {
        value: ratio_value,
        interval: interval(ratio_value, Figures::ratio),
    };
    let reached = |value: Reach, pick: fn(&Figures) -> f64| Reached {
        value,
        interval: interval(value.time(), pick),
    };
    let shares: Option<Vec<f64>> = plain
        .counted()
        .iter()
        .map(|run| share_at(run, seconds))
        .collect();
    let shares = shares.ok_or("a run has no measurement around the common device time")?;
    Ok(Versus {
        plain: plain.arm.clone(),
        exact: exact.arm.clone(),
        seeds: [a.len(), b.len()],
        seconds,
        plain_loss: figures.plain,
        exact_loss: figures.exact,
        verdict: Verdict::of(&ratio, 1.0),
        ratio,
        target: figures.target,
        exact_seconds: figures.exact_seconds,
        to_target: reached(figures.to_target, |figures| figures.to_target.time()),
        break_even: reached(figures.break_even, |figures| figures.break_even.time()),
        equiv_share: mean_over_seeds(&shares, None),
    })
}

/// What one choice of seeds says.
struct Figures {
    plain: f64,
    exact: f64,
    target: f64,
    exact_seconds: f64,
    to_target: Reach,
    break_even: Reach,
}

impl Figures {
    fn of(a: &[Curve], b: &[Curve], picks: &[Vec<usize>], seconds: f64) -> Option<Self> {
        let a = Curve::mean(picks[0].iter().map(|&pick| &a[pick]))?;
        let b = Curve::mean(picks[1].iter().map(|&pick| &b[pick]))?;
        let (plain, target) = (a.at(seconds)?, b.last_loss());
        Some(Self {
            plain,
            exact: b.at(seconds)?,
            target,
            exact_seconds: b.last(),
            to_target: a.reach(target),
            break_even: b.reach(plain).scaled(1.0 / seconds),
        })
    }

    fn ratio(&self) -> f64 {
        self.plain / self.exact
    }
}

/// The curve of every counted run.
pub(crate) fn curves(arm: &ArmRuns) -> Result<Vec<Curve>, String> {
    let curve = |run: &&crate::Run| {
        Curve::of(run)
            .ok_or_else(|| format!("{} has no positive loss after its first step", run.label()))
    };
    let curves: Vec<Curve> = arm.counted().iter().map(curve).collect::<Result<_, _>>()?;
    if curves.is_empty() {
        Err(format!("{} has no record", arm.arm))
    } else {
        Ok(curves)
    }
}

/// Percentage at a time, linear in the logarithm of time.
fn share_at(run: &crate::Run, seconds: f64) -> Option<f64> {
    let points: Vec<[f64; 2]> = run
        .records
        .iter()
        .filter(|record| record.device_seconds > 0.0)
        .map(|record| [record.device_seconds, record.split.percent_equiv])
        .collect();
    let last = points.last()?;
    // The common time is one run's last time, up to a rounding of exp(ln t).
    if seconds >= last[0] {
        return Some(last[1]);
    }
    let next = points.iter().position(|point| point[0] >= seconds)?;
    let [t1, p1] = points[next];
    let [t0, p0] = points[next.saturating_sub(1)];
    if t0 >= t1 {
        Some(p1)
    } else {
        Some(p0 + (p1 - p0) * (seconds / t0).ln() / (t1 / t0).ln())
    }
}
