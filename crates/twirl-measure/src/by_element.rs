//! Rows measured element by element.

use std::collections::BTreeSet;

use twirl_core::{Molecule, measure_molecule};

use crate::elements::{Elements, Sums, merge};
use crate::error::MeasureError;
use crate::predictions::Predictions;
use crate::terms::{Checked, array_name};

/// Of each term, what its blocks of each element add to its sums over rows; nothing for a term whose
/// blocks are not the atoms.
pub(crate) fn sums(of: &Predictions<'_>) -> Result<Vec<Elements>, MeasureError> {
    let Some(numbers) = &of.numbers else {
        return Ok(vec![Elements::new(); of.terms.len()]);
    };
    let atoms = numbers.len() / of.given;
    let of_term = |term: &Checked<'_>| {
        let mut elements = Elements::new();
        if term.about.blocks == atoms {
            for &row in &of.rows {
                let own = &numbers[row * atoms..(row + 1) * atoms];
                merge(&mut elements, &of_row(of, term, row, own)?);
            }
        }
        Ok(elements)
    };
    of.terms.iter().map(of_term).collect()
}

fn of_row(
    of: &Predictions<'_>,
    term: &Checked<'_>,
    row: usize,
    numbers: &[u8],
) -> Result<Elements, MeasureError> {
    let weights = term.weights(row);
    let present = numbers.iter().zip(weights).filter(|(_, w)| **w > 0.0);
    let present: BTreeSet<u8> = present.map(|(number, _)| *number).collect();
    let mut elements = Elements::new();
    for number in present {
        let own = numbers.iter().zip(weights);
        let own = own.map(|(other, w)| if *other == number { *w } else { 0.0 });
        let own: Vec<f64> = own.collect();
        let molecule = Molecule {
            predictions: term.values(row, of.subject.rotations),
            target: term.target(row),
            weights: &own,
            dim: term.dim,
            rotations: None,
        };
        let (rule, symmetry) = (of.rule.of(row), of.subject.symmetry);
        let found = measure_molecule(rule, symmetry, term.loss, &molecule, 0);
        let found = found.map_err(|source| {
            let name = array_name(&term.about.name, "prediction");
            MeasureError::Row { row, name, source }
        })?;
        elements.insert(
            number,
            Sums {
                atoms: own.iter().filter(|w| **w > 0.0).count(),
                weight: own.iter().sum(),
                parts: [found.split.loss, found.split.mean, found.split.equiv],
                squared: [found.squared.loss, found.squared.equiv],
            },
        );
    }
    Ok(elements)
}
