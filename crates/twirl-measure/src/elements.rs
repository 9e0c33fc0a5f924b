//! The parts of a loss by chemical element.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use twirl_core::Criterion;
use twirl_data::elements::symbol;

use crate::array::Array;
use crate::error::MeasureError;
use crate::results::ElementFigures;
use crate::terms::Checked;

/// Sums over rows of what the blocks of one element add to a term.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) atoms: usize,
    pub(crate) weight: f64,
    /// Loss, mean, equiv.
    pub(crate) parts: [f64; 3],
    /// Loss and equiv of the squared loss.
    pub(crate) squared: [f64; 2],
}

/// By atomic number.
pub(crate) type Elements = BTreeMap<u8, Sums>;

impl Sums {
    fn add(&mut self, other: &Self) {
        self.atoms += other.atoms;
        self.weight += other.weight;
        let own = self.parts.iter_mut().chain(&mut self.squared);
        let sums = other.parts.iter().chain(&other.squared);
        own.zip(sums).for_each(|(own, sum)| *own += sum);
    }
}

/// Adds the sums of other rows.
pub(crate) fn merge(own: &mut Elements, other: &Elements) {
    for (number, sums) in other {
        own.entry(*number).or_default().add(sums);
    }
}

/// Atomic numbers `[molecules][atoms]`, 0 at padding, of which some term has one for every block.
pub(crate) fn read(
    array: &Array<'_>,
    molecules: usize,
    terms: &[Checked<'_>],
) -> Result<Vec<u8>, MeasureError> {
    let name = "atomic_number";
    let refuse = |rule: String| MeasureError::Shape {
        name: name.into(),
        found: array.shape.to_vec(),
        rule,
    };
    let [found, atoms] = *array.shape else {
        return Err(refuse(format!("; it needs [{molecules}, atoms]")));
    };
    if found != molecules || !terms.iter().any(|term| term.about.blocks == atoms) {
        let blocks = terms.iter().map(|term| term.about.blocks).max();
        return Err(refuse(format!(
            ", but prediction has {molecules} molecules of {} blocks; without a block for every atom \
             leave it out",
            blocks.unwrap_or(0)
        )));
    }
    let values = array.finite(name)?;
    let numbers = values.iter().enumerate().map(|(place, &value)| {
        let refuse = |remedy| MeasureError::Value {
            what: format!(
                "{name} of molecule {}, atom {}",
                place / atoms,
                place % atoms
            ),
            value,
            remedy,
        };
        if value.fract() != 0.0 || !(0.0..=118.0).contains(&value) {
            return Err(refuse("give whole numbers from 1 to 118, and 0 at padding"));
        }
        let counts = |term: &Checked<'_>| {
            term.about.blocks == atoms && term.weights(place / atoms)[place % atoms] > 0.0
        };
        if value == 0.0 && terms.iter().any(counts) {
            return Err(refuse("give its element, or mask 0 at padding"));
        }
        Ok(value as u8)
    });
    numbers.collect()
}

/// The figures of the elements of a term, over so many rows.
pub(crate) fn figures(
    elements: &Elements,
    rows: usize,
    dim: usize,
    criterion: Criterion,
) -> Vec<ElementFigures> {
    let figures = elements.iter().map(|(&number, sums)| {
        let [loss, loss_mean, loss_equiv] = sums.parts.map(|sum| sum / rows as f64);
        let root = |sum: f64| {
            let square = sum / (dim as f64 * sums.weight);
            (square >= 0.0).then(|| square.sqrt())
        };
        let residual = criterion != Criterion::CrossEntropy;
        ElementFigures {
            number,
            symbol: symbol(number).map(str::to_owned),
            atoms: sums.atoms,
            loss,
            loss_mean,
            loss_equiv,
            rms_error: root(sums.squared[0]).filter(|_| residual),
            rms_equiv: root(sums.squared[1]),
        }
    });
    figures.collect()
}
