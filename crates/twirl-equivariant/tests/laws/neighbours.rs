//! Neighbour lists against repeated search for the nearest atom.

use twirl_equivariant::{EquivariantError, NeighbourList};

use crate::fixture::{SEED, molecule};

/// Picks the nearest atom not yet picked, again and again.
fn searched(positions: &[[f64; 3]], atom: usize, cutoff: f64, most: usize) -> Vec<usize> {
    let distance = |other: usize| {
        let pairs = positions[atom].iter().zip(&positions[other]);
        pairs.map(|(a, b)| (b - a).powi(2)).sum::<f64>()
    };
    let mut found: Vec<usize> = Vec::new();
    while found.len() < most {
        let mut best: Option<usize> = None;
        for other in 0..positions.len() {
            let seen = other == atom || found.contains(&other);
            if seen || distance(other) >= cutoff * cutoff {
                continue;
            }
            if best.is_none_or(|best| distance(other) < distance(best)) {
                best = Some(other);
            }
        }
        let Some(best) = best else { break };
        found.push(best);
    }
    found
}

#[test]
fn lists_agree_with_search() {
    for (atoms, cutoff, most) in [(9, 2.5, 20), (20, 4.0, 6), (27, 3.0, 1), (2, 0.1, 3)] {
        let positions = molecule(atoms, 50).positions;
        let list = NeighbourList::build(&positions, cutoff, most).expect("neighbours");
        for atom in 0..atoms {
            let expected = searched(&positions, atom, cutoff, most);
            assert_eq!(
                list.of(atom),
                expected,
                "seed {SEED}, {atoms} atoms, atom {atom}"
            );
        }
    }
}

#[test]
fn ties_go_to_the_lower_index_and_the_rest_is_counted() {
    let cross = [
        [0.0, 0.0, 0.0],
        [0.0, -1.0, 0.0],
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [-1.0, 0.0, 0.0],
    ];
    let list = NeighbourList::build(&cross, 1.2, 3).expect("neighbours");
    assert_eq!(list.of(0), [1, 2, 3]);
    assert_eq!(list.of(3), [0]);
    assert_eq!((list.most(), list.dropped()), (3, 1));
}

#[test]
fn overlaps_and_bad_numbers_are_refused() {
    let build = NeighbourList::build;
    assert_eq!(
        build(&[[0.0; 3], [1.0; 3], [0.0; 3]], 5.0, 4),
        Err(EquivariantError::Overlap {
            first: 0,
            second: 2
        })
    );
    let infinite = [[0.0; 3], [0.0, f64::INFINITY, 0.0]];
    assert!(matches!(
        build(&infinite, 5.0, 4),
        Err(EquivariantError::Coordinate { atom: 1, .. })
    ));
    assert!(matches!(
        build(&[[0.0; 3]], f64::NAN, 4),
        Err(EquivariantError::Cutoff { .. })
    ));
    assert!(build(&[[0.0; 3]], 5.0, 0).is_err());
}
