//! Arms in several sizes, against each other at equal cost.
//!
//! One size of an arm is fast and stops early, another is slow and goes on: what an arm can do with a
//! budget is the lowest loss of its sizes there, its lower envelope.

use crate::caveats::Caveats;
use crate::comparable::{comparable, same_clock};
use crate::cost::Cost;
use crate::curve::{Curve, Reach};
use crate::draws::{Draws, Sides};
use crate::estimate::Estimate;
use crate::refusal::Refusal;
use crate::run::{ArmRuns, Run};
use crate::verdict::Verdict;
use crate::versus::Reached;

/// An arm in several sizes.
#[derive(Debug, Clone)]
pub struct Ladder<'a> {
    /// Name of the arm.
    pub arm: &'a str,
    /// Names of the sizes with their runs.
    pub sizes: Vec<(&'a str, &'a ArmRuns)>,
}

/// A way to predict with a ladder.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// What it is called.
    pub name: String,
    /// The place of its size in the ladder.
    pub size: usize,
    /// Seconds that a prediction takes.
    pub seconds: f64,
    /// What it multiplies the loss of its size by: 1 as it is, `1 - p + p / M` for the mean of predictions at `M`
    /// rotations under a squared loss, of which the share `p` is `L_equiv`.
    pub factor: f64,
}

/// The lower envelopes of two ladders at one cost.
#[derive(Debug, Clone, PartialEq)]
pub struct AtEqualCost {
    /// On the axis of the envelopes.
    pub cost: f64,
    /// Lowest loss of the first ladder there over that of the second, with an interval over seeds and
    /// molecules.
    pub ratio: Estimate,
    /// The lowest losses.
    pub losses: [f64; 2],
    /// The sizes that have them.
    pub sizes: [String; 2],
    /// What the second ladder has to spend until any size of it first has the loss of the first, over
    /// `cost`: how many times cheaper it would have to be for equal losses.
    pub break_even: Reached,
    /// Whether the first is lower. Undecided where a caveat holds for any size: another run of it could be
    /// the lowest.
    pub verdict: Verdict,
}

/// What a seed of a ladder has: a curve for every size.
type Rungs = Vec<Curve>;

/// The place of the lowest in each ladder with its loss, and when the second first has the loss of the first.
type Lowest = ([(usize, f64); 2], Reach);

/// The lower envelopes of two ladders against a cost.
pub struct Envelopes<'a> {
    ladders: [&'a Ladder<'a>; 2],
    cost: Cost,
    sides: Sides<Rungs>,
    /// The largest cost that a size of either has reached with all of its seeds, the smaller of the two.
    last: f64,
}

impl<'a> Envelopes<'a> {
    /// The curves of all sizes.
    ///
    /// # Errors
    /// What differs between the runs.
    pub fn of(plain: &'a Ladder<'a>, exact: &'a Ladder<'a>, cost: Cost) -> Result<Self, Refusal> {
        let ladders = [plain, exact];
        let runs = || ladders.iter().flat_map(|ladder| ladder.runs());
        let first = runs()
            .next()
            .ok_or_else(|| Refusal::NoRecord(plain.arm.into()))?;
        for run in runs() {
            comparable(&first.manifest, &run.manifest)?;
            if cost.is_time() {
                same_clock(&first.manifest, &run.manifest)?;
            }
        }
        let sides = sides(ladders, cost)?;
        let last = sides.measured.iter().map(|side| most(side));
        Ok(Self {
            ladders,
            cost,
            last: last.fold(f64::INFINITY, f64::min),
            sides,
        })
    }

    /// Both at `share` of the largest cost that they have in common. A size whose runs have ended keeps
    /// its last loss.
    ///
    /// # Errors
    /// That no curve begins by then.
    pub fn at(&self, share: f64) -> Result<AtEqualCost, Refusal> {
        let (cost, at) = (self.cost, share * self.last);
        let draws = self
            .sides
            .draw(|[a, b]| {
                let (plain, exact) = (lowest(&a, at)?, lowest(&b, at)?);
                let reach = first(&b, plain.1)?.scaled(1.0 / at);
                Some(([plain, exact], reach))
            })
            .ok_or(Refusal::SeedsApart(cost))?;
        let [plain, exact] = self.ladders;
        let names = |[a, b]: [usize; 2]| [plain.sizes[a].0.into(), exact.sizes[b].0.into()];
        Ok(self.found(&draws, at, at, names))
    }

    /// The lowest losses of ways to predict that take at most `seconds`, after a training for the largest cost that
    /// both ladders have in common. Break-even is in seconds of a prediction too. How `factor` varies with seeds and
    /// molecules is not in the intervals.
    ///
    /// # Errors
    /// That no way of a ladder is as fast, or no curve begins by then.
    ///
    /// # Panics
    /// If a way is of a size that its ladder does not have.
    pub fn predicting(&self, ways: [&[Way]; 2], seconds: f64) -> Result<AtEqualCost, Refusal> {
        for (ladder, ways) in self.ladders.iter().zip(ways) {
            if ways.iter().all(|way| way.seconds > seconds) {
                let arm = ladder.arm.into();
                return Err(Refusal::Slower { arm, seconds });
            }
        }
        let at = self.last;
        let losses = |seeds: &[&Rungs], ways: &[Way]| -> Option<Vec<f64>> {
            let loss = |way: &Way| Some(way.factor * kept(seeds, way.size, at)?);
            ways.iter().map(loss).collect()
        };
        let draws = self
            .sides
            .draw(|[a, b]| {
                let (a, b) = (losses(&a, ways[0])?, losses(&b, ways[1])?);
                let plain = within(ways[0], &a, seconds)?;
                let reach = soonest(ways[1], &b, plain.1)?.scaled(1.0 / seconds);
                Some(([plain, within(ways[1], &b, seconds)?], reach))
            })
            .ok_or(Refusal::SeedsApart(self.cost))?;
        let names = |[a, b]: [usize; 2]| [ways[0][a].name.clone(), ways[1][b].name.clone()];
        Ok(self.found(&draws, seconds, at, names))
    }

    /// What draws say at a `cost`, after a training that cost `trained`.
    fn found(
        &self,
        draws: &Draws<Lowest>,
        cost: f64,
        trained: f64,
        names: impl Fn([usize; 2]) -> [String; 2],
    ) -> AtEqualCost {
        let ratio = draws.ratio(|([plain, exact], _)| plain.1 / exact.1);
        let (lowest, _) = draws.value;
        let sizes = self.ladders.iter().flat_map(|ladder| &ladder.sizes);
        let forbidden = sizes
            .map(|(_, arm)| Caveats::of([arm, arm], draws.seeds_only(), self.cost, Some(trained)))
            .any(|caveats| caveats.forbid());
        AtEqualCost {
            cost,
            verdict: Verdict::of(&ratio, 1.0).undecided_if(forbidden),
            ratio,
            break_even: Reached::of(draws, |(_, reach)| *reach),
            losses: lowest.map(|(_, loss)| loss),
            sizes: names(lowest.map(|(place, _)| place)),
        }
    }
}

/// The lowest loss of the ways that take at most `seconds`.
fn within(ways: &[Way], losses: &[f64], seconds: f64) -> Option<(usize, f64)> {
    let fast = losses.iter().copied().enumerate();
    fast.filter(|(place, _)| ways[*place].seconds <= seconds)
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The fastest way whose loss is at or below a level; nothing without a way.
fn soonest(ways: &[Way], losses: &[f64], level: f64) -> Option<Reach> {
    let seconds = || ways.iter().map(|way| way.seconds);
    let (fastest, after) = (seconds().reduce(f64::min)?, seconds().reduce(f64::max)?);
    let reached = seconds().zip(losses).filter(|(_, loss)| **loss <= level);
    let soonest = reached.map(|(seconds, _)| seconds).reduce(f64::min);
    Some(match soonest {
        None => Reach::Never { after },
        Some(seconds) if seconds <= fastest => Reach::Before(seconds),
        Some(seconds) => Reach::At(seconds),
    })
}

/// The largest cost that a size has reached with all of its seeds.
fn most(side: &[Rungs]) -> f64 {
    let sizes = 0..side.first().map_or(0, Vec::len);
    let end = |size: usize| {
        let seeds = side.iter().map(|seed| seed[size].last());
        seeds.fold(f64::INFINITY, f64::min)
    };
    sizes.map(end).fold(0.0, f64::max)
}
impl Ladder<'_> {
    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.sizes.iter().flat_map(|(_, arm)| arm.counted())
    }
}

/// The size with the lowest mean loss at a cost, and that loss.
fn lowest(seeds: &[&Rungs], at: f64) -> Option<(usize, f64)> {
    let sizes = 0..seeds.first()?.len();
    let losses = sizes.filter_map(|size| Some((size, kept(seeds, size, at)?)));
    losses.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The mean loss of a size at a cost, or that with which it ended before.
fn kept(seeds: &[&Rungs], size: usize, at: f64) -> Option<f64> {
    let mean = Curve::mean(seeds.iter().map(|seed| &seed[size]))?;
    Some(mean.kept_at(at.ln())?.exp())
}

/// When any size first has a loss.
fn first(seeds: &[&Rungs], loss: f64) -> Option<Reach> {
    let sizes = 0..seeds.first()?.len();
    let reached = sizes.filter_map(|size| {
        let mean = Curve::mean(seeds.iter().map(|seed| &seed[size]))?;
        Some(mean.reach(loss))
    });
    reached.reduce(Reach::sooner)
}

/// Curves by seed and size, as measured and under the resamples of molecules that all runs have.
fn sides(ladders: [&Ladder<'_>; 2], cost: Cost) -> Result<Sides<Rungs>, Refusal> {
    let mut of_sizes: [Vec<Sides<Curve>>; 2] = [Vec::new(), Vec::new()];
    for (sizes, ladder) in of_sizes.iter_mut().zip(ladders) {
        for (_, arm) in &ladder.sizes {
            sizes.push(Sides::curves(arm, arm, cost)?);
        }
    }
    let by_seed = |sizes: &[Sides<Curve>], curves: &dyn Fn(&Sides<Curve>) -> Vec<Curve>| {
        let sizes: Vec<Vec<Curve>> = sizes.iter().map(curves).collect();
        let seeds = sizes.iter().map(Vec::len).min().unwrap_or(0);
        let of_seed = |seed: usize| sizes.iter().map(|curves| curves[seed].clone()).collect();
        (0..seeds).map(of_seed).collect::<Vec<Rungs>>()
    };
    let measured = [0, 1].map(|side| by_seed(&of_sizes[side], &|sides| sides.measured[0].clone()));
    let resamples = of_sizes.iter().flatten().map(|sides| sides.resampled.len());
    let resampled = (0..resamples.min().unwrap_or(0)).map(|r| {
        [0, 1].map(|side| by_seed(&of_sizes[side], &|sides| sides.resampled[r][0].clone()))
    });
    Ok(Sides {
        resampled: resampled.collect(),
        measured,
    })
}
