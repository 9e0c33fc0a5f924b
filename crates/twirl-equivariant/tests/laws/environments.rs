//! Environments that few atoms at a time cannot tell apart.

use burn::tensor::Device;
use twirl_equivariant::{Features, MaceConfig, PainnConfig};
use twirl_layers::Init;

use crate::fixture::{CUTOFF, MOST, SEED, Sample, cloud, values};

/// Distance of all neighbours from the atom at the centre, in angstrom.
const RADIUS: f64 = 2.0;

/// An oxygen with carbons in these directions.
fn around(directions: &[[f64; 3]]) -> Sample {
    let place = |direction: &[f64; 3]| {
        let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        direction.map(|x| RADIUS * x / length)
    };
    let mut species = vec![8];
    species.resize(directions.len() + 1, 6);
    let positions = std::iter::once([0.0; 3]).chain(directions.iter().map(place));
    Sample {
        species,
        positions: positions.collect(),
    }
}

/// Largest difference of the scalars of the atoms at the centres, over the largest scalar.
fn apart(network: impl Fn(&Device, &[Sample]) -> Features, pair: [&[[f64; 3]]; 2]) -> f64 {
    let scalars = pair.map(|directions| {
        let found = network(&Device::flex(), &[around(directions)]).scalars;
        values(found.narrow(0, 0, 1))
    });
    let [first, second] = &scalars;
    let size = scalars
        .iter()
        .flatten()
        .fold(0.0_f64, |most, x| most.max(x.abs()));
    let pairs = first.iter().zip(second);
    pairs.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs())) / size
}

fn painn(device: &Device, samples: &[Sample]) -> Features {
    let config = PainnConfig {
        layers: 1,
        cutoff: CUTOFF,
        mean_neighbours: MOST as f64,
        ..PainnConfig::default()
    };
    let network = config.init(&mut Init::new(SEED, device)).expect("painn");
    network.forward(&cloud(samples, [0, 0], device))
}

fn mace(device: &Device, samples: &[Sample]) -> Features {
    let config = MaceConfig {
        layers: 1,
        cutoff: CUTOFF,
        mean_neighbours: MOST as f64,
        ..MaceConfig::default()
    };
    let network = config.init(&mut Init::new(SEED, device)).expect("mace");
    network.forward(&cloud(samples, [0, 0], device))
}

const SQUARE: [[f64; 3]; 4] = [
    [1.0, 0.0, 0.0],
    [-1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, -1.0, 0.0],
];
const TETRAHEDRON: [[f64; 3]; 4] = [
    [1.0, 1.0, 1.0],
    [1.0, -1.0, -1.0],
    [-1.0, 1.0, -1.0],
    [-1.0, -1.0, 1.0],
];

fn holds(what: &str, pair: [&[[f64; 3]]; 2]) {
    let (two, four) = (apart(painn, pair), apart(mace, pair));
    println!("{what}: scalars of one layer {two:.1e} apart for painn, {four:.1e} for mace");
    assert!(two < 1e-5, "{what}, seed {SEED}: painn, {two}");
    assert!(four > 1e-3, "{what}, seed {SEED}: mace, {four}");
}

/// A square and a tetrahedron have the same distances, and unit vectors that add up to zero. Their
/// sums of degree 2 differ: those of the tetrahedron vanish.
#[test]
fn one_layer_sees_angles() {
    holds("square and tetrahedron", [&SQUARE, &TETRAHEDRON]);
}

/// Two atoms on the axis beside an octahedron, a square around it beside a tetrahedron: eight neighbours
/// at one distance. Sums of degree 0 are equal, those of degree 1 vanish, and those of degree 2 are
/// each other's negative, so that every product of two is equal: only those of three differ.
#[test]
fn one_layer_sees_what_takes_products_of_three() {
    let third = 1.0_f64 / 3.0;
    // With a threefold axis along z.
    let octahedron = (0..6).map(|corner| {
        let turn = f64::from(corner) * std::f64::consts::PI * third;
        let (height, across) = (third.sqrt(), (2.0 * third).sqrt());
        let height = if corner % 2 == 0 { height } else { -height };
        [across * turn.cos(), across * turn.sin(), height]
    });
    let axis = [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]];
    let prolate: Vec<[f64; 3]> = axis.into_iter().chain(octahedron).collect();
    let oblate: Vec<[f64; 3]> = SQUARE.into_iter().chain(TETRAHEDRON).collect();
    // Sums of `r r^T`, less a third of their trace, are opposite.
    let moment = |environment: &[[f64; 3]], row: usize, column: usize| -> f64 {
        let length = |r: &[f64; 3]| r.iter().map(|x| x * x).sum::<f64>();
        let products = environment.iter().map(|r| r[row] * r[column] / length(r));
        products.sum::<f64>() - if row == column { 8.0 * third } else { 0.0 }
    };
    for (row, column) in (0..3).flat_map(|row| (0..3).map(move |column| (row, column))) {
        let [one, other] = [&prolate, &oblate].map(|all| moment(all, row, column));
        assert!((one + other).abs() < 1e-12, "{one} and {other}");
    }
    holds("prolate and oblate", [&prolate, &oblate]);
}
