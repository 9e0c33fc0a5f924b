//! One HDF5 group per molecule: SPICE (Eastman et al., arXiv 2209.10702), and
//! plain conformer sets in the same style without labels.

use super::hdf5::{Array, Group, triples};
use crate::dataset::{Molecule, OpenOptions};
use crate::draft::Draft;
use crate::elements;
use crate::error::{DataError, Result, Site};
use crate::smiles;
use crate::units::{EnergyUnit, ForceUnit, LengthUnit, Units};

const ENERGY: &str = "dft_total_energy";
const GRADIENT: &str = "dft_total_gradient";
const SPICE_LEVEL: &str = "wB97M-D3(BJ)/def2-TZVPPD";

pub(super) fn read(root: &Group<'_>, options: &OpenOptions) -> Result<Draft> {
    let names = root.group_names()?;
    let mut draft: Option<Draft> = None;
    for name in names {
        let group = root
            .group(&name)?
            .ok_or_else(|| root.site.absent(&format!("group {name}")))?;
        if !group.has_dataset("conformations")? && draft.is_none() {
            break;
        }
        let units = options.units(stated_units(&group)?);
        let draft = draft.get_or_insert_with(|| Draft::new("", units));
        if draft.units != units {
            return Err(group.site.inconsistent(format!(
                "units {}, {} differ from those of the groups before, {}, {}",
                units.length, units.force, draft.units.length, draft.units.force
            )));
        }
        append(draft, &group, name)?;
    }
    let mut draft = draft.ok_or_else(|| DataError::UnknownFormat {
        path: root.site.path.to_owned(),
        found: "HDF5 with neither an array offset nor groups with an array conformations"
            .to_owned(),
    })?;
    draft.format = if draft.forces.is_some() || draft.energies.is_some() {
        draft.level = Some(SPICE_LEVEL.to_owned());
        "SPICE HDF5"
    } else {
        "conformer HDF5"
    };
    Ok(draft)
}

/// Units from the `units` attributes, else those of the SPICE publication or angstrom.
fn stated_units(group: &Group<'_>) -> Result<Units> {
    let spice = group.has_dataset(ENERGY)? || group.has_dataset(GRADIENT)?;
    let mut units = if spice {
        Units::new(LengthUnit::Bohr, EnergyUnit::Hartree)
    } else {
        Units::new(LengthUnit::Angstrom, EnergyUnit::ElectronVolt)
    };
    units.length = stated(group, "conformations", units.length)?;
    units.energy = stated(group, ENERGY, units.energy)?;
    let derived = ForceUnit {
        energy: units.energy,
        length: units.length,
    };
    units.force = stated(group, GRADIENT, derived)?;
    Ok(units)
}

fn stated<T: std::str::FromStr>(group: &Group<'_>, name: &str, otherwise: T) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    match group.units(name)? {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|error: T::Err| {
            group
                .array_site(name)
                .unsupported(error, "correct the attribute units")
        }),
    }
}

fn append(draft: &mut Draft, group: &Group<'_>, name: String) -> Result<()> {
    let numbers = group.required("atomic_numbers", group.ints("atomic_numbers")?)?;
    let atoms = numbers.values.len();
    group.expect("atomic_numbers", &numbers.shape, &[atoms])?;
    let site = group.array_site("atomic_numbers");
    let known = |&number: &i64| elements::checked(number).ok_or_else(|| site.element(number));
    let numbers: Vec<u8> = numbers.values.iter().map(known).collect::<Result<_>>()?;

    let positions = group.required("conformations", group.floats("conformations")?)?;
    let frames = positions.shape.first().copied().unwrap_or(0);
    group.expect("conformations", &positions.shape, &[frames, atoms, 3])?;
    if atoms == 0 || frames == 0 {
        return Err(group
            .site
            .inconsistent("a molecule without atoms or conformations"));
    }

    let first = draft.molecules.is_empty();
    let gradient = group.floats(GRADIENT)?;
    let forces = gradient
        .map(|array| negated(group, &array, frames, atoms))
        .transpose()?;
    extend(&mut draft.forces, forces, first, &group.site, GRADIENT)?;
    let energies = group.floats(ENERGY)?.map(|array| {
        group.expect(ENERGY, &array.shape, &[frames])?;
        Ok(array.values)
    });
    extend(
        &mut draft.energies,
        energies.transpose()?,
        first,
        &group.site,
        ENERGY,
    )?;

    let index = draft.molecules.len();
    draft.molecules.push(molecule(group, name, &numbers)?);
    let mut end = draft.numbers.len();
    for _ in 0..frames {
        end += atoms;
        draft.offset.push(end);
        draft.numbers.extend_from_slice(&numbers);
        draft.molecule.push(index);
    }
    draft.positions.extend(triples(&positions.values));
    Ok(())
}

fn negated(
    group: &Group<'_>,
    array: &Array<f64>,
    frames: usize,
    atoms: usize,
) -> Result<Vec<[f64; 3]>> {
    group.expect(GRADIENT, &array.shape, &[frames, atoms, 3])?;
    let mut forces = triples(&array.values);
    forces
        .as_flattened_mut()
        .iter_mut()
        .for_each(|value| *value = -*value);
    Ok(forces)
}

/// Add labels that every group has, or none.
fn extend<T>(
    all: &mut Option<Vec<T>>,
    these: Option<Vec<T>>,
    first: bool,
    site: &Site<'_>,
    name: &str,
) -> Result<()> {
    match (all, these) {
        (all, these) if first => *all = these,
        (Some(all), Some(these)) => all.extend(these),
        (None, None) => {}
        (Some(_), None) => return Err(site.absent(&format!("array {name}"))),
        (None, Some(_)) => {
            return Err(site.inconsistent(format!("array {name} is absent in the groups before")));
        }
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
    let stated = match group.number("charge")? {
        Some(value) if value.fract() == 0.0 && value.abs() < 100.0 => Some(value as i32),
        Some(value) => return Err(group.site.inconsistent(format!("a charge of {value}"))),
        None => None,
    };
    let mut molecule = Molecule {
        name: Some(name),
        charge: stated.unwrap_or(0),
        ..Molecule::default()
    };
    let Some(text) = smiles else {
        return Ok(molecule);
    };
    let parsed = smiles::parse(&text).map_err(|what| group.site.smiles(&text, what))?;
    let bonds = parsed
        .mapped_bonds(numbers)
        .map_err(|what| group.site.smiles(&text, what))?;
    molecule.bonds = bonds.unwrap_or_default();
    molecule.charge = stated.unwrap_or_else(|| parsed.charge());
    molecule.smiles = Some(text);
    Ok(molecule)
}
