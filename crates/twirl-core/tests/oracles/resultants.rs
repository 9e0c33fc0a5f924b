//! Net force and net torque: what must vanish, closed forms, and how they turn.

use twirl_core::{Law, Resultant};

use crate::models::points;
use crate::montecarlo::{assert_close, stream};

const ATOMS: usize = 7;

fn length(vector: [f64; 3]) -> f64 {
    vector.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
}

#[track_caller]
fn same(found: [f64; 3], expected: [f64; 3], scale: f64, what: &str) {
    for axis in 0..3 {
        assert_close(found[axis], expected[axis], scale, what);
    }
}

/// Forces along the lines between atoms, opposite and equal: the gradient of a pair potential.
fn of_pairs(x: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let mut forces = vec![[0.0; 3]; x.len()];
    for i in 0..x.len() {
        for j in 0..i {
            let along: [f64; 3] = std::array::from_fn(|axis| x[i][axis] - x[j][axis]);
            let strength = (3.0 * length(along)).sin();
            for (axis, entry) in along.iter().enumerate() {
                forces[i][axis] += strength * entry;
                forces[j][axis] -= strength * entry;
            }
        }
    }
    forces
}

#[test]
fn forces_of_a_pair_potential_have_neither_net_force_nor_torque() {
    for case in 0..20 {
        let x = points(ATOMS, &mut stream(120, case));
        let found = Resultant::of(&x, &of_pairs(&x));
        let what = format!("seed 120, case {case}");
        same(found.force, [0.0; 3], found.forces, &what);
        same(found.torque, [0.0; 3], found.levers, &what);
    }
}

#[test]
fn an_even_force_has_no_torque_wherever_the_molecule_is() {
    let mut rng = stream(121, 0);
    let (mut x, push) = (points(ATOMS, &mut rng), points(1, &mut rng)[0]);
    x.iter_mut().flatten().for_each(|entry| *entry += 40.0);
    let found = Resultant::of(&x, &[push; ATOMS]);
    let scale = 100.0 * found.levers;
    same(found.torque, [0.0; 3], scale, "seed 121: torque");
    same(
        found.force,
        push.map(|entry| ATOMS as f64 * entry),
        scale,
        "seed 121: force",
    );
    assert_close(
        found.forces,
        length(found.force),
        scale,
        "seed 121: they point one way",
    );
}

/// Forces `omega x (r - mean r)` have the torque `I omega`, with the inertia of unit masses.
#[test]
fn forces_that_spin_a_molecule_have_the_torque_of_its_inertia() {
    for case in 0..20 {
        let mut rng = stream(122, case);
        let (x, omega) = (points(ATOMS, &mut rng), points(1, &mut rng)[0]);
        let centre: [f64; 3] =
            std::array::from_fn(|axis| x.iter().map(|r| r[axis]).sum::<f64>() / ATOMS as f64);
        let arms = x
            .iter()
            .map(|r| [0, 1, 2].map(|axis| r[axis] - centre[axis]));
        let arms: Vec<[f64; 3]> = arms.collect();
        let cross = |a: [f64; 3], b: [f64; 3]| {
            [
                a[1] * b[2] - a[2] * b[1],
                a[2] * b[0] - a[0] * b[2],
                a[0] * b[1] - a[1] * b[0],
            ]
        };
        let forces: Vec<[f64; 3]> = arms.iter().map(|arm| cross(omega, *arm)).collect();
        let mut expected = [0.0; 3];
        for arm in &arms {
            let along: f64 = (0..3).map(|axis| arm[axis] * omega[axis]).sum();
            for axis in 0..3 {
                expected[axis] += length(*arm).powi(2) * omega[axis] - along * arm[axis];
            }
        }
        let found = Resultant::of(&x, &forces);
        let what = format!("seed 122, case {case}");
        same(found.torque, expected, found.levers, &what);
        same(found.force, [0.0; 3], found.forces, &what);
        assert!(length(found.torque) <= found.levers, "{what}");
    }
}

/// Two opposite forces, each across its arm: the torque is the most that it can be.
#[test]
fn a_couple_has_the_torque_of_its_levers() {
    let x = [[1.5, 0.0, 0.0], [-1.5, 0.0, 0.0]];
    let found = Resultant::of(&x, &[[0.0, 2.0, 0.0], [0.0, -2.0, 0.0]]);
    same(found.torque, [0.0, 0.0, 6.0], 1.0, "torque");
    assert_close(found.levers, 6.0, 1.0, "levers");
}

#[test]
fn both_turn_with_the_molecule() {
    for case in 0..20 {
        let mut rng = stream(123, case);
        let (x, forces) = (points(ATOMS, &mut rng), points(ATOMS, &mut rng));
        let turn = Law::Haar.draw(&mut rng);
        let turned = |vectors: &[[f64; 3]]| -> Vec<[f64; 3]> {
            vectors.iter().map(|vector| turn.apply(*vector)).collect()
        };
        let (before, after) = (
            Resultant::of(&x, &forces),
            Resultant::of(&turned(&x), &turned(&forces)),
        );
        let what = format!("seed 123, case {case}");
        same(after.force, turn.apply(before.force), before.forces, &what);
        same(
            after.torque,
            turn.apply(before.torque),
            before.levers,
            &what,
        );
        assert_close(after.levers, before.levers, before.levers, &what);
    }
}
