//! Oracle 4: a linear map, `A = a I + B`, whose twirl is `tr(A) / 3` times the identity.

use twirl_core::{Design, FiniteGroup, Loss, Symmetry, split};

use crate::models::{LinearMap, Model, distance, points, residuals, samples};
use crate::montecarlo::{assert_close, stream};

#[test]
fn finite_groups_split_a_linear_map_exactly() {
    for case in 0..20 {
        let mut rng = stream(50, case);
        let map = LinearMap::new(4, &mut rng);
        let (x, y, weights) = (
            points(4, &mut rng),
            points(4, &mut rng),
            [0.3, 1.0, 2.0, 0.7],
        );
        let mean = distance(&map.twirl().predict(&x), &y, &weights, |r| r);
        let equiv: f64 = [-1.0, 1.0]
            .map(|sign| map.degree_part(sign).power(&x, &weights))
            .iter()
            .sum();
        for group in [
            FiniteGroup::Tetrahedral,
            FiniteGroup::Octahedral,
            FiniteGroup::Icosahedral,
        ] {
            let design = Design::Group { group };
            let rotations = design.draw(&mut rng, Symmetry::So3).unwrap();
            let rows = residuals(&map, &x, &y, &rotations);
            let found = split(
                &design,
                Symmetry::So3,
                Loss::Squared,
                &samples(&rows, &weights),
            )
            .unwrap();
            let what = format!("seed 50, case {case}, {group:?}");
            assert_close(found.mean, mean, mean + equiv, &what);
            assert_close(found.equiv, equiv, mean + equiv, &what);
        }
    }
}
