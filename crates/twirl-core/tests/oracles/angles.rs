//! The error by the angle between two poses: closed forms, and its average over all angles.

use std::f64::consts::PI;

use twirl_core::{
    CoreError, Design, FiniteGroup, Loss, Rotation, Samples, Symmetry, by_angle, character, split,
};

use crate::mixed::Scene;
use crate::models::{points, samples};
use crate::montecarlo::{Mean, assert_close, stream};

const ALL: f64 = 4.0;

/// A vector that does not turn with the molecule, `f(g x) = c`, has degree 1 alone. The turns of the
/// cube by one angle average its untwisted prediction as all rotations by that angle do, so the pairs
/// of the group give `D(w) = |c|^2 (1 - chi_1(w) / 3)` exactly.
#[test]
fn a_fixed_vector_in_the_poses_of_a_cube() {
    let mut rng = stream(110, 0);
    let c = points(1, &mut rng)[0];
    let square: f64 = c.iter().map(|entry| entry * entry).sum();
    let group = FiniteGroup::Octahedral;
    let rotations = Design::Group { group }
        .draw(&mut rng, Symmetry::So3)
        .unwrap();
    let rows = rotations.iter().flat_map(|turn| turn.inverse().apply(c));
    let rows: Vec<f64> = rows.collect();
    let samples = samples(&rows, &[2.0]);
    // A quarter turn, a third, a half; elements of each in the group of 24.
    let classes = [(PI / 2.0, 6), (2.0 * PI / 3.0, 8), (PI, 9)];
    let edges = classes.map(|(angle, _)| angle + 0.1);
    let found = by_angle(&rotations, &samples, &edges).unwrap();
    for (found, (angle, elements)) in found.iter().zip(classes) {
        assert_eq!(found.pairs, 24 * elements / 2, "seed 110, angle {angle}");
        let expected = 2.0 * square * (1.0 - character(1, angle) / 3.0);
        let mean = found.sum / found.pairs as f64;
        assert_close(mean, expected, square, &format!("seed 110, angle {angle}"));
    }
}

/// All pairs together are the unbiased estimate, whatever the model and however few the rotations.
#[test]
fn all_pairs_are_the_estimate() {
    for (case, rotations) in [2, 3, 7, 16].into_iter().enumerate() {
        let mut rng = stream(111, case as u64);
        let scene = Scene::new(&mut rng);
        let design = Design::Iid { rotations };
        let turns = design.draw(&mut rng, Symmetry::So3).unwrap();
        let rows = scene.rows(&turns);
        let samples = samples(&rows, &scene.weights);
        let found = by_angle(&turns, &samples, &[0.7, 1.9, ALL]).unwrap();
        let pairs: usize = found.iter().map(|found| found.pairs).sum();
        assert_eq!(pairs, rotations * (rotations - 1) / 2);
        let sum: f64 = found.iter().map(|found| found.sum).sum();
        let expected = split(&design, Symmetry::So3, Loss::Squared, &samples).unwrap();
        let what = format!("seed 111, {rotations} rotations");
        assert_close(sum / pairs as f64, expected.equiv, expected.loss, &what);
        // Labels cancel in differences.
        let rows = scene.predictions(&turns);
        let samples = crate::models::samples(&rows, &scene.weights);
        let alone = by_angle(&turns, &samples, &[ALL]).unwrap()[0].sum;
        assert_close(alone, sum, sum + expected.loss * pairs as f64, &what);
    }
}

/// `D(w) = sum_l S_l (1 - chi_l(w) / (2l+1))` of a model with degrees 1, 2 and 4.
#[test]
fn the_difference_at_an_angle_follows_from_the_powers() {
    let mut rng = stream(112, 0);
    let scene = Scene::new(&mut rng);
    let powers = scene.model.powers(&scene.x, &scene.weights);
    for angle in [0.1, 0.8, 1.7, 2.6, PI] {
        let mut mean = Mean::default();
        for _ in 0..20_000 {
            let start = twirl_core::Law::Haar.draw(&mut rng);
            let axis = points(1, &mut rng)[0];
            let turns = [start, start.compose(&Rotation::about(axis, angle))];
            let rows = scene.predictions(&turns);
            let found = by_angle(&turns, &samples(&rows, &scene.weights), &[ALL]).unwrap();
            mean.add(found[0].sum);
        }
        let of_degree = |(place, power): (usize, &f64)| {
            let degree = place + 1;
            power * (1.0 - character(degree, angle) / (2 * degree + 1) as f64)
        };
        let expected = powers.iter().enumerate().map(of_degree).sum();
        mean.assert_mean(expected, 112, &format!("angle {angle}"));
    }
}

#[test]
fn improper_rotations_have_no_angle_between_them() {
    let rows = [0.0; 6];
    let samples = Samples::new(2, 1, 3, &rows, &[1.0]).unwrap();
    let turns = [Rotation::identity(), Rotation::inversion()];
    assert_eq!(
        by_angle(&turns, &samples, &[ALL]),
        Err(CoreError::ImproperAngle { rotation: 1 })
    );
    assert!(matches!(
        by_angle(&turns[..1], &samples, &[ALL]),
        Err(CoreError::Shape { expected: 2, .. })
    ));
}
