//! Whether the units fit: distances of bonded atoms, and the size of forces.

use crate::checks::nearest::{SAMPLE, nearest};
use crate::error::{DataError, Result};
use crate::frames::{Frames, length, median, sample};
use crate::site::one_line;
use crate::units::{EnergyUnit, ForceUnit, LengthUnit};

/// Bounds of the median nearest-neighbour distance over the sum of covalent radii.
///
/// In the right unit it is near 1. The bounds are the geometric means of 1 with
/// 1 bohr in angstrom and its inverse, so a set read in the wrong unit of the
/// two always falls outside.
const BOND_RATIO: (f64, f64) = (0.727, 1.375);
/// Largest plausible median force on an atom, eV/angstrom: thermal sets have 1 to 3.
const LARGEST_FORCE: f64 = 15.0;

pub(crate) fn check_length(set: &Frames<'_>) -> Result<()> {
    let Some((median, ratio)) = nearest(set) else {
        return Ok(());
    };
    let plausible = |ratio: f64| (BOND_RATIO.0..=BOND_RATIO.1).contains(&ratio);
    if plausible(ratio) {
        return Ok(());
    }
    let unit = set.units.length;
    let as_unit = |other: LengthUnit| ratio * other.in_angstrom() / unit.in_angstrom();
    let fits = LengthUnit::ALL
        .into_iter()
        .find(|&other| plausible(as_unit(other)));
    Err(DataError::LengthUnit {
        path: one_line(set.path),
        unit,
        median,
        ratio,
        fits,
    })
}

/// Median length of the force on an atom over a sample of frames, eV/angstrom.
pub(crate) fn median_force(set: &Frames<'_>) -> Option<f64> {
    let forces = set.forces?;
    let atoms = sample(set.len(), SAMPLE).flat_map(|frame| &forces[set.range(frame)]);
    median(atoms.map(|&force| length(force)).collect())
}

pub(crate) fn check_force(set: &Frames<'_>) -> Result<()> {
    let Some(median) = median_force(set) else {
        return Ok(());
    };
    if median <= LARGEST_FORCE {
        return Ok(());
    }
    let unit = set.units.force;
    let fits = EnergyUnit::ALL
        .into_iter()
        .map(|energy| ForceUnit {
            energy,
            length: LengthUnit::Angstrom,
        })
        .find(|other| {
            let factor =
                other.in_electron_volt_per_angstrom() / unit.in_electron_volt_per_angstrom();
            median * factor <= LARGEST_FORCE && *other != unit
        });
    Err(DataError::ForceUnit {
        path: one_line(set.path),
        unit: unit.to_string(),
        median,
        limit: LARGEST_FORCE,
        fits: fits.map(|unit| unit.to_string()),
    })
}
