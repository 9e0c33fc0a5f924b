//! Streams, laws and finite groups (measurement of the Haar moments and character averages).

use std::collections::HashSet;

use rand::{Rng, RngExt};
use twirl_core::{FiniteGroup, Law, Purpose, Rotation, Stream, character};

use crate::montecarlo::{Mean, assert_close, stream};

#[test]
fn streams_are_functions_of_their_words() {
    let first = |seed, purpose, counters| Stream::new(seed, purpose, counters).next_u64();
    let mut seen = HashSet::new();
    for seed in 0..3 {
        for purpose in [
            Purpose::Augment,
            Purpose::Evaluate,
            Purpose::Other(0),
            Purpose::Other(1),
        ] {
            for counters in [[0, 0], [0, 1], [1, 0], [1, 1], [u64::MAX, 0]] {
                let value = first(seed, purpose, counters);
                assert_eq!(value, first(seed, purpose, counters));
                assert!(
                    seen.insert(value),
                    "seed {seed}, {purpose:?}, {counters:?} repeats a stream"
                );
            }
        }
    }
}

#[test]
fn haar_moments() {
    let seed = 1;
    let mut rng = stream(seed, 0);
    let (mut trace, mut trace_squared) = (Mean::default(), Mean::default());
    let (mut square, mut fourth) = ([[Mean::default(); 3]; 3], [[Mean::default(); 3]; 3]);
    for _ in 0..40_000 {
        let rotation = Law::Haar.draw(&mut rng);
        trace.add(rotation.trace());
        trace_squared.add(rotation.trace().powi(2));
        for (a, row) in rotation.matrix().iter().enumerate() {
            for (b, entry) in row.iter().enumerate() {
                square[a][b].add(entry.powi(2));
                fourth[a][b].add(entry.powi(4));
            }
        }
    }
    trace.assert_mean(0.0, seed, "E tr R");
    trace_squared.assert_mean(1.0, seed, "E (tr R)^2");
    square
        .as_flattened()
        .iter()
        .for_each(|m| m.assert_mean(1.0 / 3.0, seed, "E R_ab^2"));
    fourth
        .as_flattened()
        .iter()
        .for_each(|m| m.assert_mean(1.0 / 5.0, seed, "E R_ab^4"));
}

#[test]
fn euler_angles_are_not_haar() {
    let seed = 2;
    let mut rng = stream(seed, 0);
    let mut square = Mean::default();
    for _ in 0..40_000 {
        let rotation = Law::VoxmolEuler.draw(&mut rng);
        assert!(rotation.is_proper() && Rotation::from_matrix(rotation.matrix()).is_ok());
        square.add(rotation.matrix()[2][0].powi(2));
    }
    square.assert_mean(0.5, seed, "E R_zx^2");
    assert!(
        square.z(1.0 / 3.0) > 50.0,
        "seed {seed}: the law passes for Haar"
    );
}

#[test]
fn rotations_obey_the_group_laws() {
    let mut rng = stream(3, 0);
    for _ in 0..200 {
        let (a, b) = (Law::Haar.draw(&mut rng), Law::Haar.draw(&mut rng));
        let v: [f64; 3] = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
        let both = (a * b).apply(v);
        let one_by_one = a.apply(b.apply(v));
        (0..3).for_each(|k| assert_close(both[k], one_by_one[k], 1.0, "seed 3: a (b v)"));
        let back = (a * a.inverse()).matrix();
        (0..3).for_each(|k| assert_close(back[k][k], 1.0, 1.0, "seed 3: a a^-1"));
        assert!(a.is_proper() && !(a * Rotation::inversion()).is_proper());
        assert_eq!((-a).angle(), a.angle());
    }
    for angle in [0.0, 1e-9, 1.0, 3.0, std::f64::consts::PI] {
        let found = Rotation::about([1.0, -2.0, 0.5], angle).angle();
        assert_close(found, angle, 1.0, "angle");
    }
}

#[test]
fn character_averages_of_the_finite_groups() {
    let expected: [(FiniteGroup, &[f64]); 3] = [
        (FiniteGroup::Tetrahedral, &[1., 0., 0., 1., 1., 0., 2.]),
        (
            FiniteGroup::Octahedral,
            &[1., 0., 0., 0., 1., 0., 1., 0., 1.],
        ),
        (
            FiniteGroup::Icosahedral,
            &[1., 0., 0., 0., 0., 0., 1., 0., 0., 0., 1., 0., 1.],
        ),
    ];
    for (group, averages) in expected {
        let elements = group.elements();
        assert_eq!(elements.len(), group.order());
        assert_eq!(elements[0], Rotation::identity());
        for (l, average) in averages.iter().enumerate() {
            let found = elements
                .iter()
                .map(|h| character(l, h.angle()))
                .sum::<f64>()
                / group.order() as f64;
            assert_close(found, *average, 10.0, &format!("{group:?}, degree {l}"));
        }
        let exact = averages
            .iter()
            .skip(1)
            .take_while(|average| **average == 0.0)
            .count();
        assert_eq!(exact, group.degree(), "{group:?}");
    }
}

#[test]
fn finite_groups_are_closed() {
    let differ = |a: &Rotation, b: &Rotation| {
        let pairs = a
            .matrix()
            .into_iter()
            .flatten()
            .zip(b.matrix().into_iter().flatten());
        pairs
            .map(|(p, q): (f64, f64)| (p - q).abs())
            .fold(0.0, f64::max)
    };
    for group in [
        FiniteGroup::Tetrahedral,
        FiniteGroup::Octahedral,
        FiniteGroup::Icosahedral,
    ] {
        let elements = group.elements();
        for (i, a) in elements.iter().enumerate() {
            assert!(a.is_proper());
            assert!(
                elements[..i].iter().all(|b| differ(a, b) > 0.1),
                "{group:?}: element {i} repeats"
            );
            for b in &elements {
                let product = *a * *b;
                assert!(
                    elements.iter().any(|c| differ(c, &product) < 1e-12),
                    "{group:?} is not closed"
                );
            }
        }
    }
    let entries = FiniteGroup::Octahedral.elements();
    let mut entries = entries
        .iter()
        .flat_map(|h| h.matrix().into_iter().flatten());
    assert!(entries.all(|entry| entry == 0.0 || entry.abs() == 1.0));
}
