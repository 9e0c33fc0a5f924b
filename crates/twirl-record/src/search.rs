//! The search for a learning rate, as it went.

use serde::{Deserialize, Serialize};

use crate::settings::Schedule;

/// One candidate of a search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Learning rate.
    pub rate: f64,
    /// Validation loss after the search's steps; absent if training diverged.
    pub loss: Option<f64>,
}

/// A search as it went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchReport {
    /// All candidates, in the order in which they were tried.
    pub candidates: Vec<Candidate>,
    /// Steps of each.
    pub steps: u64,
    /// Steps of the run that the rate is for, as far as they are known before it: those that its budget of
    /// seconds allows at the speed of the search, as a power of two. Absent where the best was taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<u64>,
    /// Course of the rate over them: the shape of the run's. Absent before format 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// The loss of predicting zero for the same items; absent before format 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_zero: Option<f64>,
    /// Device seconds of all together, not counted in the run's own.
    pub device_seconds: f64,
}

/// Factor to the next rate where a grid has one rate alone: half of a power of ten.
const STEP: f64 = 3.162_277_660_168_379_5;

/// Power of the steps of a training with which the best rate falls.
const FALL: f64 = 0.32;

impl SearchReport {
    fn lowest(&self) -> Option<(f64, f64)> {
        self.candidates
            .iter()
            .filter_map(|candidate| Some((candidate.rate, candidate.loss?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The learning rate for the run: the best of the search, carried over to the length of the run. The
    /// best rate falls with the steps of a training as their power -0.32 (Bjorck et al., "Scaling Optimal
    /// LR Across Token Horizons", ICLR 2025, arXiv 2409.19913).
    pub fn rate(&self) -> Option<f64> {
        let longer = self.horizon.unwrap_or(0).max(self.steps) as f64 / self.steps.max(1) as f64;
        self.best().map(|rate| rate * longer.powf(-FALL))
    }

    /// The candidate with the lowest validation loss.
    pub fn best(&self) -> Option<f64> {
        self.lowest().map(|(rate, _)| rate)
    }

    /// The lowest validation loss.
    pub fn best_loss(&self) -> Option<f64> {
        self.lowest().map(|(_, loss)| loss)
    }

    /// Whether the best is the smallest or largest candidate, so that a wider search could help. A
    /// candidate that diverged lies beyond the best.
    pub fn at_edge(&self) -> bool {
        self.beyond_the_edge().is_some()
    }

    /// The next rate beyond the best where that is an end of the grid, as far away as its neighbour on
    /// the other side. Of one candidate alone it is a larger one.
    pub fn beyond_the_edge(&self) -> Option<f64> {
        let best = self.best()?;
        let mut rates: Vec<f64> = self.candidates.iter().map(|one| one.rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        let place = rates.iter().position(|rate| *rate == best)?;
        let last = rates.len() - 1;
        match place {
            _ if last == 0 => Some(best * STEP),
            0 => Some(best * best / rates[1]),
            place if place == last => Some(best * best / rates[last - 1]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(candidates: &[(f64, Option<f64>)]) -> SearchReport {
        let one = |&(rate, loss): &(f64, Option<f64>)| Candidate { rate, loss };
        SearchReport {
            candidates: candidates.iter().map(one).collect(),
            ..SearchReport::default()
        }
    }

    #[test]
    fn a_rate_is_carried_over_to_longer_runs_and_never_to_shorter_ones() {
        let carried = |steps: u64, horizon: Option<u64>| {
            let found = SearchReport {
                steps,
                horizon,
                ..report(&[(1e-3, Some(2.0)), (1e-2, Some(1.0)), (1e-1, None)])
            };
            found.rate().expect("a rate")
        };
        assert_eq!(carried(60, None), 1e-2);
        assert_eq!(carried(60, Some(60)), 1e-2);
        assert_eq!(carried(60, Some(10)), 1e-2);
        // Twice as long: 0.80 of it; a thousand times: 0.11.
        assert!((carried(64, Some(128)) / 1e-2 - 2f64.powf(-0.32)).abs() < 1e-12);
        let once = carried(10, Some(10_000)) / 1e-2;
        let twice = carried(10, Some(100)) * carried(100, Some(10_000)) / 1e-4;
        assert!((once / twice - 1.0).abs() < 1e-12, "{once} {twice}");
    }

    #[test]
    fn a_grid_goes_on_beyond_its_best_end_by_the_step_that_it_has_there() {
        let grid = |losses: [Option<f64>; 3]| {
            let rates = [1e-3, 1e-2, 3e-2];
            report(&rates.into_iter().zip(losses).collect::<Vec<_>>()).beyond_the_edge()
        };
        let close = |rate: Option<f64>, expected: f64| {
            let rate = rate.expect("an edge");
            assert!((rate / expected - 1.0).abs() < 1e-12, "{rate}, {expected}");
        };
        close(grid([Some(1.0), Some(2.0), Some(3.0)]), 1e-4);
        close(grid([Some(3.0), Some(2.0), Some(1.0)]), 9e-2);
        assert_eq!(grid([Some(3.0), Some(1.0), Some(2.0)]), None);
        // What diverged is worse than any loss.
        assert_eq!(grid([Some(3.0), Some(1.0), None]), None);
        close(grid([None, None, Some(1.0)]), 9e-2);
        assert_eq!(grid([None; 3]), None);
        close(report(&[(1e-3, Some(1.0))]).beyond_the_edge(), 1e-3 * STEP);
    }
}
