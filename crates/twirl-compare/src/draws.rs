//! Figures of two arms under resampled seeds and molecules.
//!
//! A draw `d` takes seeds with replacement from either arm, and one resample `r` of the molecules for
//! all runs of both: they are measured on the same molecules, and what a resample does to both
//! cancels between them. With `f(r)` the figure of all seeds and `f(d, r)` that of the drawn ones,
//! both under resample `r`, the interval holds the middle 95 % of
//!
//! `x_d = f(r) + k (f(d, r) - f(r))`
//!
//! (of logarithms for ratios and times), where `k` widens the spread over few seeds, see
//! [`crate::estimate`], and leaves that over molecules as it is. Without losses under resamples `f(r)` is
//! the estimate itself: the interval is over seeds only. Where three close seeds are measured on 30
//! molecules, the tests find that such intervals hold the truth over all molecules in 24 % of cases,
//! and those over molecules too in 91 %.

use twirl_record::Record;

use crate::cost::Cost;
use crate::curve::Curve;
use crate::estimate::{Estimate, percentiles, resamples, widening};
use crate::refusal::Refusal;
use crate::run::{ArmRuns, Run};

/// What is known of every seed of two arms: as measured, and under each resample of molecules.
pub(crate) struct Sides<S> {
    pub(crate) measured: [Vec<S>; 2],
    pub(crate) resampled: Vec<[Vec<S>; 2]>,
}

/// A figure as measured, and what it is of resampled seeds and molecules.
pub(crate) struct Draws<T> {
    pub(crate) value: T,
    /// All seeds under each resample of molecules; empty if these are unknown.
    centres: Vec<T>,
    /// Empty with too few seeds.
    drawn: Vec<T>,
    seeds: usize,
}

impl<S> Sides<S> {
    /// Without resamples of molecules.
    pub(crate) fn of_seeds(measured: [Vec<S>; 2]) -> Self {
        Self {
            measured,
            resampled: Vec::new(),
        }
    }

    /// Seeds of the two arms.
    pub(crate) fn counts(&self) -> [usize; 2] {
        self.measured.each_ref().map(Vec::len)
    }

    /// The figure of the seeds, resampled; nothing where it has no value.
    pub(crate) fn draw<T>(&self, figure: impl Fn([Vec<&S>; 2]) -> Option<T>) -> Option<Draws<T>> {
        let counts = self.counts();
        let of = |sides: &[Vec<S>; 2], picks: &[Vec<usize>]| {
            let side = |side: usize| picks[side].iter().map(|&pick| &sides[side][pick]).collect();
            figure([side(0), side(1)])
        };
        let everyone = counts.map(|count| (0..count).collect());
        let value = of(&self.measured, &everyone)?;
        let mut centres = Vec::new();
        let mut drawn = Vec::new();
        if let Some(resamples) = resamples(&counts) {
            for sides in &self.resampled {
                centres.push(of(sides, &everyone)?);
            }
            for (index, picks) in resamples.iter().enumerate() {
                let sides = match self.resampled.len() {
                    0 => &self.measured,
                    many => &self.resampled[index % many],
                };
                drawn.push(of(sides, picks)?);
            }
        }
        Some(Draws {
            value,
            centres,
            drawn,
            seeds: counts[0].min(counts[1]),
        })
    }
}

impl Sides<Curve> {
    /// The curves of loss against a cost.
    pub(crate) fn curves(a: &ArmRuns, b: &ArmRuns, cost: Cost) -> Result<Self, Refusal> {
        let curve = |run: &Run| {
            let known = run.last().is_some_and(|last| cost.known(last).is_some());
            Curve::of(run, cost).ok_or_else(|| match cost {
                Cost::ModelFlops | Cost::ProcessorSeconds if !known => {
                    let run = run.label();
                    Refusal::NotCounted { run, cost }
                }
                _ => Refusal::NoCurve(run.label()),
            })
        };
        let side = |arm: &ArmRuns| -> Result<Vec<Curve>, Refusal> {
            let curves: Vec<Curve> = arm
                .counted()
                .into_iter()
                .map(curve)
                .collect::<Result<_, _>>()?;
            if curves.is_empty() {
                return Err(Refusal::NoRecord(arm.arm.clone()));
            }
            Ok(curves)
        };
        let measured = [side(a)?, side(b)?];
        let timed = |record: &&Record| cost.spent(record).is_some();
        let of = |run: &Run, r: usize| {
            // Every point or none: a curve with a gap is another curve.
            let curve = Curve::resampled(run, cost, r)?;
            (curve.len() == Curve::of(run, cost)?.len()).then_some(curve)
        };
        let records = |run: &Run| replicates(run.records.iter().filter(timed));
        Ok(Self {
            measured,
            resampled: resampled([a, b], records, of),
        })
    }

    /// Largest cost that all runs have, on the axis of these curves.
    pub(crate) fn common(&self, cost: Cost) -> Result<f64, Refusal> {
        let all = || self.measured.iter().flatten();
        let last = all().map(Curve::last).fold(f64::INFINITY, f64::min);
        match all().map(Curve::first).find(|&first| first > last) {
            None => Ok(last),
            Some(first) => Err(Refusal::Apart { cost, first, last }),
        }
    }

    /// The loss of the first over that of the second at the largest cost that all runs have.
    pub(crate) fn at_equal(&self, cost: Cost) -> Result<(f64, Draws<f64>), Refusal> {
        let at = self.common(cost)?;
        let ratio =
            |[a, b]: [Vec<&Curve>; 2]| Some(Curve::mean(a)?.at(at)? / Curve::mean(b)?.at(at)?);
        let draws = self.draw(ratio).ok_or(Refusal::SeedsApart(cost))?;
        Ok((at, draws))
    }
}

impl Sides<f64> {
    /// The logarithms of the last losses; they may be infinite or no numbers.
    pub(crate) fn last_losses(a: &ArmRuns, b: &ArmRuns) -> Self {
        let last = |arm: &ArmRuns| {
            let last = arm.last_records().into_iter();
            last.map(|record| record.split.loss.ln()).collect()
        };
        let of = |run: &Run, r: usize| {
            let loss = run.last()?.loss_replicates[r].ln();
            loss.is_finite().then_some(loss)
        };
        Self {
            measured: [last(a), last(b)],
            resampled: resampled([a, b], |run| replicates(run.last().into_iter()), of),
        }
    }

    /// Mean of the first less mean of the second.
    pub(crate) fn difference(&self) -> Option<Draws<f64>> {
        let mean = |side: &[&f64]| side.iter().copied().sum::<f64>() / side.len() as f64;
        self.draw(|[a, b]| Some(mean(&a) - mean(&b)))
    }
}

impl<T> Draws<T> {
    /// Whether there are intervals and they leave molecules out.
    pub(crate) fn seeds_only(&self) -> bool {
        !self.drawn.is_empty() && self.centres.is_empty()
    }

    /// Interval of a figure.
    pub(crate) fn interval(&self, pick: impl Fn(&T) -> f64) -> Option<[f64; 2]> {
        let value = pick(&self.value);
        let centres: Vec<f64> = self.centres.iter().map(&pick).collect();
        let spread = |(index, drawn): (usize, &T)| {
            let centre = match centres.len() {
                0 => value,
                many => centres[index % many],
            };
            // A resample in which a level is never reached is no centre.
            let centre = if centre.is_finite() { centre } else { value };
            centre + widening(self.seeds) * (pick(drawn) - centre)
        };
        percentiles(value, self.drawn.iter().enumerate().map(spread).collect())
    }

    /// Interval of a positive figure, from logarithms. Its upper end may be infinite.
    pub(crate) fn log_interval(&self, pick: impl Fn(&T) -> f64) -> Option<[f64; 2]> {
        self.interval(|figure| pick(figure).ln())
            .map(|ends| ends.map(f64::exp))
    }

    /// A positive figure with its interval.
    pub(crate) fn ratio(&self, pick: impl Fn(&T) -> f64) -> Estimate {
        Estimate {
            value: pick(&self.value),
            interval: self.log_interval(pick),
        }
    }
}

/// Resamples that all of these records have.
fn replicates<'a>(records: impl Iterator<Item = &'a Record>) -> usize {
    let lengths = records.map(|record| record.loss_replicates.len());
    lengths.min().unwrap_or(0)
}

/// What `of` makes of every run under every resample that all have; empty if one has no value.
fn resampled<S>(
    arms: [&ArmRuns; 2],
    count: impl Fn(&Run) -> usize,
    of: impl Fn(&Run, usize) -> Option<S>,
) -> Vec<[Vec<S>; 2]> {
    let runs = arms.map(ArmRuns::counted);
    let many = runs.iter().flatten().map(|run| count(run)).min();
    let side = |side: usize, r: usize| -> Option<Vec<S>> {
        runs[side].iter().map(|run| of(run, r)).collect()
    };
    let both = |r| Some([side(0, r)?, side(1, r)?]);
    let all: Option<Vec<_>> = (0..many.unwrap_or(0)).map(both).collect();
    all.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use twirl_core::{Purpose, Stream};

    use super::*;

    /// Three seeds of two arms that are equal over all molecules, measured on 30 of them: how often
    /// the interval of the ratio of losses holds 1, with resamples of molecules and without.
    #[test]
    fn intervals_cover_where_the_molecules_decide() {
        let (seed, trials, molecules) = (11, 200, 30);
        let mut covered = [0; 2];
        for trial in 0..trials {
            let mut stream = Stream::new(seed, Purpose::Other(2), [trial, 0]);
            let shared: Vec<f64> = (0..molecules).map(|_| stream.random::<f64>()).collect();
            let losses: [Vec<f64>; 2] = [(); 2].map(|()| {
                let own = shared.iter().map(|base| base + stream.random::<f64>());
                own.collect()
            });
            let seeds: [[f64; 3]; 2] =
                [[(); 3]; 2].map(|side| side.map(|()| 1.0 + 0.02 * (stream.random::<f64>() - 0.5)));
            let mut logs = |resample: bool| {
                let pick = |m| {
                    if resample {
                        stream.random_range(0..molecules)
                    } else {
                        m
                    }
                };
                let picks: Vec<usize> = (0..molecules).map(pick).collect();
                [0, 1].map(|side: usize| {
                    let sum: f64 = picks.iter().map(|&m| losses[side][m]).sum();
                    seeds[side].iter().map(|seed| (seed * sum).ln()).collect()
                })
            };
            let mut sides = Sides::of_seeds(logs(false));
            for covered in &mut covered {
                let draws = sides.difference().expect("values");
                let [low, high] = draws.interval(|log| *log).expect("three seeds");
                *covered += usize::from((low..=high).contains(&0.0));
                sides.resampled = (0..100).map(|_| logs(true)).collect();
            }
        }
        let [without, with] = covered.map(|covered| covered as f64 / trials as f64);
        assert!(
            without < 0.5 && with > 0.88 && with < 0.99,
            "{without} without molecules, {with} with; random seed {seed}"
        );
    }
}
