//! Arrays checked against each other, outputs turned back.

use std::borrow::Cow;

use twirl_core::{Criterion, Loss, Rotation, Symmetry};

use crate::array::{Array, is_single};
use crate::error::MeasureError;
use crate::geometry::{Shape, shape};
use crate::input::{Input, Term};
use crate::kind::Kind;
use crate::notes::{Note, NoteCode};
use crate::readings::{Raw, better};
use crate::sampling::{Rule, Sampling, rule};
use crate::shared::shared;
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
    /// Why there is no interval, whatever the number of molecules.
    pub(crate) no_interval: Option<String>,
    pub(crate) notes: Vec<Note>,
}

/// A term as it is measured.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) loss: Criterion,
    pub(crate) blocks: usize,
    pub(crate) dim: usize,
    /// Untwisted, `[molecules][rotations][blocks][dim]`.
    pub(crate) values: Vec<f64>,
    /// `[molecules][blocks][dim]`
    pub(crate) target: Vec<f64>,
    /// `[molecules][blocks]`
    pub(crate) weight: Vec<f64>,
    /// Given in single precision.
    pub(crate) single: bool,
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
        let [molecules, rotations, ..] = extent(first, &array_name(first, "prediction"))?;
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
            let name = array_name(term, "prediction");
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

/// `force.prediction`, or `prediction` for an only term.
fn array_name(term: &Term<'_>, part: &str) -> String {
    if term.name.is_empty() {
        part.to_owned()
    } else {
        format!("{}.{part}", term.name)
    }
}

/// `[molecules, rotations, blocks, dim]` of the predictions of a term.
fn extent(term: &Term<'_>, name: &str) -> Result<[usize; 4], MeasureError> {
    let shape = term.prediction.shape;
    let refuse = |rule: &str| MeasureError::Shape {
        name: name.to_owned(),
        found: shape.to_vec(),
        rule: rule.to_owned(),
    };
    let [molecules, rotations, inner @ .., dim] = shape else {
        return Err(refuse(
            "; it needs [molecules, rotations, ...blocks, dim], with a last axis of 1 for scalars",
        ));
    };
    if shape.contains(&0) {
        return Err(refuse(", which holds nothing"));
    }
    if *rotations < 2 {
        return Err(MeasureError::OneRotation {
            name: name.to_owned(),
        });
    }
    Ok([*molecules, *rotations, inner.iter().product(), *dim])
}

fn check(
    term: &Term<'_>,
    turns: Option<&[Vec<Rotation>]>,
    notes: &mut Vec<Note>,
) -> Result<Checked, MeasureError> {
    let name = array_name(term, "prediction");
    let [molecules, rotations, blocks, dim] = extent(term, &name)?;
    let given = term.prediction.finite(&name)?;
    let mut expected = term.prediction.shape.to_vec();
    expected.remove(1);
    let target = target(term, &expected, dim)?;
    expected.pop();
    let weight = block_weights(term, &expected, [molecules, blocks])?;
    let kind = term.kind;
    if kind.turns() && turns.is_none() {
        return Err(MeasureError::Rotations {
            what: format!("kind is {kind} but there is no array rotation"),
            remedy: "add it, or untwist the predictions".into(),
        });
    }
    if let Some(needed) = kind.components()
        && needed != dim
    {
        return Err(MeasureError::Rotations {
            what: format!("kind is {kind} but the last axis of {name} is {dim}"),
            remedy: format!("a {kind} has {needed} components"),
        });
    }
    if term.loss == Criterion::CrossEntropy && (kind.turns() || dim < 2) {
        return Err(MeasureError::Rotations {
            what: format!("loss is cross-entropy but kind is {kind} and there are {dim} logits"),
            remedy: "give logits of 2 or more classes, which do not turn (kind scalar)".into(),
        });
    }
    let inner = kind.unpacked_dim(dim);
    let unpacked = if kind == Kind::Symmetric {
        Cow::Owned(kind.unpacked(&given))
    } else {
        given
    };
    let values = match turns.filter(|_| kind.turns()) {
        None => unpacked.to_vec(),
        Some(turns) => {
            let rows = unpacked.chunks_exact(blocks * inner);
            let rows = turns.iter().flatten().zip(rows);
            rows.flat_map(|(rotation, row)| kind.back(rotation, row))
                .collect()
        }
    };
    if let Some(turns) = turns
        && term.loss != Criterion::CrossEntropy
    {
        let raw = Raw {
            kind,
            values: &unpacked,
            blocks,
            dim: inner,
            weights: &weight,
            turns,
        };
        notes.extend(better(&raw).map(|text| Note::new(NoteCode::OtherReading, text)));
    }
    if term.loss != Criterion::Residual(Loss::Squared) && rotations < 8 {
        notes.push(Note::new(
            NoteCode::FewRotations,
            format!(
                "{rotations} rotations: the split of a loss that is not squared has a bias that \
                 shrinks with their number, always towards a low L_equiv; take 8 or more"
            ),
        ));
    }
    let values = if term.loss == Criterion::CrossEntropy {
        centred(&values, inner)
    } else {
        values
    };
    Ok(Checked {
        name: term.name.clone(),
        kind,
        loss: term.loss,
        blocks,
        dim: inner,
        values,
        target: kind.unpacked(&target),
        weight,
        single: is_single(&term.prediction.values),
    })
}

/// Logits less their mean over classes, which the cross-entropy does not see.
fn centred(logits: &[f64], classes: usize) -> Vec<f64> {
    let blocks = logits.chunks_exact(classes);
    let centred = blocks.flat_map(|block| {
        let mean = block.iter().sum::<f64>() / classes as f64;
        block.iter().map(move |z| z - mean)
    });
    centred.collect()
}

/// Labels `[molecules][blocks][dim]`, or for the cross-entropy class probabilities.
fn target(term: &Term<'_>, expected: &[usize], dim: usize) -> Result<Vec<f64>, MeasureError> {
    let name = array_name(term, "target");
    let values = term.target.finite(&name)?;
    let without = &expected[..expected.len() - 1];
    if term.loss != Criterion::CrossEntropy {
        term.target.expect(&name, expected)?;
        return Ok(values.into_owned());
    }
    let refuse = |what: String, value: f64, remedy| MeasureError::Value {
        what,
        value,
        remedy,
    };
    if term.target.shape == expected {
        for (block, row) in values.chunks_exact(dim).enumerate() {
            let sum: f64 = row.iter().sum();
            if (sum - 1.0).abs() > 1e-4 || row.iter().any(|p| *p < 0.0) {
                let what = format!("sum of the class probabilities of {name}, block {block}");
                return Err(refuse(
                    what,
                    sum,
                    "give probabilities of 0 or more that sum to 1",
                ));
            }
        }
        return Ok(values.into_owned());
    }
    if term.target.shape != without {
        return Err(MeasureError::Shape {
            name,
            found: term.target.shape.to_vec(),
            rule: format!(
                ", but prediction asks for class numbers {without:?} or probabilities {expected:?}"
            ),
        });
    }
    let mut target = vec![0.0; values.len() * dim];
    for (block, &class) in values.iter().enumerate() {
        if class.fract() != 0.0 || !(0.0..dim as f64).contains(&class) {
            let what = format!("class {block} of {name}");
            return Err(refuse(
                what,
                class,
                "give whole numbers from 0, fewer than there are logits",
            ));
        }
        target[block * dim + class as usize] = 1.0;
    }
    Ok(target)
}

/// Products of mask and weight, `[molecules][blocks]`; 1 where there is neither.
fn block_weights(
    term: &Term<'_>,
    expected: &[usize],
    [molecules, blocks]: [usize; 2],
) -> Result<Vec<f64>, MeasureError> {
    let mut weight = vec![1.0; molecules * blocks];
    for (part, array) in [("mask", &term.mask), ("weight", &term.weight)] {
        let Some(array) = array else { continue };
        let name = array_name(term, part);
        // A molecule's one block may be without an axis of its own.
        let alone = expected.len() == 1 && array.shape == [molecules, 1];
        if !alone {
            array.expect(&name, expected)?;
        }
        let values = array.finite(&name)?;
        for (place, (weight, &value)) in weight.iter_mut().zip(values.iter()).enumerate() {
            let (valid, remedy) = if part == "mask" {
                (value == 0.0 || value == 1.0, "give 0 or 1")
            } else {
                (value >= 0.0, "give 0 or more")
            };
            if !valid {
                let (molecule, block) = (place / blocks, place % blocks);
                return Err(MeasureError::Value {
                    what: format!("{name} of molecule {molecule}, block {block}"),
                    value,
                    remedy,
                });
            }
            *weight *= value;
        }
    }
    if weight.iter().all(|weight| *weight == 0.0) {
        return Err(MeasureError::Empty {
            what: "every block has mask or weight 0".into(),
        });
    }
    Ok(weight)
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
