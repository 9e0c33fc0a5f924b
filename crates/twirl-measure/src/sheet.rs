//! Sums over rows, and the results that follow from them.

use serde::{Deserialize, Serialize};
use twirl_core::{CoreError, Criterion, Interval, Loss, MoleculeFigures, Tally, tolerance};

use crate::doubts::{digits, offset, without_symmetry};
use crate::elements::{self, Elements};
use crate::error::MeasureError;
use crate::notes::Note;
use crate::results::{Estimate, Parts, TermFigures};
use crate::subject::{About, Subject};

/// Columns of a term in the tally: loss, mean, equiv; the same of the squared loss; size; spectrum.
pub(crate) const OF_SQUARED: usize = 3;
const SIZE: usize = 6;
pub(crate) const POWERS: usize = 7;

/// Sums of a term that carry no interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) zero: f64,
    squared_zero: f64,
    /// Over rows that have a parity error, and their number.
    parity: (f64, usize),
    /// Fewest powers of a row.
    powers: Option<usize>,
    /// Rows whose predictions and targets are all zero, and rows with one block of several.
    without: [usize; 2],
    /// Over blocks: weight and weighted target, `[dim]`.
    weights: f64,
    target: Vec<f64>,
    #[serde(default)]
    pub(crate) elements: Elements,
}

impl Sums {
    pub(crate) fn new(dim: usize) -> Self {
        Self {
            zero: 0.0,
            squared_zero: 0.0,
            parity: (0.0, 0),
            powers: None,
            without: [0; 2],
            weights: 0.0,
            target: vec![0.0; dim],
            elements: Elements::new(),
        }
    }

    /// Components of a block.
    pub(crate) fn dim(&self) -> usize {
        self.target.len()
    }

    pub(crate) fn add(&mut self, found: &MoleculeFigures, target: &[f64], weight: &[f64]) {
        self.zero += found.zero;
        self.without[0] += usize::from(found.size == 0.0 && target.iter().all(|y| *y == 0.0));
        let present = weight.iter().filter(|w| **w > 0.0).count();
        self.without[1] += usize::from(weight.len() > 1 && present == 1);
        let mut squares = 0.0;
        for (block, w) in target.chunks_exact(self.target.len()).zip(weight) {
            squares += w * block.iter().map(|y| y * y).sum::<f64>();
            self.weights += w;
            let sums = self.target.iter_mut().zip(block);
            sums.for_each(|(sum, y)| *sum += w * y);
        }
        self.squared_zero += squares;
        if let Some(parity) = found.parity {
            self.parity = (self.parity.0 + parity, self.parity.1 + 1);
        }
        let powers = found.spectrum.as_ref().map_or(0, Vec::len);
        self.powers = Some(self.powers.map_or(powers, |fewest| fewest.min(powers)));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.zero += other.zero;
        self.squared_zero += other.squared_zero;
        self.parity = (
            self.parity.0 + other.parity.0,
            self.parity.1 + other.parity.1,
        );
        self.powers = match (self.powers, other.powers) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        for (own, count) in self.without.iter_mut().zip(other.without) {
            *own += count;
        }
        self.weights += other.weights;
        elements::merge(&mut self.elements, &other.elements);
        for (own, sum) in self.target.iter_mut().zip(&other.target) {
            *own += sum;
        }
    }
}

/// The tally with what surrounds it.
pub(crate) struct Sheet<'a> {
    pub(crate) of: &'a Subject,
    pub(crate) tally: &'a Tally,
    pub(crate) rows: usize,
    /// Whether rotations are shared, so that there is no interval.
    pub(crate) shared: bool,
}

impl Sheet<'_> {
    fn estimate(
        &self,
        found: Result<Interval, CoreError>,
        value: f64,
        scale: f64,
    ) -> Result<Estimate, MeasureError> {
        let interval = match found {
            _ if self.shared => None,
            Ok(interval) => Some([scale * interval.low, scale * interval.high]),
            Err(CoreError::TooFewMolecules { .. } | CoreError::ZeroDenominator { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Estimate { value, interval })
    }

    pub(crate) fn parts(
        &self,
        first: usize,
        zero: f64,
        vanishes: bool,
    ) -> Result<Parts, MeasureError> {
        let tally = self.tally;
        let mean = |column: usize| self.estimate(tally.interval(column), tally.mean(column)?, 1.0);
        let (loss, equiv) = (tally.mean(first)?, tally.mean(first + 2)?);
        let percent = if vanishes {
            None
        } else {
            let ratio = tally.ratio(first + 2, first);
            Some(self.estimate(ratio, 100.0 * equiv / loss, 100.0)?)
        };
        Ok(Parts {
            loss: mean(first)?,
            loss_mean: mean(first + 1)?,
            loss_equiv: mean(first + 2)?,
            percent_equiv: percent,
            loss_of_zero: zero,
            loss_over_zero: (zero > 0.0).then(|| loss / zero),
        })
    }

    pub(crate) fn term(
        &self,
        term: &About,
        first: usize,
        sums: &Sums,
        notes: &mut Vec<Note>,
    ) -> Result<TermFigures, MeasureError> {
        let tally = self.tally;
        let size = tally.mean(first + SIZE)?;
        let rows = self.rows as f64;
        let squared_zero = sums.squared_zero / rows;
        let loss = term.criterion()?;
        let residual = loss != Criterion::CrossEntropy;
        // Nothing is left of a loss that rounding alone would make: in single precision that of storing
        // targets turned there and back, which energies of large molecules come close to.
        let floor = if term.single {
            (2.0 * tolerance::F32.epsilon).powi(2)
        } else {
            tolerance::F64.floor
        };
        let squared_loss = tally.mean(first + OF_SQUARED)?;
        let vanishes = tally.mean(first)? == 0.0
            || (residual && squared_loss <= floor * (size + squared_zero));
        let relative = |column: usize| Ok::<f64, CoreError>(tally.mean(column)? / size);
        let parts = self.parts(first, sums.zero / rows, vanishes)?;
        let squared = loss == Criterion::Residual(Loss::Squared);
        let no_spectrum = self.no_spectrum(sums, size);
        let spectrum = if no_spectrum.is_none() {
            let power = |column| {
                let ratio = tally.ratio(column, first + SIZE);
                self.estimate(ratio, relative(column)?, 1.0)
            };
            let columns = first + POWERS..first + POWERS + sums.powers.unwrap_or(0);
            Some(columns.map(power).collect::<Result<Vec<_>, _>>()?)
        } else {
            None
        };
        let twirled = |count: usize| {
            let (mean, equiv) = (parts.loss_mean.value, parts.loss_equiv.value);
            (count, mean + equiv / count as f64)
        };
        if residual {
            let equiv = tally.mean(first + OF_SQUARED + 2)?;
            notes.extend(digits(term, size, equiv, vanishes));
            let of_targets = (sums.weights, &sums.target[..], sums.squared_zero);
            notes.extend(offset(term, of_targets));
            notes.extend(without_symmetry(self.of, term, self.rows, sums.without));
        }
        Ok(TermFigures {
            name: term.name.clone(),
            kind: term.kind().to_owned(),
            loss: term.loss().to_owned(),
            blocks: term.blocks,
            dim: term.dim,
            parts,
            squared: if squared || !residual {
                None
            } else {
                Some(self.parts(first + OF_SQUARED, squared_zero, vanishes)?)
            },
            relative_equiv: if size > 0.0 {
                Some(relative(first + OF_SQUARED + 2)?)
            } else {
                None
            },
            twirled: if self.of.is_iid() && squared {
                [1, 2, 4, 8, 16, 32].map(twirled).to_vec()
            } else {
                Vec::new()
            },
            spectrum,
            no_spectrum,
            elements: elements::figures(&sums.elements, self.rows, term.dim, loss),
            parity: (sums.parity.1 == self.rows && size > 0.0).then(|| sums.parity.0 / rows / size),
        })
    }

    fn no_spectrum(&self, sums: &Sums, size: f64) -> Option<String> {
        let reason = if !self.of.turned {
            "there is no array rotation"
        } else if !self.of.powers {
            "a finite group mixes the degrees; it needs independent rotations"
        } else if sums.powers == Some(0) {
            "some rotations are improper"
        } else if size == 0.0 {
            "every prediction is zero"
        } else {
            return None;
        };
        Some(reason.to_owned())
    }
}
