//! The harmonic prior has the covariance of springs along bonds.

use task_conformer_flow::Topology;
use task_conformer_flow::schedule::Prior;
use twirl_core::tolerance::{self, STANDARD_ERRORS};

use crate::{SEED, single, stream};

/// `E |x_i - x_j|^2 = 3 scale^2 R_ij` with R the resistance between i and j when every bond is a
/// resistor of 1: bonds in a row add up, the two ways round a ring are in parallel.
#[test]
fn distances_follow_resistances() {
    const COUNT: usize = 20_000;
    const SCALE: f64 = 1.3;
    let tree = Topology::new(&[6; 5], &single(&[(0, 1), (1, 2), (2, 3), (1, 4)]));
    let ring = Topology::new(&[6; 5], &single(&[(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]));
    let cases = [
        (&tree, 0, 1, 1.0),
        (&tree, 0, 3, 3.0),
        (&tree, 3, 4, 3.0),
        (&ring, 0, 1, 4.0 / 5.0),
        (&ring, 0, 2, 6.0 / 5.0),
    ];
    for (number, (molecule, first, second, resistance)) in cases.into_iter().enumerate() {
        let mut stream = stream(number as u64);
        let mut sum = 0.0;
        for _ in 0..COUNT {
            let places = molecule.source(Prior::Harmonic, SCALE, &mut stream);
            let pairs = places[first].iter().zip(&places[second]);
            sum += pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        }
        let expected = 3.0 * SCALE * SCALE * resistance;
        // A sum of three squares of normals has the relative variance 2 / 3.
        let error = (sum / COUNT as f64 / expected - 1.0) / f64::sqrt(2.0 / 3.0 / COUNT as f64);
        assert!(
            error.abs() < STANDARD_ERRORS,
            "case {number}: {} against {expected}, {error} standard errors (seed {SEED})",
            sum / COUNT as f64
        );
    }
}

#[test]
fn sources_are_centred() {
    let molecule = Topology::new(&[6, 6, 8], &single(&[(0, 1), (1, 2)]));
    for prior in [Prior::Harmonic, Prior::Gaussian] {
        let places = molecule.source(prior, 1.0, &mut stream(9));
        for axis in 0..3 {
            let sum: f64 = places.iter().map(|place| place[axis]).sum();
            assert!(
                sum.abs() < tolerance::F64.agreement,
                "{prior:?}: sum {sum} (seed {SEED})"
            );
        }
    }
}

#[test]
fn one_atom_is_at_the_origin() {
    let molecule = Topology::new(&[18], &[]);
    for prior in [Prior::Harmonic, Prior::Gaussian] {
        let places = molecule.source(prior, 1.0, &mut stream(0));
        assert_eq!(places, [[0.0; 3]], "{prior:?}");
    }
}
