//! Arms in several sizes, against each other at equal cost.
//!
//! One size of an arm is fast and stops early, another is slow and goes on: what an arm can do with a
//! budget is the lowest loss of its sizes there, its lower envelope.

use crate::caveats::Caveats;
use crate::comparable::{comparable, same_clock};
use crate::cost::Cost;
use crate::curve::{Curve, Reach};
use crate::draws::Sides;
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
                Some((plain, exact, reach))
            })
            .ok_or(Refusal::SeedsApart(cost))?;
        let ratio = draws.ratio(|(a, b, _)| a.1 / b.1);
        let break_even = Reached::of(&draws, |(_, _, reach)| *reach);
        let (a, b, _) = draws.value;
        let sizes = self.ladders.iter().flat_map(|ladder| &ladder.sizes);
        let forbidden = sizes
            .map(|(_, arm)| Caveats::of([arm, arm], draws.seeds_only(), cost, Some(at)))
            .any(|caveats| caveats.forbid());
        let [plain, exact] = self.ladders;
        Ok(AtEqualCost {
            cost: at,
            verdict: Verdict::of(&ratio, 1.0).undecided_if(forbidden),
            ratio,
            break_even,
            losses: [a.1, b.1],
            sizes: [plain.sizes[a.0].0.into(), exact.sizes[b.0].0.into()],
        })
    }
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
    let losses = sizes.filter_map(|size| {
        let mean = Curve::mean(seeds.iter().map(|seed| &seed[size]))?;
        Some((size, mean.kept_at(at.ln())?.exp()))
    });
    losses.min_by(|a, b| a.1.total_cmp(&b.1))
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
