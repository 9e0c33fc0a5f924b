//! The spectrum against the powers of a model of degrees 0, 1, 2 and 4.

use twirl_core::{
    Design, FiniteGroup, Law, Loss, Rotation, Symmetry, lie_derivative_error, spectrum, split,
};

use crate::mixed::Scene;
use crate::models::{distance, residuals, samples};
use crate::montecarlo::{Mean, assert_close, stream};

const DRAWS: usize = 4000;
const DEGREE: usize = 6;

#[test]
fn powers_by_degree_and_their_sum() {
    let seed = 40;
    let mut rng = stream(seed, 0);
    let scene = Scene::new(&mut rng);
    let zero = vec![[0.0; 3]; 3];
    let twirl = scene.model.twirl(&scene.x, Symmetry::So3);
    let [s1, s2, s3, s4] = scene.model.powers(&scene.x, &scene.weights);
    let designs = [
        Design::Iid { rotations: 2 },
        Design::Iid { rotations: 3 },
        Design::Iid { rotations: 6 },
        Design::Orbits {
            group: FiniteGroup::Tetrahedral,
            orbits: 2,
        },
        Design::Orbits {
            group: FiniteGroup::Tetrahedral,
            orbits: 3,
        },
    ];
    for design in designs {
        for (what, target) in [("predictions", &zero), ("residuals", &scene.y)] {
            let s0 = distance(&twirl, target, &scene.weights, |r| r);
            let expected = [s0, s1, s2, s3, s4, 0.0, 0.0];
            let mut found = [Mean::default(); DEGREE + 1];
            let mut total = Mean::default();
            for _ in 0..DRAWS {
                let rotations = design.draw(&mut rng, Symmetry::So3).unwrap();
                let rows = residuals(&scene.model, &scene.x, target, &rotations);
                let powers =
                    spectrum(&design, &rotations, &samples(&rows, &scene.weights), DEGREE).unwrap();
                found
                    .iter_mut()
                    .zip(&powers)
                    .for_each(|(mean, power)| mean.add(*power));
                total.add(powers[1..].iter().sum());
            }
            for (l, (mean, power)) in found.iter().zip(expected).enumerate() {
                mean.assert_mean(power, seed, &format!("S_{l} of {what}, {design:?}"));
            }
            total.assert_mean(
                scene.equiv(Symmetry::So3),
                seed,
                &format!("sum of S_l of {what}, {design:?}"),
            );
        }
    }
}

#[test]
fn what_all_rotations_share_adds_no_noise() {
    let mut rng = stream(43, 0);
    for design in [
        Design::Iid { rotations: 4 },
        Design::Orbits {
            group: FiniteGroup::Tetrahedral,
            orbits: 3,
        },
    ] {
        let rotations = design.draw(&mut rng, Symmetry::So3).unwrap();
        // No symmetry error, far from the target.
        let rows = [30.0, -20.0, 10.0].repeat(rotations.len());
        let powers = spectrum(&design, &rotations, &samples(&rows, &[1.0]), DEGREE).unwrap();
        assert_close(powers[0], 1400.0, 1400.0, "S_0");
        assert!(
            powers[1..].iter().all(|power| *power == 0.0),
            "{design:?}: {powers:?}"
        );
    }
}

#[test]
fn degree_zero_is_the_pair_form_of_the_mean_part() {
    let mut rng = stream(41, 0);
    let scene = Scene::new(&mut rng);
    for design in [
        Design::Iid { rotations: 9 },
        Design::Orbits {
            group: FiniteGroup::Octahedral,
            orbits: 3,
        },
    ] {
        let rotations = design.draw(&mut rng, Symmetry::So3).unwrap();
        let rows = scene.rows(&rotations);
        let rows = samples(&rows, &scene.weights);
        let powers = spectrum(&design, &rotations, &rows, 0).unwrap();
        let split = split(&design, Symmetry::So3, Loss::Squared, &rows).unwrap();
        assert_close(
            powers[0],
            split.mean,
            split.loss,
            &format!("seed 41: S_0 under {design:?}"),
        );
    }
}

#[test]
fn lie_derivative_matches_finite_differences() {
    let seed = 42;
    let mut rng = stream(seed, 0);
    let scene = Scene::new(&mut rng);
    let [s1, s2, s3, s4] = scene.model.powers(&scene.x, &scene.weights);
    let expected = lie_derivative_error(&[1.0, s1, s2, s3, s4]);
    assert_close(
        expected,
        2.0 * s1 + 6.0 * s2 + 20.0 * s4,
        expected,
        "weights l (l + 1)",
    );
    let step = 1e-4;
    let mut found = Mean::default();
    for _ in 0..DRAWS {
        let rotation = Law::Haar.draw(&mut rng);
        let mut rate = 0.0;
        for axis in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] {
            let either = [step, -step].map(|angle| rotation * Rotation::about(axis, angle));
            let rows = scene.predictions(&either);
            let pairs = rows[..9].iter().zip(&rows[9..]).enumerate();
            rate += pairs
                .map(|(k, (a, b))| scene.weights[k / 3] * ((a - b) / (2.0 * step)).powi(2))
                .sum::<f64>();
        }
        found.add(rate);
    }
    found.assert_mean(expected, seed, "Lie-derivative error");
}
