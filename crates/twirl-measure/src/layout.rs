//! The layout of files: names of arrays and texts.
//!
//! One term has its arrays by the plain names. Several terms have `NAME.prediction`, `NAME.target`,
//! `NAME.mask`, `NAME.weight` and texts `NAME.kind`, `NAME.loss`; rotations, molecules and the design
//! are common. Names that are none of these are left alone, except those that look like a slip of
//! the pen.

use std::collections::{BTreeMap, BTreeSet};

use twirl_core::{Criterion, Loss};
use twirl_data::{Arrays, NumberArray};

use crate::array::Array;
use crate::error::MeasureError;
use crate::input::{Input, Term};
use crate::settings::parse_loss;

/// Arrays of a term.
const OF_TERM: [&str; 4] = ["prediction", "target", "mask", "weight"];

/// Arrays common to all terms.
const COMMON: [&str; 5] = [
    "rotation",
    "rotation_weight",
    "molecule",
    "position",
    "atomic_number",
];

/// Texts, the first two of a term.
const TEXTS: [&str; 3] = ["loss", "kind", "design"];

/// Texts that replace those of a file, for every term.
#[derive(Debug, Clone, Copy, Default)]
pub struct Override<'a> {
    /// The loss.
    pub loss: Option<&'a str>,
    /// How outputs turn.
    pub kind: Option<&'a str>,
    /// How the rotations were chosen.
    pub design: Option<&'a str>,
}

/// Names in a file that are not of the layout and were left alone.
#[must_use]
pub fn foreign(arrays: &Arrays) -> Vec<&str> {
    let names = arrays.numbers.keys().chain(arrays.texts.keys());
    let names = names.chain(arrays.others.keys()).map(String::as_str);
    names.filter(|name| !is_ours(name)).collect()
}

/// The arrays of a file as an input.
///
/// # Errors
/// [`MeasureError::Missing`] and [`MeasureError::Unknown`] for names, [`MeasureError::Content`] for
/// an array of the layout that holds no numbers, [`MeasureError::Setting`] for texts.
pub fn input<'a>(arrays: &'a Arrays, over: &Override<'_>) -> Result<Input<'a>, MeasureError> {
    refuse_slips(arrays)?;
    for (name, what) in &arrays.others {
        if is_ours(name) {
            return Err(MeasureError::Content {
                name: name.clone(),
                what: what.clone(),
            });
        }
    }
    let text = |name: &str| -> Option<&str> {
        let found = arrays
            .texts
            .get(name)
            .or_else(|| arrays.attributes.get(name));
        found.map(String::as_str)
    };
    let names: BTreeSet<&str> = arrays
        .numbers
        .keys()
        .filter_map(|name| name.strip_suffix(".prediction"))
        .collect();
    let mut terms = Vec::new();
    if names.is_empty() || arrays.numbers.contains_key("prediction") {
        terms.push(term("", &arrays.numbers, &text, over)?);
    }
    for name in names {
        terms.push(term(name, &arrays.numbers, &text, over)?);
    }
    let optional = |name: &str| arrays.numbers.get(name).map(borrowed);
    Ok(Input {
        terms,
        rotation: optional("rotation"),
        rotation_weight: optional("rotation_weight"),
        molecule: optional("molecule"),
        position: optional("position"),
        atomic_number: optional("atomic_number"),
        sampling: match over.design.or_else(|| text("design")) {
            Some(design) => Some(design.parse()?),
            None => None,
        },
    })
}

fn term<'a>(
    name: &str,
    numbers: &'a BTreeMap<String, NumberArray>,
    text: &dyn Fn(&str) -> Option<&'a str>,
    over: &Override<'_>,
) -> Result<Term<'a>, MeasureError> {
    let full = |part: &str| {
        if name.is_empty() {
            part.to_owned()
        } else {
            format!("{name}.{part}")
        }
    };
    let optional = |part: &str| numbers.get(&full(part)).map(borrowed);
    let required = |part: &str| {
        optional(part).ok_or_else(|| {
            let found: Vec<&str> = numbers.keys().map(String::as_str).collect();
            MeasureError::Missing {
                name: full(part),
                found: found.join(", "),
            }
        })
    };
    // A text of the file serves all terms that have none of their own.
    let setting = |part: &str| text(&full(part)).or_else(|| text(part));
    let mut term = Term::new(required("prediction")?, required("target")?);
    name.clone_into(&mut term.name);
    term.mask = optional("mask");
    term.weight = optional("weight");
    if let Some(kind) = over.kind.or_else(|| setting("kind")) {
        term.kind = kind.parse()?;
    }
    term.loss = match over.loss.or_else(|| setting("loss")) {
        Some(loss) => parse_loss(loss)?,
        None => Criterion::Residual(Loss::Squared),
    };
    Ok(term)
}

fn borrowed(array: &NumberArray) -> Array<'_> {
    Array::f64(&array.shape, &array.values)
}

fn is_ours(name: &str) -> bool {
    let parts = || OF_TERM.into_iter().chain(["loss", "kind"]);
    let of_term = |name: &str| parts().any(|part| part == name);
    COMMON.contains(&name)
        || name == "design"
        || of_term(name)
        || name.rsplit_once('.').is_some_and(|(_, part)| of_term(part))
}

/// A name within two letters of ours is more likely a slip than another program's.
fn refuse_slips(arrays: &Arrays) -> Result<(), MeasureError> {
    let known: Vec<&str> = OF_TERM.into_iter().chain(COMMON).collect();
    let numbers: Vec<&String> = arrays.numbers.keys().collect();
    let texts: Vec<&String> = arrays.texts.keys().collect();
    for (what, names, known) in [("array", numbers, &known[..]), ("text", texts, &TEXTS[..])] {
        for name in names.into_iter().filter(|name| !is_ours(name)) {
            let part = name
                .rsplit_once('.')
                .map_or(name.as_str(), |(_, part)| part);
            let close = |known: &&str| distance(&part.to_lowercase(), known) <= 2;
            if known.iter().any(close) {
                return Err(MeasureError::Unknown {
                    what,
                    name: name.clone(),
                    known: known.join(", "),
                });
            }
        }
    }
    Ok(())
}

/// Letters to change, add or remove between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for j in 0..b.len() {
            let change = before + usize::from(letter != b[j]);
            before = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}
