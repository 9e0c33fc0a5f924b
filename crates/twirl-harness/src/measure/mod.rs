//! The measurement: losses at many rotations, split into their parts, over held-out molecules.

mod measured;
mod plan;
mod stack;
mod sums;

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData, Transaction};
use rayon::prelude::*;
use twirl_core::{CoreError, MoleculeFigures, Rotation};
use twirl_layers::with_precision;
use twirl_record::{Split, TermRecord};

use crate::{Arm, Role, Rotations, RunError, Score, Task, Term};
use stack::Stack;
use sums::Sums;

pub use measured::{Measured, TermMeasured};
pub use plan::{Plan, Prepared};
pub(crate) use plan::{distinct, rotations_of, thinned};
pub(crate) use stack::host_values;
use stack::values;

/// A figure beside the loss.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreValue {
    /// Unit.
    pub unit: &'static str,
    /// Value over all items and rotations.
    pub value: f64,
}

/// The result of [`measure`].
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The training loss.
    pub total: Measured,
    /// The training loss of predicting zero for the same molecules.
    pub zero: f64,
    /// The training loss under the first bootstrap resamples; empty with too few molecules.
    pub loss_replicates: Vec<f64>,
    /// Its terms and the reported ones.
    pub terms: BTreeMap<&'static str, TermMeasured>,
    /// Figures beside the loss.
    pub scores: BTreeMap<&'static str, ScoreValue>,
    /// Rotations of each item.
    pub rotations: usize,
    /// Units of the bootstrap: molecules, or blocks of frames where molecules are few.
    pub molecules: usize,
}

impl Measurement {
    /// The training loss against the numerical floor.
    pub fn split(&self, floor: &Floor) -> Split {
        let trained = self
            .terms
            .iter()
            .filter(|(_, term)| term.role == Role::Train);
        let floors = trained.map(|(name, term)| term.floor(floor.of(name)));
        self.total.record(floors.sum())
    }

    /// The terms against the numerical floor.
    pub fn term_records(&self, floor: &Floor) -> BTreeMap<String, TermRecord> {
        let record = |(&name, term): (&&'static str, &TermMeasured)| {
            let split = term.measured.record(term.floor(floor.of(name)));
            let trained = term.role == Role::Train;
            (
                name.to_owned(),
                TermRecord {
                    split,
                    relative_equiv: term.relative(),
                    trained,
                    spectrum: term.spectrum.clone(),
                    parity: term.parity,
                },
            )
        };
        self.terms.iter().map(record).collect()
    }

    /// The scores as `name (unit)`.
    pub fn score_records(&self) -> BTreeMap<String, f64> {
        let record = |(name, score): (&&'static str, &ScoreValue)| {
            let name = if score.unit.is_empty() {
                (*name).to_owned()
            } else {
                format!("{name} ({})", score.unit)
            };
            (name, score.value)
        };
        self.scores.iter().map(record).collect()
    }
}

/// What rounding leaves of the exactly equivariant reference: its squared equivariance error over the
/// squared size of its predictions, per term.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor(BTreeMap<&'static str, f64>);

impl Floor {
    /// Zero for a term that the reference predicts as zero: there is nothing to round.
    fn of(&self, term: &str) -> f64 {
        self.0.get(term).copied().unwrap_or(0.0)
    }
}

/// Scores summed over batches and rotations.
#[derive(Default)]
struct Scores(BTreeMap<&'static str, (&'static str, bool, f64, f64)>);

impl Scores {
    fn add(&mut self, score: &Score, numerators: &TensorData, denominators: &TensorData) {
        let (_, _, numerator, denominator) = self
            .0
            .entry(score.name)
            .or_insert((score.unit, score.root, 0.0, 0.0));
        *numerator += values(numerators).sum::<f64>();
        *denominator += values(denominators).sum::<f64>();
    }

    /// All but those that are 0 / 0, which no item defines.
    fn finish(self) -> Result<BTreeMap<&'static str, ScoreValue>, CoreError> {
        let defined = self.0.into_iter();
        let defined = defined.filter(|(_, (_, _, above, below))| (*above, *below) != (0.0, 0.0));
        let value = |(name, (unit, root, above, below)): (_, (_, bool, f64, f64))| {
            let ratio = above / below;
            let value = if root { ratio.sqrt() } else { ratio };
            if value.is_finite() {
                Ok((name, ScoreValue { unit, value }))
            } else {
                Err(CoreError::Overflow { what: name })
            }
        };
        defined.map(value).collect()
    }
}

impl<T: Task> Prepared<'_, T> {
    /// Measures a model: every item at every rotation of the plan, untwisted, split and averaged.
    ///
    /// # Errors
    /// If a batch cannot be made, or a prediction is not finite: the error names the rotation.
    pub fn measure<A: Arm<T>>(&self, model: &A) -> Result<Measurement, RunError> {
        let (sums, scores) = self.sums(model)?;
        Ok(Measurement {
            total: sums.total().map_err(of_core)?,
            zero: sums.zero(),
            loss_replicates: sums.loss_replicates().map_err(of_core)?,
            terms: sums.terms().map_err(of_core)?.into_iter().collect(),
            scores: scores.finish().map_err(of_core)?,
            rotations: self.plan.rotations(),
            molecules: self.plan.units(self.task),
        })
    }

    /// Measures the exactly equivariant reference of the task, for its rounding.
    ///
    /// # Errors
    /// Those of [`Prepared::measure`].
    pub fn floor(&self, reference: &T::Reference) -> Result<Floor, RunError> {
        let (sums, _) = self.sums(reference)?;
        Ok(Floor(sums.relative().collect()))
    }

    fn sums<A: Arm<T>>(&self, model: &A) -> Result<(Sums, Scores), RunError> {
        let mut sums: Option<Sums> = None;
        let mut scores = Scores::default();
        for (group, (draw, items)) in self.groups().into_iter().enumerate() {
            let drawn: Vec<Vec<Rotation>> = items
                .iter()
                .map(|&item| self.plan.draw(item, draw))
                .collect::<Result<_, _>>()
                .map_err(of_core)?;
            let stacks = self.stacks(model, &self.batch(group)?, &drawn, &mut scores)?;
            let sums = match &mut sums {
                Some(sums) => sums,
                none => none.insert(Sums::new(&stacks, self.plan).map_err(of_core)?),
            };
            let of_item = |(index, rotations): (usize, &Vec<Rotation>)| {
                let figures = stacks.iter();
                let figures = figures.map(|stack| stack.figures(index, self.plan, rotations));
                figures.collect::<Result<Vec<MoleculeFigures>, CoreError>>()
            };
            let figures: Vec<_> = drawn.par_iter().enumerate().map(of_item).collect();
            for (&item, figures) in items.iter().zip(figures) {
                let unit = self.plan.unit(self.task, item) as u64;
                let added = figures.and_then(|figures| sums.add(unit, &figures));
                added.map_err(of_core)?;
            }
        }
        Ok((sums.expect("a prepared plan has items"), scores))
    }

    /// Turns, predicts and untwists a batch, some rotations of every item in a pass. What passes leave is
    /// read from the device together, so that it does not wait between them.
    fn stacks<A: Arm<T>>(
        &self,
        model: &A,
        batch: &T::Batch,
        drawn: &[Vec<Rotation>],
        scores: &mut Scores,
    ) -> Result<Vec<Stack>, RunError> {
        let mut stacks: Vec<Stack> = Vec::new();
        let mut unread = Unread::default();
        let (items, all) = (drawn.len(), self.plan.rotations());
        let together = self.plan.together(items);
        for first in (0..all).step_by(together) {
            let turns = first..first + together;
            let chosen = turns.flat_map(|turn| drawn.iter().map(move |of_item| of_item[turn]));
            let rotations = Rotations::new(chosen.collect(), self.device);
            let turned = self.task.rotate(batch, &rotations)?;
            let predicted = with_precision(self.plan.products, || model.predict(&turned));
            let output = self.task.untwist(predicted, &rotations);
            let terms = self.task.terms(&output, batch);
            if first == 0 {
                let stack = |term| Stack::new(term, items);
                stacks = terms.iter().map(stack).collect();
            }
            unread.hold(terms, self.task.scores(&output, batch));
            if unread.numbers > UNREAD || first + together == all {
                std::mem::take(&mut unread).read(&mut stacks, scores);
            }
        }
        Ok(stacks)
    }
}

/// Numbers that may wait on the device to be read.
const UNREAD: usize = 1 << 24;

/// What passes left on the device.
#[derive(Default)]
struct Unread {
    passes: Vec<(Vec<Tensor<3>>, Vec<Score>)>,
    numbers: usize,
}

impl Unread {
    fn hold(&mut self, terms: Vec<Term>, scores: Vec<Score>) {
        let predictions: Vec<_> = terms.into_iter().map(|term| term.prediction).collect();
        let sizes = predictions.iter();
        self.numbers += sizes
            .map(|prediction| prediction.shape().num_elements())
            .sum::<usize>();
        self.passes.push((predictions, scores));
    }

    /// Reads everything at once.
    fn read(mut self, stacks: &mut [Stack], scores: &mut Scores) {
        let mut reads = Transaction::default();
        for (predictions, measured) in &mut self.passes {
            for prediction in predictions.drain(..) {
                reads = reads.register(prediction);
            }
            for score in measured.iter() {
                reads = reads.register(score.numerator.clone());
                reads = reads.register(score.denominator.clone());
            }
        }
        let mut read = reads.execute().into_iter();
        for (_, measured) in &self.passes {
            for (stack, predictions) in stacks.iter_mut().zip(read.by_ref()) {
                stack.push(predictions);
            }
            for score in measured {
                let [above, below] = [(); 2].map(|()| read.next().expect("registered above"));
                scores.add(score, &above, &below);
            }
        }
    }
}

/// Prepares a plan and measures a model once.
///
/// # Errors
/// Those of [`Prepared::new`] and [`Prepared::measure`].
pub fn measure<T: Task, A: Arm<T>>(
    task: &T,
    model: &A,
    plan: &Plan,
    device: &Device,
) -> Result<Measurement, RunError> {
    Prepared::new(task, plan, device)?.measure(model)
}

fn of_core(cause: CoreError) -> RunError {
    RunError::Measure { step: 0, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(above: f64, below: f64) -> Result<Option<f64>, CoreError> {
        let tensor = |value: f64| Tensor::<1>::from_floats([value], &Device::flex());
        let score = Score {
            name: "ratio",
            unit: "",
            numerator: tensor(above),
            denominator: tensor(below),
            root: true,
        };
        let mut scores = Scores::default();
        let data = [&score.numerator, &score.denominator].map(|part| part.to_data());
        scores.add(&score, &data[0], &data[1]);
        let finished = scores.finish()?;
        Ok(finished.get("ratio").map(|score| score.value))
    }

    #[test]
    fn a_score_without_items_is_absent_and_one_out_of_range_is_an_error() {
        assert_eq!(finished(8.0, 2.0), Ok(Some(2.0)));
        assert_eq!(finished(0.0, 0.0), Ok(None));
        let error = Err(CoreError::Overflow { what: "ratio" });
        assert_eq!(finished(1.0, 0.0), error);
        assert_eq!(finished(f64::MAX, 1.0), error);
    }
}
