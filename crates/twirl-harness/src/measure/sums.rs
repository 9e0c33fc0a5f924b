//! Sums over molecules: means of everything, and a bootstrap of what carries an interval.

use twirl_core::{CoreError, MoleculeFigures, Tally};

use super::measured::{Measured, TermMeasured};
use super::plan::Plan;
use super::stack::Stack;
use crate::Role;

/// Columns that are resampled: loss and `L_equiv`, of the whole and of every term.
const RESAMPLED: usize = 2;

/// Resamples of the loss that a record keeps.
const REPLICATES: usize = 100;

/// Plain sums of a term.
#[derive(Default, Clone)]
struct TermSums {
    mean: f64,
    squared_equiv: f64,
    size: f64,
    spectrum: Option<Vec<f64>>,
    parity: Option<f64>,
}

/// Sums over the molecules measured so far.
pub(super) struct Sums {
    heads: Vec<(&'static str, Role)>,
    tally: Tally,
    mean: f64,
    zero: f64,
    terms: Vec<TermSums>,
    count: f64,
}

impl Sums {
    pub(super) fn new(stacks: &[Stack], plan: &Plan) -> Result<Self, CoreError> {
        let heads: Vec<_> = stacks
            .iter()
            .map(|stack| (stack.name, stack.role))
            .collect();
        let columns = RESAMPLED * (1 + heads.len());
        Ok(Self {
            tally: Tally::new(plan.replicates, plan.seed, columns)?,
            terms: vec![TermSums::default(); heads.len()],
            heads,
            mean: 0.0,
            zero: 0.0,
            count: 0.0,
        })
    }

    /// Adds the terms of one molecule.
    pub(super) fn add(&mut self, unit: u64, figures: &[MoleculeFigures]) -> Result<(), CoreError> {
        let mut columns = vec![0.0; RESAMPLED];
        for ((part, sums), (_, role)) in figures.iter().zip(&mut self.terms).zip(&self.heads) {
            if *role == Role::Train {
                columns[0] += part.split.loss;
                columns[1] += part.split.equiv;
                self.mean += part.split.mean;
                self.zero += part.zero;
            }
            columns.extend([part.split.loss, part.split.equiv]);
            sums.mean += part.split.mean;
            sums.squared_equiv += part.squared.equiv;
            sums.size += part.size;
            if let Some(powers) = &part.spectrum {
                let sum = sums.spectrum.get_or_insert_with(|| vec![0.0; powers.len()]);
                sum.iter_mut()
                    .zip(powers)
                    .for_each(|(sum, power)| *sum += power);
            }
            if let Some(parity) = part.parity {
                *sums.parity.get_or_insert(0.0) += parity;
            }
        }
        self.count += 1.0;
        self.tally.add(unit, 1.0, &columns)
    }

    fn measured(&self, column: usize, mean: f64) -> Result<Measured, CoreError> {
        let (loss, equiv) = (self.tally.mean(column)?, self.tally.mean(column + 1)?);
        let interval = match self.tally.ratio(column + 1, column) {
            Ok(ratio) => Some((100.0 * ratio.low, 100.0 * ratio.high)),
            Err(CoreError::TooFewMolecules { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Measured {
            loss,
            mean: mean / self.count,
            equiv,
            percent: 100.0 * equiv / loss,
            interval,
        })
    }

    /// The training loss.
    pub(super) fn total(&self) -> Result<Measured, CoreError> {
        self.measured(0, self.mean)
    }

    /// The training loss of predicting zero.
    pub(super) fn zero(&self) -> f64 {
        self.zero / self.count
    }

    /// Size of the squared equivariance error over the squared size of the predictions, for every term
    /// whose predictions are not all zero.
    pub(super) fn relative(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let sized = self.heads.iter().zip(&self.terms);
        let sized = sized.filter(|(_, sums)| sums.size > 0.0);
        sized.map(|((name, _), sums)| (*name, (sums.squared_equiv / sums.size).abs()))
    }

    /// The training loss under the first resamples, to six digits; empty with too few molecules for
    /// an interval.
    pub(super) fn loss_replicates(&self) -> Result<Vec<f64>, CoreError> {
        match self.tally.interval(0) {
            Ok(_) => {}
            Err(CoreError::TooFewMolecules { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
        let replicates = self.tally.resampled(0, REPLICATES)?.unwrap_or_default();
        let rounded = |value: f64| format!("{value:.5e}").parse().expect("it was a number");
        Ok(replicates.into_iter().map(rounded).collect())
    }

    /// Every term whose loss is not zero throughout. A term of weight zero, like a time bin that
    /// no sample falls into, has no percentage and is left out.
    pub(super) fn terms(&self) -> Result<Vec<(&'static str, TermMeasured)>, CoreError> {
        let mut terms = Vec::new();
        for (index, (&(name, role), sums)) in self.heads.iter().zip(&self.terms).enumerate() {
            let measured = match self.measured(RESAMPLED * (1 + index), sums.mean) {
                Ok(measured) => measured,
                Err(CoreError::ZeroDenominator { .. }) => continue,
                Err(error) => return Err(error),
            };
            let sized = sums.size > 0.0;
            let spectrum = sums.spectrum.iter().flatten().filter(|_| sized);
            terms.push((
                name,
                TermMeasured {
                    measured,
                    squared_equiv: sums.squared_equiv / self.count,
                    size: sums.size / self.count,
                    spectrum: spectrum.map(|&power| power / sums.size).collect(),
                    parity: sums
                        .parity
                        .filter(|_| sized)
                        .map(|parity| parity / sums.size),
                    role,
                },
            ));
        }
        Ok(terms)
    }
}
