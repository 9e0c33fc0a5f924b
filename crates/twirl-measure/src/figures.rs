//! From predictions to figures: rows measured, summed, resampled.

use std::collections::BTreeMap;

use twirl_core::{CoreError, Molecule, MoleculeFigures, Tally, measure_molecule};

use crate::doubts::{covered, one_molecule};
use crate::error::MeasureError;
use crate::predictions::Predictions;
use crate::results::{Figures, SCHEMA};
use crate::settings::Options;
use crate::sheet::{OF_SQUARED, POWERS, Sheet, Sums};
use crate::terms::{Checked, array_name};

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
    let mut by_unit = BTreeMap::new();
    for &row in &of.rows {
        let mut columns = vec![0.0; OF_SQUARED];
        for (term, sums) in of.terms.iter().zip(&mut sums) {
            let found = measured(of, term, row, options.degree).map_err(|source| {
                let name = array_name(&term.name, "prediction");
                MeasureError::Row { row, name, source }
            })?;
            sums.add(&found, term.target(row), term.weights(row));
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

fn measured(
    of: &Predictions,
    term: &Checked,
    row: usize,
    degree: usize,
) -> Result<MoleculeFigures, CoreError> {
    let size = of.extent[1] * term.blocks * term.dim;
    let molecule = Molecule {
        predictions: &term.values[row * size..(row + 1) * size],
        target: term.target(row),
        weights: term.weights(row),
        dim: term.dim,
        rotations: of.turns.as_ref().map(|turns| turns[row].as_slice()),
    };
    measure_molecule(of.rule.of(row), of.symmetry, term.loss, &molecule, degree)
}
