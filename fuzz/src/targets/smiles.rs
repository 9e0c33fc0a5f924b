//! SMILES.

use twirl_data::molecule_from_smiles;

use crate::mutate;
use crate::scratch::Scratch;
use crate::target::{Outcome, Target, refused};

pub(super) const SMILES: Target = Target {
    name: "smiles",
    make: |stream| {
        let corpus = CORPUS.map(|text| text.as_bytes().to_vec());
        let mut input = mutate::bytes(&corpus, WORDS, stream);
        // What lies beyond costs time alone.
        input.truncate(400);
        input
    },
    check,
};

const CORPUS: [&str; 8] = [
    "O",
    "CC(=O)Oc1ccccc1C(=O)O",
    "[H:2][O:1][H:3]",
    "C[C@H](N)C(=O)[O-].[Na+]",
    "C1CC2CCC1C2",
    "F/C=C/F",
    "[13CH4]",
    "c1ccc2c(c1)[nH]c1ccccc12",
];

const WORDS: &[&str] = &[
    "[", "]", "(", ")", "%12", "%(100)", "=", "#", "$", ":", ".", "*", "@@", "[nH]", "[NH4+]",
    "Cl", "Br", "+15", "-2", "9", "[Og]", "[Xx]", "/", "\\", "~", "C(C(C(C(", ")C)C)C)C",
];

fn check(input: &[u8], _: &Scratch) -> Outcome {
    let text = String::from_utf8_lossy(input);
    let molecule = match molecule_from_smiles(&text) {
        Ok(molecule) => molecule,
        Err(error) => return refused(&error),
    };
    let count = molecule.atomic_numbers.len();
    assert!(count > 0, "a molecule without an atom");
    assert!(
        !molecule.atomic_numbers.contains(&0),
        "an atom of no element"
    );
    let mut pairs = Vec::new();
    for bond in &molecule.bonds {
        assert!(
            bond.first < count && bond.second < count && bond.first != bond.second,
            "a bond between {} and {} of {count} atoms",
            bond.first,
            bond.second
        );
        pairs.push((bond.first.min(bond.second), bond.first.max(bond.second)));
    }
    let bonds = pairs.len();
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), bonds, "two atoms are bonded twice");
    Outcome::Accepted
}
