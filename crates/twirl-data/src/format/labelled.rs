//! One group of geometries with its labels, added to a draft.

use std::collections::HashMap;

use super::described::described;
use super::hdf5::{Array, Group};
use crate::draft::Draft;
use crate::error::Result;
use crate::molecule::Molecule;

/// Names under which labels may stand.
pub(super) struct Names {
    pub(super) energies: Vec<String>,
    pub(super) forces: Vec<String>,
}

/// A group of geometries.
pub(super) struct Batch<'g, 'a> {
    pub(super) group: &'g Group<'a>,
    pub(super) name: String,
    /// Name of the array of positions.
    pub(super) positions: &'static str,
    /// Shape `[atoms]` or `[frames, atoms]`, and the atomic numbers.
    pub(super) numbers: (Vec<usize>, Vec<u8>),
    pub(super) names: Names,
    /// Whether the group is one molecule with a name of its own, SMILES and charge.
    pub(super) whole: bool,
}

/// Adds the frames of a group.
pub(super) fn append(
    draft: &mut Draft,
    batch: Batch<'_, '_>,
    known: &mut HashMap<Vec<u8>, usize>,
) -> Result<()> {
    let group = batch.group;
    let (shape, numbers) = &batch.numbers;
    let atoms = shape.last().copied().unwrap_or(0);
    let frames = geometries(group, batch.positions, atoms)?;
    if atoms == 0 || frames == 0 {
        let what = "a molecule without atoms or geometries";
        return Err(group.site.inconsistent(what));
    }
    if shape[..] != [atoms] && shape[..] != [frames, atoms] {
        let expected = format!("[{atoms}] or [{frames}, {atoms}]");
        return Err(group.site.shape(shape, &expected));
    }

    let missing = [f64::NAN; 3];
    let array = group.required(batch.positions, group.unread(batch.positions)?)?;
    let start = draft.positions.len();
    draft.positions.resize(start + frames * atoms, missing);
    array.read(draft.positions[start..].as_flattened_mut())?;
    let mut found = None;
    for name in &batch.names.forces {
        group.expect_unread_any(name, &[&[frames, atoms, 3], &[atoms, 3]])?;
        found = group.unread(name)?;
        if found.is_some() {
            draft.forces.place = format!("array {name} of each group");
            break;
        }
    }
    match found {
        Some(array) => {
            let room = draft.forces.room(frames, frames * atoms, missing);
            array.read(room.as_flattened_mut())?;
        }
        None => draft.forces.push(None, frames, frames * atoms, missing),
    }
    let mut energies = None;
    for name in &batch.names.energies {
        let allowed: &[&[usize]] = &[&[frames], &[frames, 1], &[]];
        let allowed = if frames == 1 { allowed } else { &allowed[..2] };
        group.expect_unread_any(name, allowed)?;
        if let Some(Array { values, .. }) = group.floats(name)? {
            draft.energies.place = format!("array {name} of each group");
            energies = Some(values);
            break;
        }
    }
    draft
        .energies
        .push(energies.as_deref(), frames, frames, f64::NAN);

    let one = if batch.whole {
        draft.molecules.push(molecule(group, batch.name, numbers)?);
        Some(draft.molecules.len() - 1)
    } else {
        None
    };
    let mut end = draft.numbers.len();
    for frame in 0..frames {
        let row = if shape.len() == 1 { 0 } else { frame };
        let these = &numbers[row * atoms..(row + 1) * atoms];
        let index = one.unwrap_or_else(|| {
            let next = draft.molecules.len();
            let index = *known.entry(these.to_vec()).or_insert(next);
            if index == next {
                draft.molecules.push(Molecule::default());
            }
            index
        });
        end += atoms;
        draft.offset.push(end);
        draft.numbers.extend_from_slice(these);
        draft.molecule.push(index);
    }
    Ok(())
}

/// SMILES and charge from arrays (SPICE) or attributes; the charge else from the SMILES.
fn molecule(group: &Group<'_>, name: String, numbers: &[u8]) -> Result<Molecule> {
    let listed = group.strings("smiles")?;
    let smiles = match listed.and_then(|list| list.into_iter().next()) {
        Some(smiles) => Some(smiles),
        None => group.text("smiles")?,
    };
    let charge = match group.number("charge")? {
        Some(value) if value.fract() == 0.0 && value.abs() < 100.0 => Some(value as i32),
        Some(value) => return Err(group.site.inconsistent(format!("a charge of {value}"))),
        None => None,
    };
    let mut molecule = described(&group.site, smiles, charge, numbers)?;
    molecule.name = Some(name);
    Ok(molecule)
}

/// How many geometries there are; a single one need not be a row of many.
fn geometries(group: &Group<'_>, name: &str, atoms: usize) -> Result<usize> {
    let shape = group.required(name, group.shape(name)?)?;
    if shape.len() == 2 {
        group.expect(name, &shape, &[atoms, 3])?;
        return Ok(1);
    }
    let frames = shape.first().copied().unwrap_or(0);
    group.expect(name, &shape, &[frames, atoms, 3])?;
    Ok(frames)
}
