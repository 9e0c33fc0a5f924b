//! Oracle 1: the direct-force head, whose spectrum has degrees 0 and 2 only.

use twirl_core::{Design, FiniteGroup, Loss, Symmetry, energy, split};

use crate::models::{DirectHead, distance, points, residuals, samples};
use crate::montecarlo::{assert_close, stream};

#[test]
fn every_finite_group_gives_the_closed_form() {
    for case in 0..20 {
        let mut rng = stream(10, case);
        let head = DirectHead::new(0.7, &mut rng);
        let (x, y) = (points(6, &mut rng), points(6, &mut rng));
        let weights = [1.0, 0.5, 2.0, 1.0, 0.0, 3.0];
        let (mean, equiv) = (
            distance(&head.twirl(&x), &y, &weights, |r| r),
            head.equiv(&x, &weights),
        );
        for group in [
            FiniteGroup::Tetrahedral,
            FiniteGroup::Octahedral,
            FiniteGroup::Icosahedral,
        ] {
            for symmetry in [Symmetry::So3, Symmetry::O3] {
                let design = Design::Group { group };
                let rotations = design.draw(&mut rng, symmetry).unwrap();
                let rows = residuals(&head, &x, &y, &rotations);
                let found =
                    split(&design, symmetry, Loss::Squared, &samples(&rows, &weights)).unwrap();
                let what = format!("seed 10, case {case}, {group:?}, {symmetry:?}");
                assert_close(found.mean, mean, mean + equiv, &what);
                assert_close(found.equiv, equiv, mean + equiv, &what);
                assert_close(found.loss, mean + equiv, mean + equiv, &what);
            }
        }
    }
}

#[test]
fn one_orbit_is_exact_so_orbits_have_no_variance() {
    for case in 0..20 {
        let mut rng = stream(11, case);
        let head = DirectHead::new(1.0, &mut rng);
        let (x, weights) = (points(5, &mut rng), [1.0; 5]);
        let design = Design::Orbits {
            group: FiniteGroup::Tetrahedral,
            orbits: 2,
        };
        let rotations = design.draw(&mut rng, Symmetry::So3).unwrap();
        let zero = vec![[0.0; 3]; 5];
        let rows = residuals(&head, &x, &zero, &rotations);
        let mean = distance(&head.twirl(&x), &zero, &weights, |r| r);
        let found = split(
            &design,
            Symmetry::So3,
            Loss::Squared,
            &samples(&rows, &weights),
        )
        .unwrap();
        assert_close(
            found.mean,
            mean,
            found.loss,
            &format!("seed 11, case {case}"),
        );
        let total = energy(&samples(&rows, &weights)).unwrap();
        assert_close(
            total,
            found.loss,
            found.loss,
            "E|f|^2 is the loss against y = 0",
        );
    }
}
