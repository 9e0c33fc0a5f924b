//! Ways to predict: arms in their sizes, as they are or averaged over rotations.

use twirl_compare::{ArmRuns, Ladder, Way};
use twirl_record::{Split, Training};

use super::cost::{ITS_SIZE, PredictionCost};

const NOT_SQUARED: &str =
    "the loss is not squared, so L_mean and L_equiv do not give that of a mean";

/// An arm in one of its sizes, trained, with what a prediction costs.
pub(in crate::studies) struct Predicted<'a> {
    pub(in crate::studies) size: Option<&'a str>,
    pub(in crate::studies) training: Training,
    pub(in crate::studies) runs: &'a ArmRuns,
    pub(in crate::studies) cost: Option<&'a PredictionCost>,
}

impl Predicted<'_> {
    pub(super) fn name(&self) -> &str {
        self.size.unwrap_or(ITS_SIZE)
    }

    /// Geometric mean over seeds of the last loss.
    pub(super) fn loss(&self) -> f64 {
        let logarithms = self.last(|split| split.loss.ln());
        logarithms.exp()
    }

    /// Share of the last loss that is left of it in a mean over rotations.
    fn left(&self, rotations: u32) -> f64 {
        let equiv = self.last(|split| split.percent_equiv / 100.0);
        1.0 - equiv + equiv / f64::from(rotations)
    }

    fn last(&self, figure: impl Fn(&Split) -> f64) -> f64 {
        let records = self.runs.last_records();
        let sum: f64 = records.iter().map(|record| figure(&record.split)).sum();
        sum / records.len() as f64
    }
}

/// An arm with its sizes.
pub(super) struct Sizes<'a> {
    pub(super) arm: &'a str,
    pub(super) task: &'a str,
    pub(super) training: Training,
    pub(super) each: Vec<&'a Predicted<'a>>,
}

impl Sizes<'_> {
    pub(super) fn ladder(&self) -> Ladder<'_> {
        let sizes = self.each.iter().map(|one| (one.name(), one.runs));
        Ladder {
            arm: self.arm,
            sizes: sizes.collect(),
        }
    }

    /// Its sizes as they are, and with `rotations` those that are averaged over so many of them, by the seconds of
    /// a molecule alone (0) or in a batch (1).
    pub(super) fn ways(&self, batched: usize, rotations: &[u32]) -> Vec<Way> {
        let timed = self.each.iter().enumerate();
        let timed = timed.filter_map(|(place, one)| Some((place, one, one.cost?)));
        timed
            .flat_map(|(size, one, cost)| {
                let (_, seconds) = cost.each()[batched];
                let as_it_is = Way {
                    name: one.name().into(),
                    size,
                    seconds,
                    factor: 1.0,
                };
                let averaged = rotations.iter().map(move |&count| Way {
                    name: format!("{} x {count}", one.name()),
                    size,
                    seconds: seconds * f64::from(count),
                    factor: one.left(count),
                });
                std::iter::once(as_it_is).chain(averaged)
            })
            .collect()
    }

    /// Why no mean over rotations has a known loss, if so.
    pub(super) fn averaged(&self) -> Result<(), &'static str> {
        let mut costs = self.each.iter().filter_map(|one| one.cost);
        if costs.all(|cost| cost.squared) {
            Ok(())
        } else {
            Err(NOT_SQUARED)
        }
    }
}
