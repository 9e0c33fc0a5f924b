//! The project's own HDF5 layout; see the README of this crate.

use super::hdf5::Group;
use crate::draft::Draft;
use crate::elements;
use crate::error::Result;
use crate::molecule::{Bond, BondOrder, Molecule};
use crate::options::OpenOptions;
use crate::split::Split;
use crate::units::{EnergyUnit, LengthUnit, StatedUnits};

pub(super) fn read(root: &Group<'_>, options: &OpenOptions) -> Result<Draft> {
    let usual = StatedUnits::usual(LengthUnit::Angstrom, EnergyUnit::ElectronVolt);
    let mut draft = Draft::new("project HDF5", options.units(usual));
    if let Some(meta) = root.group("meta")? {
        draft.name = meta.text("name")?;
        draft.level = meta.text("level_of_theory")?;
        draft.licence = meta.text("licence")?;
    }
    draft.offset = offsets(root, "offset")?;
    let frames = draft.offset.len() - 1;
    let atoms = draft.offset[frames];

    let numbers = ints(root, "atomic_number", &[atoms])?;
    let site = root.array_site("atomic_number");
    let known = |(atom, &number): (usize, &i64)| {
        elements::checked(number)
            .ok_or_else(|| site.inside(&format!("entry {atom}")).element(number))
    };
    draft.numbers = numbers
        .iter()
        .enumerate()
        .map(known)
        .collect::<Result<_>>()?;
    let found = vectors(root, "position", atoms)?;
    draft.positions = root.required("position", found)?;
    "array position".clone_into(&mut draft.positions_place);
    let forces = options.forces_key.as_deref().unwrap_or("force");
    match vectors(root, forces, atoms)? {
        Some(values) => {
            draft.forces.values = values;
            draft.forces.present = vec![true; frames];
        }
        None if options.forces_key.is_some() => return Err(root.site.absent(forces)),
        None => {}
    }
    draft.forces.place = format!("array {forces}");
    let energies = options.energy_key.as_deref().unwrap_or("energy");
    root.expect_unread(energies, &[frames])?;
    match root.floats(energies)? {
        Some(array) => {
            root.expect(energies, &array.shape, &[frames])?;
            draft
                .energies
                .push(Some(&array.values), frames, 0, f64::NAN);
        }
        None if options.energy_key.is_some() => return Err(root.site.absent(energies)),
        None => {}
    }
    draft.energies.place = format!("array {energies}");
    root.expect_unread("split", &[frames])?;
    if let Some(split) = root.ints("split")? {
        root.expect("split", &split.shape, &[frames])?;
        let site = root.array_site("split");
        let label = |(frame, &code): (usize, &i64)| {
            Split::from_code(code).ok_or_else(|| {
                site.inside(&format!("entry {frame}"))
                    .inconsistent(format!("{code} is none of 0 train, 1 validation, 2 test"))
            })
        };
        draft.split = Some(
            split
                .values
                .iter()
                .enumerate()
                .map(label)
                .collect::<Result<_>>()?,
        );
    }
    let group = root
        .group("molecule")?
        .ok_or_else(|| root.site.absent("group molecule"))?;
    draft.molecules = molecules(&group)?;
    let count = draft.molecules.len();
    let site = root.array_site("molecule_index");
    let index = ints(root, "molecule_index", &[frames])?;
    let checked = |(frame, &index): (usize, &i64)| {
        usize::try_from(index)
            .ok()
            .filter(|index| *index < count)
            .ok_or_else(|| {
                site.inside(&format!("entry {frame}"))
                    .inconsistent(format!("molecule {index} of {count}"))
            })
    };
    draft.molecule = index
        .iter()
        .enumerate()
        .map(checked)
        .collect::<Result<_>>()?;
    Ok(draft)
}

/// Ascending offsets that start at 0, at least one entry.
fn offsets(group: &Group<'_>, name: &str) -> Result<Vec<usize>> {
    let array = group.required(name, group.ints(name)?)?;
    let site = group.array_site(name);
    if array.shape.len() != 1 || array.values.is_empty() {
        return Err(site.shape(&array.shape, "[records + 1]"));
    }
    if array.values[0] != 0 {
        return Err(site.inconsistent(format!("starts at {}, not at 0", array.values[0])));
    }
    if let Some(place) = array.values.windows(2).position(|pair| pair[1] < pair[0]) {
        return Err(site.inconsistent(format!("decreases after entry {place}")));
    }
    Ok(array.values.iter().map(|&value| value as usize).collect())
}

fn ints(group: &Group<'_>, name: &str, shape: &[usize]) -> Result<Vec<i64>> {
    group.expect_unread(name, shape)?;
    let array = group.required(name, group.ints(name)?)?;
    group.expect(name, &array.shape, shape)?;
    Ok(array.values)
}

/// Rows of three; `None` where the array is absent.
fn vectors(root: &Group<'_>, name: &str, atoms: usize) -> Result<Option<Vec<[f64; 3]>>> {
    root.expect_unread(name, &[atoms, 3])?;
    let Some(array) = root.unread(name)? else {
        return Ok(None);
    };
    let mut values = vec![[0.0; 3]; atoms];
    array.read(values.as_flattened_mut())?;
    Ok(Some(values))
}

fn molecules(group: &Group<'_>) -> Result<Vec<Molecule>> {
    let smiles = group.required("smiles", group.strings("smiles")?)?;
    let charges = ints(group, "charge", &[smiles.len()])?;
    let bonds = if group.has_dataset("bond_offset")? {
        Some(bond_lists(group)?)
    } else {
        None
    };
    let lists = bonds.unwrap_or_else(|| vec![Vec::new(); smiles.len()]);
    group.expect("bond_offset", &[lists.len() + 1], &[smiles.len() + 1])?;
    let molecule = |(index, ((smiles, charge), bonds)): (usize, ((String, i64), Vec<Bond>))| {
        let charge = i32::try_from(charge).map_err(|_| {
            let site = group.array_site("charge").inside(&format!("entry {index}"));
            site.inconsistent(format!("a charge of {charge}"))
        })?;
        let smiles = Some(smiles).filter(|text| !text.is_empty());
        Ok(Molecule {
            smiles,
            charge,
            bonds,
            ..Molecule::default()
        })
    };
    smiles
        .into_iter()
        .zip(charges)
        .zip(lists)
        .enumerate()
        .map(molecule)
        .collect()
}

fn bond_lists(group: &Group<'_>) -> Result<Vec<Vec<Bond>>> {
    let offset = offsets(group, "bond_offset")?;
    let total = offset[offset.len() - 1];
    let rows = ints(group, "bond", &[total, 3])?;
    let site = group.array_site("bond");
    let bond = |(row, values): (usize, &[i64; 3])| -> Result<Bond> {
        let wrong = || {
            let place = site.inside(&format!("row {row}"));
            place.inconsistent(format!(
                "{values:?} is not two atoms and an order of 1, 2, 3 or 4"
            ))
        };
        let order = BondOrder::from_code(values[2]).ok_or_else(wrong)?;
        let atom = |value: i64| usize::try_from(value).map_err(|_| wrong());
        Ok(Bond {
            first: atom(values[0])?,
            second: atom(values[1])?,
            order,
        })
    };
    let bonds: Vec<Bond> = rows
        .as_chunks::<3>()
        .0
        .iter()
        .enumerate()
        .map(bond)
        .collect::<Result<_>>()?;
    Ok(offset
        .windows(2)
        .map(|pair| bonds[pair[0]..pair[1]].to_vec())
        .collect())
}
