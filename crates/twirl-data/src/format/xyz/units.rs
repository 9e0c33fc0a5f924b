//! Units that a comment states.

use super::comment::Comment;
use crate::error::Result;
use crate::options::OpenOptions;
use crate::site::Site;
use crate::units::{By, EnergyUnit, ForceUnit, LengthUnit, StatedUnits};

const LENGTH: [&str; 8] = [
    "length_unit",
    "length_units",
    "position_unit",
    "position_units",
    "positions_unit",
    "pos_unit",
    "r_unit",
    "unit_length",
];
const ENERGY: [&str; 4] = ["energy_unit", "energy_units", "e_unit", "unit_energy"];
const FORCE: [&str; 6] = [
    "force_unit",
    "force_units",
    "forces_unit",
    "forces_units",
    "f_unit",
    "unit_force",
];

/// Stated units, else angstrom and eV; hartree in the comments of CP2K's trajectories, which hold
/// `i`, `time` and `E` and nothing on units. What an option gives is not looked for.
pub(super) fn stated(
    site: &Site<'_>,
    comment: &Comment,
    options: &OpenOptions,
) -> Result<StatedUnits> {
    let mut length = (LengthUnit::Angstrom, By::Format);
    let mut energy = (EnergyUnit::ElectronVolt, By::Format);
    let has = |key: &str| comment.pairs.iter().any(|pair| pair.key == key);
    if has("i") && has("time") && has("E") {
        energy = (EnergyUnit::Hartree, By::Format);
    }
    let remedy = "give --length-unit, --energy-unit or --force-unit, or correct the text";
    let (by_length, by_energy) = (options.length_unit.is_some(), options.energy_unit.is_some());
    let one = |names: &[&str], option: bool| {
        let found = comment.one(names).map(|text| text.filter(|_| !option));
        found.map_err(|what| site.inconsistent(what))
    };
    if let Some(text) = one(&["units", "unit"], by_length && by_energy)? {
        match (text.to_lowercase().as_str(), text.parse(), text.parse()) {
            ("metal", _, _) => {
                (length, energy) = (
                    (LengthUnit::Angstrom, By::File),
                    (EnergyUnit::ElectronVolt, By::File),
                );
            }
            ("atomic" | "au" | "a.u.", _, _) => {
                (length, energy) = (
                    (LengthUnit::Bohr, By::File),
                    (EnergyUnit::Hartree, By::File),
                );
            }
            (_, Ok(unit), _) => length = (unit, By::File),
            (_, _, Ok(unit)) => energy = (unit, By::File),
            (_, Err(error), _) => return Err(site.unsupported(error, remedy)),
        }
    }
    if let Some(text) = one(&LENGTH, by_length)? {
        let unit = text.parse::<LengthUnit>();
        length = (unit.map_err(|e| site.unsupported(e, remedy))?, By::File);
    }
    if let Some(text) = one(&ENERGY, by_energy)? {
        let unit = text.parse::<EnergyUnit>();
        energy = (unit.map_err(|e| site.unsupported(e, remedy))?, By::File);
    }
    let force = match one(&FORCE, options.force_unit.is_some())? {
        Some(text) => {
            let unit = text.parse::<ForceUnit>();
            Some(unit.map_err(|e| site.unsupported(e, remedy))?)
        }
        None => None,
    };
    Ok(StatedUnits::stated(length, energy, force))
}
