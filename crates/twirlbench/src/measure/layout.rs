//! The arrays of a file of predictions, checked against each other.

use anyhow::{Context, Result, bail, ensure};
use twirl_core::{Design, FiniteGroup, Loss, Rotation, Symmetry};
use twirl_data::{Arrays, NumberArray};

use super::turns;

/// Predictions of any program at several rotations of every molecule.
pub(super) struct Predictions {
    /// `[molecules, rotations, blocks, dim]`
    pub(super) extent: [usize; 4],
    /// Untwisted, `[molecules][rotations][blocks][dim]`.
    pub(super) values: Vec<f64>,
    /// `[molecules][blocks][dim]`
    pub(super) target: Vec<f64>,
    /// `[molecules][blocks]`
    pub(super) weight: Vec<f64>,
    /// Which rows are resampled together, `[molecules]`.
    pub(super) units: Vec<u64>,
    /// `[molecules][rotations]`, if the file has them.
    pub(super) rotations: Option<Vec<Vec<Rotation>>>,
    pub(super) loss: Loss,
    pub(super) design: Design,
    pub(super) symmetry: Symmetry,
}

const NUMBERS: [&str; 6] = [
    "prediction",
    "target",
    "rotation",
    "mask",
    "weight",
    "molecule",
];
const TEXTS: [&str; 3] = ["loss", "kind", "design"];

/// Settings of the command line that replace the file's.
#[derive(Debug, Default)]
pub(super) struct Override<'a> {
    pub(super) loss: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    pub(super) design: Option<&'a str>,
}

impl Predictions {
    /// Checks names, shapes and values.
    pub(super) fn new(arrays: &Arrays, over: &Override<'_>) -> Result<Self> {
        for name in arrays.numbers.keys() {
            ensure!(
                NUMBERS.contains(&name.as_str()),
                "array {name} is not part of the layout; it has {}",
                NUMBERS.join(", ")
            );
        }
        for name in arrays.texts.keys() {
            ensure!(
                TEXTS.contains(&name.as_str()),
                "text {name} is not part of the layout; it has {}",
                TEXTS.join(", ")
            );
        }
        let text = |name: &str, over: Option<&str>, default: &str| -> String {
            let found = arrays.texts.get(name).or_else(|| arrays.attributes.get(name));
            over.or(found.map(String::as_str)).unwrap_or(default).to_owned()
        };
        let prediction = required(arrays, "prediction")?;
        let extent = extent(prediction)?;
        let [molecules, rotations, blocks, dim] = extent;
        finite("prediction", prediction)?;

        let target = required(arrays, "target")?;
        let mut expected = prediction.shape.clone();
        expected.remove(1);
        same_shape("target", target, &expected)?;
        finite("target", target)?;

        expected.pop();
        let weight = weights(arrays, &expected, molecules, blocks)?;

        let turns = match arrays.numbers.get("rotation") {
            None => None,
            Some(array) => Some(turns::read(array, molecules, rotations)?),
        };
        let kind = text("kind", over.kind, "untwisted");
        let values = match (kind.as_str(), &turns) {
            ("untwisted" | "scalar", _) => prediction.values.clone(),
            ("vector", None) => bail!(
                "kind is vector but there is no array rotation; add it, or untwist the predictions"
            ),
            ("vector", Some(turns)) => {
                ensure!(
                    dim == 3,
                    "kind is vector but the last axis of prediction is {dim}; a vector has 3 \
                     components"
                );
                turns::untwist(&prediction.values, turns, blocks)
            }
            (other, _) => bail!("kind is {other}; give untwisted, scalar or vector"),
        };
        let improper = |turns: &Vec<Vec<Rotation>>| turns.iter().flatten().any(|r| !r.is_proper());
        let (design, symmetry) = design(
            &text("design", over.design, "iid"),
            rotations,
            turns.as_ref().is_some_and(improper),
        )?;
        if let (Some(turns), Design::Group { .. }) = (&turns, &design) {
            turns::closed(turns)?;
        }
        Ok(Self {
            extent,
            values,
            target: target.values.clone(),
            weight,
            units: units(arrays, molecules)?,
            rotations: turns,
            loss: loss(&text("loss", over.loss, "squared"))?,
            design,
            symmetry,
        })
    }
}

/// Products of mask and weight, `[molecules][blocks]`; 1 where the file has neither.
fn weights(
    arrays: &Arrays,
    expected: &[usize],
    molecules: usize,
    blocks: usize,
) -> Result<Vec<f64>> {
    let mut weight = vec![1.0; molecules * blocks];
    for name in ["mask", "weight"] {
        if let Some(array) = arrays.numbers.get(name) {
            // A molecule's one block may be without an axis of its own.
            let alone = expected.len() == 1 && array.shape == [molecules, 1];
            if !alone {
                same_shape(name, array, expected)?;
            }
            finite(name, array)?;
            for (place, (weight, value)) in weight.iter_mut().zip(&array.values).enumerate() {
                let valid = if name == "mask" {
                    *value == 0.0 || *value == 1.0
                } else {
                    *value >= 0.0
                };
                let range = if name == "mask" {
                    "0 or 1"
                } else {
                    "0 or more"
                };
                ensure!(
                    valid,
                    "{name} of molecule {}, block {} is {value}; give {range}",
                    place / blocks,
                    place % blocks
                );
                *weight *= value;
            }
        }
    }
    ensure!(
        weight.iter().any(|weight| *weight > 0.0),
        "every block has mask or weight 0; give at least one a weight"
    );
    Ok(weight)
}

fn required<'a>(arrays: &'a Arrays, name: &str) -> Result<&'a NumberArray> {
    arrays.numbers.get(name).with_context(|| {
        let found: Vec<&str> = arrays.numbers.keys().map(String::as_str).collect();
        format!(
            "array {name} is missing (found: {}); see `twirlbench measure --help`",
            found.join(", ")
        )
    })
}

fn extent(prediction: &NumberArray) -> Result<[usize; 4]> {
    let shape = &prediction.shape;
    let [molecules, rotations, inner @ .., dim] = &shape[..] else {
        bail!(
            "prediction has shape {shape:?}; it needs [molecules, rotations, ...blocks, dim], with \
             a last axis of 1 for scalars"
        );
    };
    let blocks = inner.iter().product();
    ensure!(
        shape.iter().all(|&size| size > 0),
        "prediction has shape {shape:?}, which holds nothing"
    );
    ensure!(
        *rotations >= 2,
        "prediction has one rotation of each molecule; give at least 2 (axis 1)"
    );
    Ok([*molecules, *rotations, blocks, *dim])
}

fn same_shape(name: &str, array: &NumberArray, expected: &[usize]) -> Result<()> {
    ensure!(
        array.shape == expected,
        "{name} has shape {:?}, but prediction asks for {expected:?}",
        array.shape
    );
    Ok(())
}

fn finite(name: &str, array: &NumberArray) -> Result<()> {
    let Some(place) = array.values.iter().position(|value| !value.is_finite()) else {
        return Ok(());
    };
    let mut rest = place;
    let mut index: Vec<usize> = Vec::new();
    for &size in array.shape.iter().rev() {
        index.insert(0, rest % size);
        rest /= size;
    }
    bail!(
        "{name} at {index:?} is {}; masked entries too must be numbers: fill them with 0",
        array.values[place]
    );
}

fn units(arrays: &Arrays, molecules: usize) -> Result<Vec<u64>> {
    let Some(array) = arrays.numbers.get("molecule") else {
        return Ok((0..molecules as u64).collect());
    };
    same_shape("molecule", array, &[molecules])?;
    let unit = |(row, &value): (usize, &f64)| {
        ensure!(
            value.fract() == 0.0 && (0.0..9e15).contains(&value),
            "molecule of row {row} is {value}; give whole numbers from 0"
        );
        Ok(value as u64)
    };
    array.values.iter().enumerate().map(unit).collect()
}

fn loss(name: &str) -> Result<Loss> {
    let loss = match name.split_once(':') {
        None if name == "squared" => Loss::Squared,
        None if name == "norm" => Loss::Norm,
        Some(("huber", delta)) => Loss::Huber {
            delta: delta
                .parse()
                .with_context(|| format!("loss {name}: {delta} is not a number"))?,
        },
        _ => bail!(
            "loss is {name}; give squared, norm or huber:DELTA (of the length of a block's \
             residual: component-wise losses are not rotation invariant)"
        ),
    };
    loss.validate()?;
    Ok(loss)
}

/// The design by name; a group counts its negatives too if there are improper rotations.
fn design(name: &str, rotations: usize, improper: bool) -> Result<(Design, Symmetry)> {
    let group = match name {
        "iid" => {
            let symmetry = if improper {
                Symmetry::O3
            } else {
                Symmetry::So3
            };
            return Ok((Design::Iid { rotations }, symmetry));
        }
        "tetrahedral" => FiniteGroup::Tetrahedral,
        "octahedral" => FiniteGroup::Octahedral,
        "icosahedral" => FiniteGroup::Icosahedral,
        _ => bail!("design is {name}; give iid, tetrahedral, octahedral or icosahedral"),
    };
    let orders = [Symmetry::So3, Symmetry::O3];
    let symmetry = orders
        .into_iter()
        .find(|&symmetry| group.order_under(symmetry) == rotations);
    let symmetry = symmetry.with_context(|| {
        format!(
            "design is {name} but there are {rotations} rotations; the group has {} ({} with \
             inversions)",
            group.order(),
            group.order_under(Symmetry::O3)
        )
    })?;
    Ok((Design::Group { group }, symmetry))
}
