//! Predictions part by part: rows measured, summed, resampled.

use std::collections::BTreeMap;

use twirl_core::{CoreError, Molecule, MoleculeFigures, Tally, measure_molecule};

use crate::by_element;
use crate::doubts::{covered, left_out, one_molecule};
use crate::drawn::Drawn;
use crate::elements::Elements;
use crate::error::MeasureError;
use crate::notes::{Note, NoteCode};
use crate::predictions::Predictions;
use crate::readings::{self, ROWS, Trial};
use crate::results::{Figures, SCHEMA};
use crate::rows::{Rows, TermRows};
use crate::settings::Options;
use crate::sheet::{OF_SQUARED, POWERS, Sheet, Sums};
use crate::subject::Subject;
use crate::terms::{Checked, array_name};

/// Measures predictions that come part by part, in memory that does not grow with them but for some
/// bytes of each molecule and rotation.
///
/// What it holds are sums, so that parts may come in any order, on any machine: [`Meter::merge`] adds
/// another meter, [`Meter::save`] writes one for another process. Figures are those of all parts in
/// one input, up to rounding.
#[derive(Debug, Clone)]
pub struct Meter {
    pub(crate) options: Options,
    pub(crate) held: Option<Held>,
}

/// What there is once a part has come.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) subject: Subject,
    pub(crate) tally: Tally,
    pub(crate) beside: Beside,
    /// Loss of each unit.
    pub(crate) by_unit: BTreeMap<u64, f64>,
    pub(crate) drawn: Drawn,
}

/// What stands beside the tally.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Beside {
    pub(crate) sums: Vec<Sums>,
    /// Of each term, over the first rows.
    trials: Vec<Vec<Trial>>,
    looked: usize,
    rows: usize,
    /// Rows given, also those left out.
    given: usize,
    repeated: Option<Note>,
    notes: Vec<Note>,
}

impl Beside {
    /// Whether sums are of these terms, and rows of those given.
    pub(crate) fn fits(&self, subject: &Subject) -> bool {
        let dims = self.sums.iter().map(Sums::dim);
        dims.eq(subject.terms.iter().map(|term| term.dim)) && self.rows <= self.given
    }

    fn merge(&mut self, other: &Self) {
        for (own, sums) in self.sums.iter_mut().zip(&other.sums) {
            own.merge(sums);
        }
        if self.looked == 0 {
            self.trials.clone_from(&other.trials);
            self.looked = other.looked;
        } else if self.looked < ROWS && other.looked > 0 {
            for (own, trials) in self.trials.iter_mut().zip(&other.trials) {
                readings::join(own, trials);
            }
            self.looked += other.looked;
        }
        self.rows += other.rows;
        self.given += other.given;
        if self.repeated.is_none() {
            self.repeated.clone_from(&other.repeated);
        }
        // One remark of a code: those of later parts say the same with other numbers.
        let known: Vec<NoteCode> = self.notes.iter().map(|note| note.code).collect();
        let new = other
            .notes
            .iter()
            .filter(|note| !known.contains(&note.code));
        self.notes.extend(new.cloned());
    }
}

impl Held {
    fn merge(&mut self, other: &Self) -> Result<(), MeasureError> {
        let mut subject = self.subject.clone();
        subject.join(&other.subject)?;
        self.tally.merge(&other.tally)?;
        self.subject = subject;
        self.beside.merge(&other.beside);
        for (unit, loss) in &other.by_unit {
            *self.by_unit.entry(*unit).or_insert(0.0) += loss;
        }
        self.drawn.merge(&other.drawn);
        Ok(())
    }
}

impl Meter {
    /// An empty one.
    #[must_use]
    pub const fn new(options: Options) -> Self {
        Self {
            options,
            held: None,
        }
    }

    /// Rows given so far, also those that were left out.
    #[must_use]
    pub fn given(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.beside.given)
    }

    /// Measures a part and adds it. Nothing is added on error.
    ///
    /// # Errors
    /// [`MeasureError::Differs`] if rotations, design, terms, kinds, losses or last axes are not those
    /// of the parts before, [`MeasureError::Row`] for a row that cannot be measured,
    /// [`MeasureError::Core`] for options out of range.
    pub fn add(&mut self, of: &Predictions<'_>) -> Result<Rows, MeasureError> {
        let mut joined = of.subject.clone();
        if let Some(held) = &self.held {
            joined = held.subject.clone();
            joined.join(&of.subject)?;
        }
        let degree = self.options.degree;
        let measured = of.rows.iter().map(|&row| {
            let terms = of.terms.iter().map(|term| {
                measured(of, term, row, degree).map_err(|source| {
                    let name = array_name(&term.about.name, "prediction");
                    MeasureError::Row { row, name, source }
                })
            });
            terms.collect::<Result<Vec<_>, _>>()
        });
        let measured = measured.collect::<Result<Vec<_>, _>>()?;
        let elements = by_element::sums(of)?;
        let held = match &mut self.held {
            Some(held) => held,
            None => self.held.insert(Held::new(&of.subject, &self.options)?),
        };
        held.subject = joined;
        held.take(of, &measured, elements, degree)?;
        Ok(rows(of, &measured))
    }

    /// Adds everything that another meter holds.
    ///
    /// # Errors
    /// [`MeasureError::Differs`] as for [`Meter::add`], [`MeasureError::Core`] if seed, replicates or
    /// degree differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MeasureError> {
        if self.options != other.options {
            return Err(CoreError::TallyMismatch.into());
        }
        match (&mut self.held, &other.held) {
            (_, None) => {}
            (Some(own), Some(held)) => own.merge(held)?,
            (None, Some(held)) => self.held = Some(held.clone()),
        }
        Ok(())
    }

    /// The figures of everything that was added.
    ///
    /// # Errors
    /// [`MeasureError::Empty`] if nothing was.
    pub fn figures(&self) -> Result<Figures, MeasureError> {
        let held = self.held.as_ref().ok_or_else(|| MeasureError::Empty {
            what: "no predictions were given".into(),
        })?;
        held.figures(self.options.degree)
    }
}

impl Held {
    fn columns(subject: &Subject, options: &Options) -> Option<usize> {
        let of_term = options.degree.checked_add(POWERS + 1)?;
        of_term
            .checked_mul(subject.terms.len())?
            .checked_add(OF_SQUARED)
    }

    /// How many sums a tally of it has.
    pub(crate) fn sums(subject: &Subject, options: &Options) -> Option<usize> {
        let rows = Self::columns(subject, options)?.checked_add(1)?;
        rows.checked_mul(options.replicates.checked_add(1)?)
    }

    pub(crate) fn new(subject: &Subject, options: &Options) -> Result<Self, MeasureError> {
        let columns = Self::columns(subject, options).unwrap_or(usize::MAX);
        let sums = subject.terms.iter().map(|term| Sums::new(term.dim));
        Ok(Self {
            subject: subject.clone(),
            tally: Tally::new(options.replicates, options.seed, columns)?,
            beside: Beside {
                sums: sums.collect(),
                trials: Vec::new(),
                looked: 0,
                rows: 0,
                given: 0,
                repeated: None,
                notes: Vec::new(),
            },
            by_unit: BTreeMap::new(),
            drawn: Drawn::default(),
        })
    }

    fn take(
        &mut self,
        of: &Predictions<'_>,
        measured: &[Vec<MoleculeFigures>],
        elements: Vec<Elements>,
        degree: usize,
    ) -> Result<(), MeasureError> {
        let mut part = Self::beside_of(of);
        for (sums, elements) in part.sums.iter_mut().zip(elements) {
            sums.elements = elements;
        }
        for (&row, found) in of.rows.iter().zip(measured) {
            let columns = columns(found, degree);
            self.tally.add(of.units[row], 1.0, &columns)?;
            *self.by_unit.entry(of.units[row]).or_insert(0.0) += columns[0];
            for ((term, sums), found) in of.terms.iter().zip(&mut part.sums).zip(found) {
                sums.add(found, term.target(row), term.weights(row));
            }
        }
        self.beside.merge(&part);
        if let Some(turns) = of.turns.as_ref().filter(|_| self.subject.is_random()) {
            for (turn, &unit) in turns.iter().zip(&of.units) {
                self.drawn.add(unit, turn);
            }
        }
        Ok(())
    }

    fn beside_of(of: &Predictions<'_>) -> Beside {
        let turned = of.terms.iter().any(|term| !term.trials.is_empty());
        Beside {
            sums: of.terms.iter().map(|term| Sums::new(term.dim)).collect(),
            trials: of.terms.iter().map(|term| term.trials.clone()).collect(),
            looked: if turned { of.given } else { 0 },
            rows: of.rows.len(),
            given: of.given,
            repeated: of.repeated.clone(),
            notes: of.notes.clone(),
        }
    }

    fn figures(&self, degree: usize) -> Result<Figures, MeasureError> {
        let Self {
            subject, beside, ..
        } = self;
        let width = POWERS + degree + 1;
        let shared = self.drawn.shared();
        let sheet = Sheet {
            of: subject,
            tally: &self.tally,
            rows: beside.rows,
            shared: shared.is_some(),
        };
        let no_interval = shared.as_ref().map(|_| "molecules share rotations".into());
        let mut notes = Vec::new();
        for text in beside.trials.iter().filter_map(|of| readings::better(of)) {
            notes.push(Note::new(NoteCode::OtherReading, text));
        }
        notes.extend(beside.notes.iter().cloned());
        notes.extend(left_out(beside.given - beside.rows, beside.given));
        notes.extend(shared);
        if subject.is_iid() {
            let repeated = beside.repeated.clone();
            notes.extend(repeated.or_else(|| self.drawn.unlike_haar()));
        }
        let (group, resolves) = covered(subject, &mut notes);
        let terms = subject.terms.iter().zip(&beside.sums).enumerate();
        let terms = terms.map(|(place, (term, sums))| {
            sheet.term(term, OF_SQUARED + width * place, sums, &mut notes)
        });
        let terms = terms.collect::<Result<Vec<_>, _>>()?;
        let total = if terms.len() > 1 {
            let zero = beside.sums.iter().map(|sums| sums.zero).sum::<f64>();
            let vanishes = terms.iter().all(|term| term.parts.percent_equiv.is_none());
            Some(sheet.parts(0, zero / beside.rows as f64, vanishes)?)
        } else {
            None
        };
        notes.extend(one_molecule(&self.by_unit));
        Ok(Figures {
            schema: SCHEMA,
            rows: beside.rows,
            molecules: self.by_unit.len(),
            rotations: subject.rotations,
            design: subject.design().to_owned(),
            group,
            resolves,
            terms,
            total,
            no_interval,
            notes,
        })
    }
}

/// The columns of the tally of one row.
fn columns(found: &[MoleculeFigures], degree: usize) -> Vec<f64> {
    let mut columns = vec![0.0; OF_SQUARED];
    for found in found {
        let parts = [found.split.loss, found.split.mean, found.split.equiv];
        let sums = columns.iter_mut().zip(parts);
        sums.for_each(|(sum, part)| *sum += part);
        columns.extend(parts);
        columns.extend([found.squared.loss, found.squared.mean, found.squared.equiv]);
        columns.push(found.size);
        let powers = found.spectrum.as_deref().unwrap_or_default();
        columns.extend(powers);
        columns.extend(std::iter::repeat_n(0.0, degree + 1 - powers.len()));
    }
    columns
}

fn rows(of: &Predictions<'_>, measured: &[Vec<MoleculeFigures>]) -> Rows {
    let terms = of.terms.iter().enumerate().map(|(place, term)| {
        let column = |pick: fn(&MoleculeFigures) -> f64| {
            measured.iter().map(|found| pick(&found[place])).collect()
        };
        TermRows {
            name: term.about.name.clone(),
            loss: column(|found| found.split.loss),
            loss_mean: column(|found| found.split.mean),
            loss_equiv: column(|found| found.split.equiv),
            loss_of_zero: column(|found| found.zero),
            size: column(|found| found.size),
        }
    });
    Rows {
        row: of.rows.clone(),
        molecule: of.rows.iter().map(|&row| of.units[row]).collect(),
        terms: terms.collect(),
    }
}

fn measured(
    of: &Predictions<'_>,
    term: &Checked<'_>,
    row: usize,
    degree: usize,
) -> Result<MoleculeFigures, CoreError> {
    let molecule = Molecule {
        predictions: term.values(row, of.subject.rotations),
        target: term.target(row),
        weights: term.weights(row),
        dim: term.dim,
        rotations: of.turns.as_ref().map(|turns| turns[row].as_slice()),
    };
    let (rule, symmetry) = (of.rule.of(row), of.subject.symmetry);
    measure_molecule(rule, symmetry, term.loss, &molecule, degree)
}
