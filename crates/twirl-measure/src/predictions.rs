//! Arrays checked against each other, outputs turned back.

use twirl_core::Rotation;

use crate::array::Array;
use crate::elements;
use crate::error::MeasureError;
use crate::geometry::{Shape, shape};
use crate::input::Input;
use crate::kind::Kind;
use crate::notes::{Note, NoteCode};
use crate::sampling::{Rule, Sampling, rule};
use crate::subject::Subject;
use crate::terms::{Checked, array_name, check, extent};
use crate::turns;

/// Checked predictions, ready to be measured. Arrays are borrowed where they need not be converted or
/// turned back.
#[derive(Debug, Clone)]
pub struct Predictions<'a> {
    pub(crate) subject: Subject,
    /// Rows given.
    pub(crate) given: usize,
    /// Rows that are measured.
    pub(crate) rows: Vec<usize>,
    /// Which rows are resampled together, `[molecules]`.
    pub(crate) units: Vec<u64>,
    pub(crate) turns: Option<Vec<Vec<Rotation>>>,
    pub(crate) rule: Rule,
    pub(crate) terms: Vec<Checked<'a>>,
    /// Atomic numbers `[molecules][atoms]`.
    pub(crate) numbers: Option<Vec<u8>>,
    /// A rotation that occurs twice where draws do not repeat.
    pub(crate) repeated: Option<Note>,
    pub(crate) notes: Vec<Note>,
}

impl<'a> Predictions<'a> {
    /// Checks shapes and values, and turns outputs back.
    ///
    /// # Errors
    /// One line that names the array, the place and the remedy.
    pub fn new(input: &Input<'a>) -> Result<Self, MeasureError> {
        let first = input.terms.first().ok_or_else(|| MeasureError::Missing {
            name: "prediction".into(),
            found: "no term".into(),
        })?;
        let [molecules, rotations, ..] = extent(first, &array_name(&first.name, "prediction"))?;
        let turns = match &input.rotation {
            None => None,
            Some(array) => Some(turns::read(array, molecules, rotations)?),
        };
        let weights = match &input.rotation_weight {
            None => None,
            Some(array) => Some(turns::weights(array, molecules, rotations)?),
        };
        let sampling = input.sampling.unwrap_or(if weights.is_some() {
            Sampling::Quadrature
        } else {
            Sampling::Iid
        });
        let (rule, symmetry) = rule(sampling, rotations, turns.as_ref(), weights.as_deref())?;
        let mut notes = Vec::new();
        let checked = input.terms.iter().map(|term| {
            let name = array_name(&term.name, "prediction");
            let found = extent(term, &name)?;
            if found[..2] != [molecules, rotations] {
                return Err(MeasureError::Shape {
                    name,
                    found: term.prediction.shape.to_vec(),
                    rule: format!(
                        ", but another term has [{molecules}, {rotations}, ...]: all terms are of \
                         the same molecules at the same rotations"
                    ),
                });
            }
            check(term, turns.as_deref(), &mut notes)
        });
        let terms = checked.collect::<Result<Vec<_>, _>>()?;
        let numbers = match &input.atomic_number {
            None => None,
            Some(array) => Some(elements::read(array, molecules, &terms)?),
        };
        let units = units(input.molecule.as_ref(), molecules)?;
        let rows = rows(input, molecules)?;
        let repeated = match &turns {
            Some(turns) if sampling == Sampling::Iid => repeated(turns),
            _ => None,
        };
        let about = terms.iter().map(|term| {
            let mut about = term.about.clone();
            about.elements = numbers.is_some();
            about
        });
        let about = about.collect();
        Ok(Self {
            subject: Subject::new(
                [molecules, rotations],
                (sampling, &rule),
                symmetry,
                [turns.is_some(), input.position.is_some()],
                about,
            ),
            given: molecules,
            rows,
            units,
            turns,
            rule,
            terms,
            numbers,
            repeated,
            notes,
        })
    }
}

fn repeated(turns: &[Vec<Rotation>]) -> Option<Note> {
    let (row, place) = turns::repeated(turns)?;
    Some(Note::new(
        NoteCode::RepeatedRotations,
        format!(
            "rotation {place} of molecule {row} occurs twice; independent draws do not repeat, and \
             L_equiv is too low if these do"
        ),
    ))
}

fn units(array: Option<&Array<'_>>, molecules: usize) -> Result<Vec<u64>, MeasureError> {
    let Some(array) = array else {
        return Ok((0..molecules as u64).collect());
    };
    array.expect("molecule", &[molecules])?;
    let values = array.finite("molecule")?;
    let unit = |(row, &value): (usize, &f64)| {
        if value.fract() == 0.0 && (0.0..9e15).contains(&value) {
            return Ok(value as u64);
        }
        Err(MeasureError::Value {
            what: format!("molecule of row {row}"),
            value,
            remedy: "give whole numbers from 0",
        })
    };
    values.iter().enumerate().map(unit).collect()
}

/// The rows that are measured: all, less those whose positions cannot show symmetry.
fn rows(input: &Input<'_>, molecules: usize) -> Result<Vec<usize>, MeasureError> {
    let Some(array) = &input.position else {
        return Ok((0..molecules).collect());
    };
    let [found, atoms, 3] = *array.shape else {
        return Err(MeasureError::Shape {
            name: "position".into(),
            found: array.shape.to_vec(),
            rule: format!("; it needs [{molecules}, atoms, 3]"),
        });
    };
    if found != molecules {
        array.expect("position", &[molecules, atoms, 3])?;
    }
    let values = array.finite("position")?;
    let places = values.as_chunks::<3>().0;
    // Padding is known from a mask over the same atoms.
    let masks = input.terms.iter().filter_map(|term| term.mask.as_ref());
    let mask = masks
        .into_iter()
        .find(|mask| mask.shape == [molecules, atoms]);
    let mask = mask.map(|mask| mask.finite("mask")).transpose()?;
    let vectors = input.terms.iter().any(|term| {
        term.kind.turns()
            || (term.kind == Kind::Untwisted && term.prediction.shape.last() == Some(&3))
    });
    let can = |row: &usize| {
        let own = row * atoms..(row + 1) * atoms;
        let kept = own.filter(|&atom| mask.as_ref().is_none_or(|mask| mask[atom] > 0.0));
        match shape(&kept.map(|atom| places[atom]).collect::<Vec<_>>()) {
            Shape::Point => false,
            Shape::Line => !vectors,
            Shape::Body => true,
        }
    };
    let rows: Vec<usize> = (0..molecules).filter(can).collect();
    if rows.is_empty() {
        return Err(MeasureError::Empty {
            what: format!(
                "none of {molecules} molecules can show symmetry (one atom, or one line)"
            ),
        });
    }
    Ok(rows)
}
