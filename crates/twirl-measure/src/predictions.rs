//! Arrays checked against each other, outputs turned back.

use twirl_core::{Rotation, Symmetry};

use crate::array::Array;
use crate::error::MeasureError;
use crate::geometry::{Shape, shape};
use crate::input::Input;
use crate::kind::Kind;
use crate::notes::{Note, NoteCode};
use crate::sampling::{Rule, Sampling, rule};
use crate::shared::shared;
use crate::terms::{Checked, array_name, check, extent};
use crate::turns;

/// Checked predictions, ready to be measured.
#[derive(Debug, Clone)]
pub struct Predictions {
    /// Rows and rotations of each.
    pub(crate) extent: [usize; 2],
    /// Rows that are measured.
    pub(crate) rows: Vec<usize>,
    /// Which rows are resampled together, `[molecules]`.
    pub(crate) units: Vec<u64>,
    pub(crate) turns: Option<Vec<Vec<Rotation>>>,
    pub(crate) sampling: Sampling,
    pub(crate) rule: Rule,
    pub(crate) symmetry: Symmetry,
    pub(crate) terms: Vec<Checked>,
    /// Whether positions tell which rows can show symmetry.
    pub(crate) bodies: bool,
    /// Why there is no interval, whatever the number of molecules.
    pub(crate) no_interval: Option<String>,
    pub(crate) notes: Vec<Note>,
}

impl Predictions {
    /// Checks shapes and values, and turns outputs back.
    ///
    /// # Errors
    /// One line that names the array, the place and the remedy.
    pub fn new(input: &Input<'_>) -> Result<Self, MeasureError> {
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
        let units = units(input.molecule.as_ref(), molecules)?;
        let rows = rows(input, molecules, &mut notes)?;
        let mut no_interval = None;
        if let Some(turns) = &turns {
            about_rotations(
                turns,
                &units,
                (sampling, &rule),
                &mut notes,
                &mut no_interval,
            );
        }
        Ok(Self {
            extent: [molecules, rotations],
            rows,
            units,
            turns,
            sampling,
            rule,
            symmetry,
            terms,
            bodies: input.position.is_some(),
            no_interval,
            notes,
        })
    }
}

/// Remarks on drawn rotations, and why they allow no interval.
fn about_rotations(
    turns: &[Vec<Rotation>],
    units: &[u64],
    (sampling, rule): (Sampling, &Rule),
    notes: &mut Vec<Note>,
    no_interval: &mut Option<String>,
) {
    if !rule.is_random() {
        return;
    }
    let of_units = shared(turns, units);
    if of_units > 0 {
        let all: usize = turns.iter().map(Vec::len).sum();
        *no_interval = Some("molecules share rotations".into());
        notes.push(Note::new(
            NoteCode::SharedRotations,
            format!(
                "{of_units} of {all} rotations also turn another molecule: their error is common to \
                 all molecules and no interval over molecules shows it; draw rotations for every \
                 molecule"
            ),
        ));
    }
    if sampling != Sampling::Iid {
        return;
    }
    if let Some((row, place)) = turns::repeated(turns) {
        notes.push(Note::new(
            NoteCode::RepeatedRotations,
            format!(
                "rotation {place} of molecule {row} occurs twice; independent draws do not repeat, \
                 and L_equiv is too low if these do"
            ),
        ));
    } else if let Some(doubt) = turns::unlike_haar(turns) {
        notes.push(Note::new(NoteCode::NotUniform, doubt));
    }
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
fn rows(
    input: &Input<'_>,
    molecules: usize,
    notes: &mut Vec<Note>,
) -> Result<Vec<usize>, MeasureError> {
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
    let left = molecules - rows.len();
    if rows.is_empty() {
        return Err(MeasureError::Empty {
            what: format!(
                "none of {molecules} molecules can show symmetry (one atom, or one line)"
            ),
        });
    }
    if left > 0 {
        notes.push(Note::new(
            NoteCode::NoSymmetry,
            format!(
                "{left} of {molecules} rows were left out: one atom, or all atoms on one line, shows \
                 no symmetry"
            ),
        ));
    }
    Ok(rows)
}
