//! Sums over molecules: means of everything, and a bootstrap of what carries an interval.

use std::collections::BTreeMap;

use twirl_core::{CoreError, Tally};

use super::stack::{DEGREE, Part, Stack};
use super::{Measured, Plan, TermMeasured};
use crate::Role;

/// Columns that are resampled: loss and `L_equiv`, of the whole and of every term.
const RESAMPLED: usize = 2;

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
    pub(super) fn add(&mut self, unit: u64, parts: &[Part]) -> Result<(), CoreError> {
        let mut columns = vec![0.0; RESAMPLED];
        for ((part, sums), (_, role)) in parts.iter().zip(&mut self.terms).zip(&self.heads) {
            if *role == Role::Train {
                columns[0] += part.split.loss;
                columns[1] += part.split.equiv;
                self.mean += part.split.mean;
                self.zero += part.zero;
            }
            columns.extend([part.split.loss, part.split.equiv]);
            sums.mean += part.split.mean;
            sums.squared_equiv += part.squared_equiv;
            sums.size += part.size;
            if let Some(powers) = &part.spectrum {
                let sum = sums.spectrum.get_or_insert_with(|| vec![0.0; DEGREE + 1]);
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

    /// `L_equiv` in all and per term.
    pub(super) fn equiv(&self) -> Result<(f64, BTreeMap<&'static str, f64>), CoreError> {
        let terms = self.heads.iter().enumerate();
        Ok((
            self.tally.mean(1)?,
            terms
                .map(|(index, &(name, _))| {
                    Ok((name, self.tally.mean(RESAMPLED * (1 + index) + 1)?))
                })
                .collect::<Result<_, CoreError>>()?,
        ))
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
            let relative = |value: f64| value / sums.size;
            let spectrum = sums.spectrum.iter().flatten();
            terms.push((
                name,
                TermMeasured {
                    measured,
                    relative: relative(sums.squared_equiv),
                    spectrum: spectrum.map(|&power| relative(power)).collect(),
                    parity: sums.parity.map(relative),
                    role,
                },
            ));
        }
        Ok(terms)
    }
}
