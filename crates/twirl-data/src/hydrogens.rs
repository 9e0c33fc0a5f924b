//! Molecules from SMILES, with the hydrogens that are not written.

use crate::elements;
use crate::molecule::{Bond, BondOrder};
use crate::smiles::{Atom, parse};

/// A molecule as a SMILES gives it: written atoms in the order written, then added hydrogens in the
/// order of the atoms that carry them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmilesMolecule {
    /// Atomic numbers.
    pub atomic_numbers: Vec<u8>,
    /// Bonds, those to added hydrogens included.
    pub bonds: Vec<Bond>,
    /// Total charge in units of e.
    pub charge: i32,
}

/// More hydrogens on one atom than any element takes.
const MOST_HYDROGENS: usize = 9;

/// Reads a SMILES and adds hydrogens.
///
/// Atoms outside brackets take as many as their lowest normal valence that holds their bonds leaves
/// (B 3, C 4, N 3 or 5, O 2, P 3 or 5, S 2, 4 or 6, halogens 1; an aromatic atom gives one valence
/// to its ring). Atoms in brackets have the hydrogens that are written. Rings count as aromatic
/// where they are written so, in lower case; stereo marks are ignored.
///
/// # Errors
/// What is wrong and where: a string that is no SMILES, a wildcard, or an atom with more bonds than
/// its element takes outside brackets.
pub fn molecule_from_smiles(text: &str) -> Result<SmilesMolecule, String> {
    let smiles = parse(text)?;
    let mut atomic_numbers: Vec<u8> = smiles.atoms.iter().map(|atom| atom.number).collect();
    let mut bonds = smiles.bonds.clone();
    for (index, atom) in smiles.atoms.iter().enumerate() {
        if atom.number == 0 {
            return Err(format!("atom {} is the wildcard *", index + 1));
        }
        let around = smiles
            .bonds
            .iter()
            .filter(|bond| bond.first == index || bond.second == index);
        let hydrogens = match atom.hydrogens {
            Some(written) => written,
            None => {
                implicit(atom, around).map_err(|what| format!("atom {} ({})", index + 1, what))?
            }
        };
        if hydrogens > MOST_HYDROGENS {
            return Err(format!("atom {} has {hydrogens} hydrogens", index + 1));
        }
        for _ in 0..hydrogens {
            bonds.push(Bond {
                first: index,
                second: atomic_numbers.len(),
                order: BondOrder::Single,
            });
            atomic_numbers.push(1);
        }
    }
    for bond in &mut bonds {
        if bond.first > bond.second {
            std::mem::swap(&mut bond.first, &mut bond.second);
        }
    }
    bonds.sort_by_key(|bond| (bond.first, bond.second));
    if let Some(pair) = bonds
        .windows(2)
        .find(|pair| (pair[0].first, pair[0].second) == (pair[1].first, pair[1].second))
    {
        return Err(format!(
            "atoms {} and {} are bonded twice",
            pair[0].first + 1,
            pair[0].second + 1
        ));
    }
    Ok(SmilesMolecule {
        atomic_numbers,
        bonds,
        charge: smiles.charge(),
    })
}

/// Hydrogens of an atom outside brackets.
fn implicit<'a>(atom: &Atom, around: impl Iterator<Item = &'a Bond>) -> Result<usize, String> {
    let symbol = elements::symbol(atom.number).unwrap_or("?");
    let normal: &[usize] = match atom.number {
        5 => &[3],
        6 => &[4],
        7 | 15 => &[3, 5],
        8 => &[2],
        16 => &[2, 4, 6],
        9 | 17 | 35 | 53 => &[1],
        _ => return Err(format!("{symbol} needs brackets")),
    };
    let used: usize = around
        .map(|bond| match bond.order {
            BondOrder::Single | BondOrder::Aromatic => 1,
            BondOrder::Double => 2,
            BondOrder::Triple => 3,
        })
        .sum();
    if atom.aromatic {
        // One valence goes into the ring's electrons, or a lone pair does and none is left.
        return Ok(normal[0].saturating_sub(used + 1));
    }
    normal
        .iter()
        .find(|valence| **valence >= used)
        .map(|valence| valence - used)
        .ok_or_else(|| format!("{symbol} has {used} bonds; write it in brackets if that is meant"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formula(text: &str) -> (usize, usize, i32) {
        let molecule = molecule_from_smiles(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let (hydrogens, heavy): (Vec<u8>, Vec<u8>) = molecule
            .atomic_numbers
            .iter()
            .partition(|number| **number == 1);
        (heavy.len(), hydrogens.len(), molecule.charge)
    }

    #[test]
    fn hydrogens_of_known_molecules() {
        // (SMILES, heavy atoms, hydrogens, charge), by hand from the formulas.
        let table = [
            ("C", 1, 4, 0),
            ("CCO", 3, 6, 0),
            ("C#N", 2, 1, 0),
            ("CC(=O)[O-]", 4, 3, -1),
            ("[NH4+]", 1, 4, 1),
            ("c1ccccc1", 6, 6, 0),
            ("c1ccncc1", 6, 5, 0),
            ("c1cc[nH]c1", 5, 5, 0),
            ("c1ccoc1", 5, 4, 0),
            ("Cn1cnc2c1c(=O)n(C)c(=O)n2C", 14, 10, 0),
            ("CS(=O)(=O)N", 5, 5, 0),
            ("CN(=O)=O", 4, 3, 0),
            ("C[N+](=O)[O-]", 4, 3, 0),
            ("OP(=O)(O)O", 5, 3, 0),
            ("FS(F)(F)(F)(F)F", 7, 0, 0),
            ("[H]C([H])=O", 2, 2, 0),
            ("c1ccc(-c2ccccc2)cc1", 12, 10, 0),
        ];
        for (text, heavy, hydrogens, charge) in table {
            assert_eq!(formula(text), (heavy, hydrogens, charge), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let table = [
            (
                "C(C)(C)(C)(C)C",
                "atom 1 (C has 5 bonds; write it in brackets if that is meant)",
            ),
            ("C*", "atom 2 is the wildcard *"),
            ("C12CC12", "atoms 1 and 3 are bonded twice"),
            ("[CH99]", "atom 1 has 99 hydrogens"),
            ("C(", "an unmatched '(' at character 2"),
        ];
        for (text, expected) in table {
            assert_eq!(
                molecule_from_smiles(text),
                Err(expected.to_owned()),
                "{text}"
            );
        }
    }
}
