//! The search for a learning rate, as it went.

use serde::{Deserialize, Serialize};

/// One candidate of a search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Learning rate.
    pub rate: f64,
    /// Validation loss after the search's steps; absent if training diverged.
    pub loss: Option<f64>,
}

/// A search as it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchReport {
    /// All candidates.
    pub candidates: Vec<Candidate>,
    /// Steps of each.
    pub steps: u64,
    /// Device seconds of all together, not counted in the run's own.
    pub device_seconds: f64,
}

impl SearchReport {
    /// The learning rate with the lowest validation loss.
    pub fn best(&self) -> Option<f64> {
        self.candidates
            .iter()
            .filter_map(|candidate| Some((candidate.rate, candidate.loss?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(rate, _)| rate)
    }

    /// Whether the best is the smallest or largest candidate, so that a wider search could help.
    pub fn at_edge(&self) -> bool {
        let rates = || self.candidates.iter().map(|candidate| candidate.rate);
        self.best().is_some_and(|best| {
            rates().all(|rate| rate >= best) || rates().all(|rate| rate <= best)
        })
    }
}
