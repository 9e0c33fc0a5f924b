//! From predictions to loss, parts, intervals and spectrum.

use serde::Serialize;
use twirl_core::{
    CoreError, Coverage, Criterion, Design, Interval, Loss, Molecule, MoleculeFigures, Powers,
    Tally, measure_molecule, tolerance,
};

use crate::error::MeasureError;
use crate::notes::{Note, NoteCode};
use crate::predictions::{Checked, Predictions};
use crate::sampling::Rule;
use crate::settings::{Options, loss_name};

/// Number of the shape of [`Figures`] as JSON. It grows when a name changes its meaning or goes.
pub const SCHEMA: u32 = 2;

/// A figure with its 95 % interval over molecules, absent with too few of them or where rotations
/// are shared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Low and high end.
    pub interval: Option<[f64; 2]>,
}

/// A loss and its parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parts {
    /// `L`.
    pub loss: Estimate,
    /// `L_mean`, the loss of the twirled prediction.
    pub loss_mean: Estimate,
    /// `L_equiv = L - L_mean`.
    pub loss_equiv: Estimate,
    /// `100 L_equiv / L`; absent where predictions equal targets up to rounding.
    pub percent_equiv: Option<Estimate>,
    /// The loss of predicting zero, `L0`.
    pub loss_of_zero: f64,
    /// `L / L0`; absent where every target is zero.
    pub loss_over_zero: Option<f64>,
}

/// The figures of one term.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermFigures {
    /// Its name; empty for the only term of an input.
    pub name: String,
    /// How outputs turn.
    pub kind: String,
    /// The loss.
    pub loss: String,
    /// Blocks of a molecule.
    pub blocks: usize,
    /// Components of a block, those of a symmetric matrix written out.
    pub dim: usize,
    /// The loss and its parts.
    pub parts: Parts,
    /// The squared loss beside another one.
    pub squared: Option<Parts>,
    /// Squared symmetry error over mean squared prediction; absent where every prediction is zero.
    pub relative_equiv: Option<f64>,
    /// Loss of the prediction twirled over M draws, `L_mean + L_equiv / M`, as pairs of M and loss:
    /// squared loss and independent rotations only.
    pub twirled: Vec<(usize, f64)>,
    /// `S_l` over the mean squared prediction, l from 0.
    pub spectrum: Option<Vec<Estimate>>,
    /// Why there is no spectrum.
    pub no_spectrum: Option<String>,
    /// Parity error over the mean squared prediction, where every rotation comes with its negative.
    pub parity: Option<f64>,
}

/// Everything that is said of predictions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Rows measured.
    pub rows: usize,
    /// Units of the bootstrap among them.
    pub molecules: usize,
    /// Rotations of each.
    pub rotations: usize,
    /// How they were chosen.
    pub design: String,
    /// The group whose symmetry is measured: `SO(3)`, `O(3)` or the name of a finite group.
    pub group: String,
    /// Largest degree of predictions for which `L_mean` is that of all rotations; absent where it
    /// is that at every degree.
    pub resolves: Option<usize>,
    /// The terms.
    pub terms: Vec<TermFigures>,
    /// The sum of several terms.
    pub total: Option<Parts>,
    /// Why no figure has an interval, whatever the number of molecules.
    pub no_interval: Option<String>,
    /// Remarks.
    pub notes: Vec<Note>,
}

/// Columns of a term in the tally: loss, mean, equiv; the same of the squared loss; size; spectrum.
const OF_SQUARED: usize = 3;
const SIZE: usize = 6;
const POWERS: usize = 7;

/// Sums of a term that carry no interval.
#[derive(Debug, Clone, Default)]
struct Sums {
    zero: f64,
    squared_zero: f64,
    parity: Option<f64>,
    powers: usize,
}

/// Measures predictions.
///
/// # Errors
/// [`MeasureError::Row`] for a row that cannot be measured, [`MeasureError::Core`] for options out of
/// range.
pub fn figures(of: &Predictions, options: &Options) -> Result<Figures, MeasureError> {
    let width = POWERS + options.degree + 1;
    let mut tally = Tally::new(
        options.replicates,
        options.seed,
        OF_SQUARED + width * of.terms.len(),
    )?;
    let mut sums = vec![Sums::default(); of.terms.len()];
    let mut by_unit = std::collections::BTreeMap::new();
    for &row in &of.rows {
        let mut columns = vec![0.0; OF_SQUARED];
        for (term, sums) in of.terms.iter().zip(&mut sums) {
            let found = measured(of, term, row, options.degree).map_err(|source| {
                let name = if term.name.is_empty() {
                    "prediction".to_owned()
                } else {
                    format!("{}.prediction", term.name)
                };
                MeasureError::Row { row, name, source }
            })?;
            sums.add(&found, &target(term, row));
            let parts = [found.split.loss, found.split.mean, found.split.equiv];
            columns
                .iter_mut()
                .zip(parts)
                .for_each(|(sum, part)| *sum += part);
            columns.extend(parts);
            columns.extend([found.squared.loss, found.squared.mean, found.squared.equiv]);
            columns.push(found.size);
            let powers = found.spectrum.unwrap_or_default();
            let missing = options.degree + 1 - powers.len();
            columns.extend(powers);
            columns.extend(std::iter::repeat_n(0.0, missing));
        }
        *by_unit.entry(of.units[row]).or_insert(0.0) += columns[0];
        tally.add(of.units[row], 1.0, &columns)?;
    }
    let sheet = Sheet {
        of,
        tally: &tally,
        rows: of.rows.len() as f64,
    };
    let mut notes = of.notes.clone();
    let (group, resolves) = covered(of, &mut notes);
    let terms = of.terms.iter().zip(&sums).enumerate();
    let terms = terms.map(|(place, (term, sums))| {
        let first = OF_SQUARED + width * place;
        sheet.term(term, first, sums, &mut notes)
    });
    let terms = terms.collect::<Result<Vec<_>, _>>()?;
    let total = if terms.len() > 1 {
        let zero = sums.iter().map(|sums| sums.zero).sum::<f64>();
        let vanishes = terms.iter().all(|term| term.parts.percent_equiv.is_none());
        Some(sheet.parts(0, zero / sheet.rows, vanishes)?)
    } else {
        None
    };
    notes.extend(one_molecule(&by_unit));
    Ok(Figures {
        schema: SCHEMA,
        rows: of.rows.len(),
        molecules: by_unit.len(),
        rotations: of.extent[1],
        design: of.sampling.to_string(),
        group,
        resolves,
        terms,
        total,
        no_interval: of.no_interval.clone(),
        notes,
    })
}

fn target(term: &Checked, row: usize) -> (Vec<f64>, Vec<f64>) {
    let width = term.blocks * term.dim;
    let target = term.target[row * width..(row + 1) * width].to_vec();
    let weight = term.weight[row * term.blocks..(row + 1) * term.blocks].to_vec();
    (target, weight)
}

fn measured(
    of: &Predictions,
    term: &Checked,
    row: usize,
    degree: usize,
) -> Result<MoleculeFigures, CoreError> {
    let size = of.extent[1] * term.blocks * term.dim;
    let (target, weights) = target(term, row);
    let turns = of.turns.as_ref().map(|turns| turns[row].as_slice());
    let molecule = Molecule {
        predictions: &term.values[row * size..(row + 1) * size],
        target: &target,
        weights: &weights,
        dim: term.dim,
        rotations: turns,
    };
    measure_molecule(of.rule.of(row), of.symmetry, term.loss, &molecule, degree)
}

impl Sums {
    fn add(&mut self, found: &MoleculeFigures, (target, weight): &(Vec<f64>, Vec<f64>)) {
        self.zero += found.zero;
        let blocks = target.chunks_exact(target.len() / weight.len()).zip(weight);
        let square = |(block, w): (&[f64], &f64)| w * block.iter().map(|y| y * y).sum::<f64>();
        self.squared_zero += blocks.map(square).sum::<f64>();
        if let Some(parity) = found.parity {
            *self.parity.get_or_insert(0.0) += parity;
        }
        self.powers = found.spectrum.as_ref().map_or(0, Vec::len);
    }
}

/// The group by its name, and the degree up to which it stands for all rotations.
fn covered(of: &Predictions, notes: &mut Vec<Note>) -> (String, Option<usize>) {
    let least = (0..of.extent[0]).map(|row| of.rule.of(row).coverage());
    let mut degree = usize::MAX;
    for coverage in least {
        match coverage {
            Coverage::Haar => return (of.symmetry.name().into(), None),
            Coverage::Finite(group) => {
                let name = of.symmetry.name();
                notes.push(Note::new(
                    NoteCode::FiniteDegree,
                    format!(
                        "symmetry under the {} rotations of the {} group: L_mean is that of {name} \
                         for outputs of degree up to {}, and an error that the group shares is not \
                         seen",
                        group.order_under(of.symmetry),
                        group.name(),
                        group.degree()
                    ),
                ));
                return (group.name().into(), Some(group.degree()));
            }
            Coverage::Degree(found) => degree = degree.min(found),
        }
        if let Rule::Nodes(nodes) = &of.rule
            && nodes.len() == 1
        {
            break;
        }
    }
    let name = of.symmetry.name();
    notes.push(Note::new(
        NoteCode::FiniteDegree,
        format!(
            "the weighted rotations integrate {name} exactly up to degree {degree}: L_mean of outputs \
             of that degree, L and L_equiv of the squared loss of outputs up to degree {}",
            degree / 2
        ),
    ));
    (name.into(), Some(degree))
}

/// A remark on one unit that carries most of a loss.
fn one_molecule(by_unit: &std::collections::BTreeMap<u64, f64>) -> Option<Note> {
    let sum: f64 = by_unit.values().sum();
    let (unit, most) = by_unit.iter().max_by(|a, b| a.1.total_cmp(b.1))?;
    (by_unit.len() >= 5 && *most > 0.5 * sum).then(|| {
        Note::new(
            NoteCode::OneMolecule,
            format!(
                "molecule {unit} alone carries {:.0} % of the loss of {} molecules: look at its label",
                100.0 * most / sum,
                by_unit.len()
            ),
        )
    })
}

/// The tally with what surrounds it.
struct Sheet<'a> {
    of: &'a Predictions,
    tally: &'a Tally,
    rows: f64,
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

    fn parts(&self, first: usize, zero: f64, vanishes: bool) -> Result<Parts, MeasureError> {
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

    fn term(
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
        // Nothing is left of a loss that rounding alone would make.
        let floor = if term.single {
            tolerance::F32.floor
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
            notes.extend(self.digits(term, first, size, vanishes)?);
            notes.extend(offset(term, squared_zero, self.rows));
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

    /// What single precision adds to the symmetry error, and predictions that equal targets.
    fn digits(
        &self,
        term: &Checked,
        first: usize,
        size: f64,
        vanishes: bool,
    ) -> Result<Vec<Note>, MeasureError> {
        let mut notes = Vec::new();
        let of = if term.name.is_empty() {
            String::new()
        } else {
            format!("{}: ", term.name)
        };
        if vanishes {
            let text = "predictions equal targets up to rounding: there is no percentage";
            notes.push(Note::new(NoteCode::Rounding, format!("{of}{text}")));
            return Ok(notes);
        }
        let equiv = self.tally.mean(first + OF_SQUARED + 2)?;
        // The spacing of numbers of this size, as the width of a uniform error.
        let rounding = size * tolerance::F32.epsilon.powi(2) / 12.0;
        if term.single && rounding > 0.01 * equiv.abs() {
            notes.push(Note::new(
                NoteCode::Rounding,
                format!(
                    "{of}float32 rounds predictions of this size by {:.1e} (root mean square), which \
                     is {:.0} % of L_equiv or more: write float64, or subtract what molecules share",
                    rounding.sqrt(),
                    100.0 * (rounding / equiv.abs()).min(1.0)
                ),
            ));
        }
        Ok(notes)
    }
}

/// Targets far from zero beside their spread: ratios to the loss of zero mean little.
fn offset(term: &Checked, squared_zero: f64, rows: f64) -> Option<Note> {
    let blocks = term.target.chunks_exact(term.dim).zip(&term.weight);
    let mut mean = vec![0.0; term.dim];
    let mut weights = 0.0;
    for (block, weight) in blocks {
        weights += weight;
        mean.iter_mut()
            .zip(block)
            .for_each(|(sum, y)| *sum += weight * y);
    }
    let square = mean.iter().map(|sum| (sum / weights).powi(2)).sum::<f64>();
    let total = squared_zero * rows / weights;
    let spread = (total - square).max(0.0);
    (square > 25.0 * spread && spread > 0.0).then(|| {
        let of = if term.name.is_empty() {
            String::new()
        } else {
            format!("{}: ", term.name)
        };
        Note::new(
            NoteCode::Offset,
            format!(
                "{of}targets share an offset of {:.3e}, {:.0} times their spread: L / L0 and L_equiv / \
                 E|f|^2 are measured against it; subtract it from predictions and targets",
                square.sqrt(),
                (square / spread).sqrt()
            ),
        )
    })
}
