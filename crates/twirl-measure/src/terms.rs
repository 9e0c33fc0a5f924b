//! One term, checked and turned back.

use std::borrow::Cow;

use twirl_core::{Criterion, Loss, Rotation};

use crate::array::is_single;
use crate::error::MeasureError;
use crate::input::Term;
use crate::kind::Kind;
use crate::notes::{Note, NoteCode};
use crate::readings::{Raw, better};

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

impl Checked {
    /// `[blocks][dim]`
    pub(crate) fn target(&self, row: usize) -> &[f64] {
        let width = self.blocks * self.dim;
        &self.target[row * width..(row + 1) * width]
    }

    /// `[blocks]`
    pub(crate) fn weights(&self, row: usize) -> &[f64] {
        &self.weight[row * self.blocks..(row + 1) * self.blocks]
    }
}

/// `force.prediction`, or `prediction` for an only term.
pub(crate) fn array_name(term: &str, part: &str) -> String {
    if term.is_empty() {
        part.to_owned()
    } else {
        format!("{term}.{part}")
    }
}

/// `[molecules, rotations, blocks, dim]` of the predictions of a term.
pub(crate) fn extent(term: &Term<'_>, name: &str) -> Result<[usize; 4], MeasureError> {
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

pub(crate) fn check(
    term: &Term<'_>,
    turns: Option<&[Vec<Rotation>]>,
    notes: &mut Vec<Note>,
) -> Result<Checked, MeasureError> {
    let name = array_name(&term.name, "prediction");
    let [molecules, rotations, blocks, dim] = extent(term, &name)?;
    let given = term.prediction.finite(&name)?;
    let mut expected = term.prediction.shape.to_vec();
    expected.remove(1);
    let target = target(term, &expected, dim)?;
    expected.pop();
    let weight = block_weights(term, &expected, [molecules, blocks])?;
    let kind = term.kind;
    if term.loss == Criterion::CrossEntropy && (kind.turns() || dim < 2) {
        return Err(MeasureError::Rotations {
            what: format!("loss is cross-entropy but kind is {kind} and there are {dim} logits"),
            remedy: "give logits of 2 or more classes, which do not turn (kind scalar)".into(),
        });
    }
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
    let name = array_name(&term.name, "target");
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
        let name = array_name(&term.name, part);
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
