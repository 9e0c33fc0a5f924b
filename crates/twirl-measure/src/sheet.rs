//! Sums over rows, and the results that follow from them.

use twirl_core::{
    CoreError, Criterion, Design, Interval, Loss, MoleculeFigures, Powers, Tally, tolerance,
};

use crate::doubts::{digits, offset, without_symmetry};
use crate::error::MeasureError;
use crate::notes::Note;
use crate::predictions::Predictions;
use crate::results::{Estimate, Parts, TermFigures};
use crate::sampling::Rule;
use crate::settings::loss_name;
use crate::terms::Checked;

/// Columns of a term in the tally: loss, mean, equiv; the same of the squared loss; size; spectrum.
pub(crate) const OF_SQUARED: usize = 3;
const SIZE: usize = 6;
pub(crate) const POWERS: usize = 7;

/// Sums of a term that carry no interval.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    pub(crate) zero: f64,
    squared_zero: f64,
    parity: Option<f64>,
    powers: usize,
    /// Rows whose predictions and targets are all zero, and rows with one block of several.
    without: [usize; 2],
}

impl Sums {
    pub(crate) fn add(&mut self, found: &MoleculeFigures, target: &[f64], weight: &[f64]) {
        self.zero += found.zero;
        self.without[0] += usize::from(found.size == 0.0 && target.iter().all(|y| *y == 0.0));
        let present = weight.iter().filter(|w| **w > 0.0).count();
        self.without[1] += usize::from(weight.len() > 1 && present == 1);
        let blocks = target.chunks_exact(target.len() / weight.len()).zip(weight);
        let square = |(block, w): (&[f64], &f64)| w * block.iter().map(|y| y * y).sum::<f64>();
        self.squared_zero += blocks.map(square).sum::<f64>();
        if let Some(parity) = found.parity {
            *self.parity.get_or_insert(0.0) += parity;
        }
        self.powers = found.spectrum.as_ref().map_or(0, Vec::len);
    }
}

/// The tally with what surrounds it.
pub(crate) struct Sheet<'a> {
    pub(crate) of: &'a Predictions,
    pub(crate) tally: &'a Tally,
    pub(crate) rows: f64,
}

impl Sheet<'_> {
    fn estimate(
        &self,
        found: Result<Interval, CoreError>,
        value: f64,
        scale: f64,
    ) -> Result<Estimate, MeasureError> {
        let interval = match found {
            _ if self.of.no_interval.is_some() => None,
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
        term: &Checked,
        first: usize,
        sums: &Sums,
        notes: &mut Vec<Note>,
    ) -> Result<TermFigures, MeasureError> {
        let tally = self.tally;
        let size = tally.mean(first + SIZE)?;
        let squared_zero = sums.squared_zero / self.rows;
        let residual = term.loss != Criterion::CrossEntropy;
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
        let parts = self.parts(first, sums.zero / self.rows, vanishes)?;
        let iid = matches!(self.of.rule, Rule::Design(Design::Iid { .. }));
        let squared = term.loss == Criterion::Residual(Loss::Squared);
        let no_spectrum = self.no_spectrum(sums, size);
        let spectrum = if no_spectrum.is_none() {
            let power = |column| {
                let ratio = tally.ratio(column, first + SIZE);
                self.estimate(ratio, relative(column)?, 1.0)
            };
            let columns = first + POWERS..first + POWERS + sums.powers;
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
            notes.extend(offset(term, squared_zero, self.rows));
            notes.extend(without_symmetry(self.of, term, sums.without));
        }
        Ok(TermFigures {
            name: term.name.clone(),
            kind: term.kind.to_string(),
            loss: loss_name(&term.loss),
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
            twirled: if iid && squared {
                [1, 2, 4, 8, 16, 32].map(twirled).to_vec()
            } else {
                Vec::new()
            },
            spectrum,
            no_spectrum,
            parity: sums
                .parity
                .filter(|_| size > 0.0)
                .map(|parity| parity / self.rows / size),
        })
    }

    fn no_spectrum(&self, sums: &Sums, size: f64) -> Option<String> {
        let reason = if self.of.turns.is_none() {
            "there is no array rotation"
        } else if self.of.rule.of(0).powers() == Powers::Absent {
            "a finite group mixes the degrees; it needs independent rotations"
        } else if sums.powers == 0 {
            "some rotations are improper"
        } else if size == 0.0 {
            "every prediction is zero"
        } else {
            return None;
        };
        Some(reason.to_owned())
    }
}
