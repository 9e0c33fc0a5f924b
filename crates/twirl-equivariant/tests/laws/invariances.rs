//! What must not matter: order of atoms, padding, origin; and bad input that must be refused.

use burn::tensor::{Device, Int, Tensor};
use twirl_core::{Symmetry, tolerance};
use twirl_equivariant::{
    Cloud, EquivariantError, MaceConfig, Molecule, NeighbourList, PainnConfig, TensorFieldConfig,
};
use twirl_layers::Init;

use crate::fixture::{
    Backbone, CUTOFF, Net, SEED, Sample, cloud, mace, molecule, painn, tensor_field, values,
};

fn device() -> Device {
    Device::flex()
}

fn close(what: &str, found: &[f64], expected: &[f64]) {
    within(tolerance::F32.agreement, what, found, expected);
}

fn within(room: f64, what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    assert!(scale > 1e-3, "{what}: outputs vanish");
    for (place, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= room * scale,
            "{what}, seed {SEED}, entry {place}: {a} for {b}"
        );
    }
}

fn for_each_backbone(law: impl Fn(&str, &dyn Fn(&Cloud) -> Vec<f64>)) {
    fn run<B: Backbone>(net: &Net<B>, cloud: &Cloud) -> Vec<f64> {
        values(net.forward(cloud))
    }
    let painn = painn(&device());
    law("painn", &|cloud| run(&painn, cloud));
    let field = tensor_field(Symmetry::So3, &device());
    law("tensor-field", &|cloud| run(&field, cloud));
    let mace = mace(&device());
    law("mace", &|cloud| run(&mace, cloud));
}

#[test]
fn permuting_atoms_permutes_outputs() {
    let sample = molecule(11, 3);
    let order: Vec<usize> = (0..11).map(|place| place * 4 % 11).collect();
    let permuted = Sample {
        species: order.iter().map(|&atom| sample.species[atom]).collect(),
        positions: order.iter().map(|&atom| sample.positions[atom]).collect(),
    };
    for_each_backbone(|what, run| {
        let before = run(&cloud(std::slice::from_ref(&sample), [0, 0], &device()));
        let after = run(&cloud(std::slice::from_ref(&permuted), [0, 0], &device()));
        let expected: Vec<f64> = order
            .iter()
            .flat_map(|&atom| before[atom * 3..atom * 3 + 3].to_vec())
            .collect();
        close(what, &after, &expected);
    });
}

#[test]
fn padding_changes_nothing() {
    // Sums over neighbours get longer by zeros, which can only change their order.
    let room = 10.0 * tolerance::F32.epsilon;
    let (small, large) = (molecule(5, 4), molecule(11, 5));
    for_each_backbone(|what, run| {
        let alone = run(&cloud(std::slice::from_ref(&small), [0, 0], &device()));
        let padded = run(&cloud(std::slice::from_ref(&small), [9, 13], &device()));
        within(room, what, &padded, &alone);
        let beside = run(&cloud(&[large.clone(), small.clone()], [0, 0], &device()));
        within(room, what, &beside[33..48], &alone);
    });
}

#[test]
fn padding_is_zero_and_only_where_there_is_no_atom() {
    let samples = [molecule(5, 4), molecule(11, 5), molecule(1, 9)];
    let cloud = cloud(&samples, [13, 0], &device());
    assert_eq!((cloud.atoms(), cloud.largest), (17, 13));
    let numbers = Tensor::<1, Int>::arange(1..18, &device()).float();
    let padded = cloud.padded(numbers.reshape([17, 1]));
    let expected: Vec<f64> = [(1, 5), (6, 11), (17, 1)]
        .into_iter()
        .flat_map(|(first, atoms)| {
            (0..13).map(move |place| {
                if place < atoms {
                    f64::from(first + place)
                } else {
                    0.0
                }
            })
        })
        .collect();
    assert_eq!(values(padded), expected);
}

#[test]
fn origin_does_not_matter() {
    let sample = molecule(11, 6);
    let moved = Sample {
        positions: sample
            .positions
            .iter()
            .map(|[x, y, z]| [x + 100.0, y - 200.0, z + 300.0])
            .collect(),
        ..sample.clone()
    };
    for_each_backbone(|what, run| {
        let here = run(&cloud(std::slice::from_ref(&sample), [0, 0], &device()));
        let there = run(&cloud(std::slice::from_ref(&moved), [0, 0], &device()));
        close(what, &there, &here);
    });
}

#[test]
fn an_atom_alone_has_no_force_and_no_nan() {
    let sample = molecule(1, 7);
    for_each_backbone(|what, run| {
        let forces = run(&cloud(std::slice::from_ref(&sample), [0, 0], &device()));
        assert_eq!(forces, [0.0; 3], "{what}");
    });
}

#[test]
fn bad_input_is_refused_by_name() {
    let sample = molecule(3, 8);
    let neighbours = NeighbourList::build(&sample.positions, CUTOFF, 4).expect("neighbours");
    let make = |species: &[u8], positions: &[[f64; 3]], cutoff: f64| {
        let molecule = Molecule {
            species,
            positions,
            neighbours: &neighbours,
        };
        Cloud::from_host(&[molecule], cutoff, [0, 0], &device()).map(|_| ())
    };
    let good = &sample.positions;
    let mut broken = good.clone();
    broken[1][2] = f64::NAN;
    let message = |result: Result<(), EquivariantError>| result.expect_err("refused").to_string();
    for (found, part) in [
        (make(&[1, 97, 1], good, CUTOFF), "atomic number 97"),
        (make(&[1, 0, 1], good, CUTOFF), "atomic number 0"),
        (make(&[1, 6], good, CUTOFF), "3 positions for 2 atoms"),
        (make(&[], good, CUTOFF), "has no atoms"),
        (make(&[1, 6, 8], &broken, CUTOFF), "NaN"),
        (make(&[1, 6, 8], good, 0.0), "cutoff 0"),
    ] {
        let found = message(found);
        assert!(found.contains(part), "{found}");
    }
    let mut init = Init::new(SEED, &device());
    let narrow = PainnConfig {
        width: 0,
        ..PainnConfig::default()
    };
    assert!(message(narrow.init(&mut init).map(|_| ())).contains("width is 0"));
    let without = MaceConfig {
        elements: 0,
        ..MaceConfig::default()
    };
    assert!(message(without.init(&mut init).map(|_| ())).contains("elements is 0"));
    let shallow = TensorFieldConfig {
        layers: 1,
        ..TensorFieldConfig::default()
    };
    assert!(message(shallow.init(&mut init).map(|_| ())).contains("at least 2"));
}
