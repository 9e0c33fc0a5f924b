//! Which molecules are the same, in whatever order their atoms stand.

use std::collections::HashMap;

use crate::elements;
use crate::frames::{Frames, distance};
use crate::hydrogens::molecule_from_smiles;
use crate::molecule::Bond;

/// Atoms are bonded up to this times the sum of their covalent radii.
const BONDED: f64 = 1.3;

/// A number for each molecule; equal numbers for the same molecule.
///
/// Two SMILES are the same molecule if they are equal, or if neither marks stereo and their graphs
/// agree. Without a SMILES the bonds decide, else those that the distances of the first frame show.
pub(crate) fn same(set: &Frames<'_>) -> Vec<usize> {
    let mut first = vec![None; set.molecules.len()];
    for (frame, &molecule) in set.molecule.iter().enumerate() {
        first[molecule].get_or_insert(frame);
    }
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut next = 0;
    let mut number = |key: String| {
        *known.entry(key).or_insert_with(|| {
            next += 1;
            next - 1
        })
    };
    let one = |(index, molecule): (usize, &crate::molecule::Molecule)| {
        let key = match (&molecule.smiles, first[index]) {
            (Some(smiles), _) => of_smiles(smiles),
            (None, Some(frame)) => {
                let numbers = set.numbers(frame);
                let perceived;
                let bonds = if molecule.bonds.is_empty() {
                    perceived = near(numbers, set.positions(frame));
                    &perceived
                } else {
                    &molecule.bonds
                };
                graph(numbers, bonds, molecule.charge)
            }
            (None, None) => format!("#{index}"),
        };
        number(key)
    };
    set.molecules.iter().enumerate().map(one).collect()
}

fn of_smiles(smiles: &str) -> String {
    let marked = smiles.contains(['@', '/', '\\']);
    match molecule_from_smiles(smiles) {
        Ok(read) if !marked => graph(&read.atomic_numbers, &read.bonds, read.charge),
        _ => smiles.to_owned(),
    }
}

fn near(numbers: &[u8], positions: &[[f64; 3]]) -> Vec<Bond> {
    let radius = |atom: usize| elements::covalent_radius(numbers[atom]).unwrap_or(0.0);
    let mut bonds = Vec::new();
    for second in 0..numbers.len() {
        for first in 0..second {
            let reach = BONDED * (radius(first) + radius(second));
            if distance(positions[first], positions[second]) <= reach {
                bonds.push(Bond {
                    first,
                    second,
                    order: crate::molecule::BondOrder::Single,
                });
            }
        }
    }
    bonds
}

/// Formula, charge, and the colours of the atoms after refinement by their neighbours' (Weisfeiler
/// and Lehman 1968): equal for equal molecules, and apart for all but rare pairs of others.
fn graph(numbers: &[u8], bonds: &[Bond], charge: i32) -> String {
    let mut neighbours = vec![Vec::new(); numbers.len()];
    for bond in bonds {
        neighbours[bond.first].push(bond.second);
        neighbours[bond.second].push(bond.first);
    }
    let mut colours: Vec<u64> = numbers.iter().map(|&z| mix(u64::from(z))).collect();
    let mut classes = distinct(&colours);
    loop {
        let refined = |atom: usize| {
            let mut around: Vec<u64> = neighbours[atom].iter().map(|&n| colours[n]).collect();
            around.sort_unstable();
            let start = mix(colours[atom]);
            around
                .iter()
                .fold(start, |hash, &colour| mix(hash ^ colour))
        };
        let next: Vec<u64> = (0..numbers.len()).map(refined).collect();
        let found = distinct(&next);
        colours = next;
        if found <= classes {
            break;
        }
        classes = found;
    }
    colours.sort_unstable();
    let hash = colours.iter().fold(0, |hash, &colour| mix(hash ^ colour));
    format!("{}:{charge}:{hash:016x}", elements::formula(numbers))
}

fn distinct(colours: &[u64]) -> usize {
    let mut sorted = colours.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

/// The finaliser of `SplitMix64` (Steele et al., OOPSLA 2014).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_atoms_does_not_matter_and_the_bonds_do() {
        assert_eq!(of_smiles("CCO"), of_smiles("OCC"));
        assert_ne!(of_smiles("CCO"), of_smiles("COC"), "isomers");
        assert_eq!(of_smiles("Cc1ccccc1"), of_smiles("c1ccc(C)cc1"));
        assert_ne!(of_smiles("CC(=O)[O-]"), of_smiles("CC(=O)O"), "charge");
        assert_ne!(of_smiles("C[C@H](N)O"), of_smiles("C[C@@H](N)O"), "stereo");
        // cis and trans, which the graph alone cannot tell apart.
        assert_ne!(of_smiles("F/C=C/F"), of_smiles("F/C=C\\F"));
    }
}
