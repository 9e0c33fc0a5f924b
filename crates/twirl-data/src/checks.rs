//! Whether numbers in angstrom and eV can be molecules: units, overlaps, force size.

use crate::dataset::Contents;
use crate::draft::frame_site;
use crate::elements;
use crate::error::{DataError, Result};
use crate::units::{EnergyUnit, ForceUnit, LengthUnit, Quantity};

/// Closest distance of any two atoms, angstrom. The H2 bond is 0.74.
const CLOSEST: f64 = 0.4;
/// Closest distance of two atoms other than hydrogen, angstrom. The shortest such bond is 1.06 (N2
/// 1.10, C2H2 1.20).
const CLOSEST_HEAVY: f64 = 0.6;
/// Bounds of the median nearest-neighbour distance over the sum of covalent radii.
///
/// In the right unit it is near 1. The bounds are the geometric means of 1 with
/// 1 bohr in angstrom and its inverse, so a set read in the wrong unit of the
/// two always falls outside.
const BOND_RATIO: (f64, f64) = (0.727, 1.375);
/// Largest plausible median force on an atom, eV/angstrom: thermal sets have 1 to 3.
const LARGEST_FORCE: f64 = 15.0;
/// Largest coordinate, angstrom.
const LARGEST_COORDINATE: f64 = 1e5;
/// Frames examined for units, evenly spaced.
const SAMPLE: usize = 256;

/// Refuse sets in the wrong unit, then single frames that are no molecule.
pub(crate) fn plausible(set: &Contents) -> Result<()> {
    check_range(set)?;
    check_length_unit(set)?;
    check_overlaps(set)?;
    check_force_unit(set)
}

fn check_range(set: &Contents) -> Result<()> {
    for (frame, &molecule) in set.molecule.iter().enumerate() {
        let largest = set.positions[set.range(frame)]
            .as_flattened()
            .iter()
            .fold(0.0, |m: f64, x| m.max(x.abs()));
        if largest > LARGEST_COORDINATE {
            let site = frame_site(&set.path, frame, &set.molecules[molecule]);
            let what = format!("a {} of {largest:e} A, beyond 1e5 A", Quantity::Position);
            return Err(site.inconsistent(what));
        }
    }
    Ok(())
}

pub(crate) fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    (x * x + y * y + z * z).sqrt()
}

fn radius(number: u8) -> f64 {
    elements::covalent_radius(number).unwrap_or(f64::NAN)
}

fn sample(frames: usize) -> impl Iterator<Item = usize> {
    let count = frames.min(SAMPLE);
    (0..count).map(move |place| place * frames / count)
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Median over a sample of atoms of the distance to the nearest atom: angstrom, and over the bond.
pub(crate) fn nearest(set: &Contents) -> Option<(f64, f64)> {
    let (mut distances, mut ratios) = (Vec::new(), Vec::new());
    for frame in sample(set.molecule.len()) {
        let range = set.range(frame);
        let (numbers, positions) = (&set.numbers[range.clone()], &set.positions[range]);
        if positions.len() < 2 {
            continue;
        }
        for (i, &here) in positions.iter().enumerate() {
            let (mut shortest, mut lowest) = (f64::INFINITY, f64::INFINITY);
            for (j, &there) in positions.iter().enumerate() {
                if i != j {
                    let d = distance(here, there);
                    shortest = shortest.min(d);
                    lowest = lowest.min(d / (radius(numbers[i]) + radius(numbers[j])));
                }
            }
            distances.push(shortest);
            ratios.push(lowest);
        }
    }
    Some((median(distances)?, median(ratios)?))
}

fn check_length_unit(set: &Contents) -> Result<()> {
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
        path: set.path.clone(),
        unit,
        median,
        ratio,
        fits,
    })
}

fn check_overlaps(set: &Contents) -> Result<()> {
    for (frame, &molecule) in set.molecule.iter().enumerate() {
        let range = set.range(frame);
        let (numbers, positions) = (&set.numbers[range.clone()], &set.positions[range]);
        for (second, &there) in positions.iter().enumerate() {
            for (first, &here) in positions[..second].iter().enumerate() {
                let heavy = numbers[first] > 1 && numbers[second] > 1;
                let distance = distance(here, there);
                if distance < if heavy { CLOSEST_HEAVY } else { CLOSEST } {
                    let site = frame_site(&set.path, frame, &set.molecules[molecule]);
                    return Err(DataError::Overlap {
                        path: set.path.clone(),
                        record: crate::error::one_line(&site.record),
                        first,
                        first_symbol: elements::symbol(numbers[first]).unwrap_or("?"),
                        second,
                        second_symbol: elements::symbol(numbers[second]).unwrap_or("?"),
                        distance,
                    });
                }
            }
        }
    }
    Ok(())
}

/// Median length of the force on an atom over a sample of frames, eV/angstrom.
pub(crate) fn median_force(set: &Contents) -> Option<f64> {
    let forces = set.forces.as_ref()?;
    let atoms = sample(set.molecule.len()).flat_map(|frame| &forces[set.range(frame)]);
    median(atoms.map(|&force| distance(force, [0.0; 3])).collect())
}

fn check_force_unit(set: &Contents) -> Result<()> {
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
        path: set.path.clone(),
        unit: unit.to_string(),
        median,
        limit: LARGEST_FORCE,
        fits: fits.map(|unit| unit.to_string()),
    })
}
