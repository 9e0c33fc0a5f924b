//! Numbers of automorphisms, known from group theory.

use task_conformer_flow::{Automorphisms, Topology};
use twirl_data::molecule_from_smiles;

fn of(smiles: &str, limit: usize) -> Automorphisms {
    let molecule = molecule_from_smiles(smiles).expect(smiles);
    let topology = Topology::new(&molecule.atomic_numbers, &molecule.bonds);
    Automorphisms::of(&topology, limit)
}

#[test]
fn counts_are_those_of_the_groups() {
    let table = [
        ("CC(=O)O", 1),
        ("CCCC", 2),
        ("Cc1ccccc1", 2),
        ("c1ccccc1", 12),
        ("CC(C)(C)C", 24),
        ("FC(F)(F)C(F)(F)F", 72),
        ("C12C3C4C1C5C2C3C45", 48),
        ("c1ccc(-c2ccccc2)cc1", 8),
        // One nitrogen of imidazole has a hydrogen and the other has not.
        ("c1c[nH]cn1", 1),
    ];
    for (smiles, count) in table {
        let found = of(smiles, 1000);
        assert_eq!(found.maps.len(), count, "{smiles}");
        assert!(!found.capped, "{smiles}");
        let identity: Vec<usize> = (0..found.heavy.len()).collect();
        assert_eq!(
            found.maps[0], identity,
            "{smiles}: the identity comes first"
        );
        let mut distinct = found.maps.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), count, "{smiles}: all differ");
    }
}

#[test]
fn the_limit_is_not_silent() {
    let found = of("CC(C)(C)C", 10);
    assert_eq!(found.maps.len(), 10);
    assert!(found.capped);
    assert!(!of("CC(C)(C)C", 24).capped);
}
