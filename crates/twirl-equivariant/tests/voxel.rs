//! Turns of the lattice, and networks that commute with them.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{FiniteGroup, Purpose, Rotation, Stream, tolerance};
use twirl_equivariant::voxel::{
    Channels, Down, LatticeTurn, OctahedralUnetConfig, SteerableUnetConfig, average_pool,
    linear_upsample,
};
use twirl_layers::Init;

const SEED: u64 = 20_260_401;
const N: usize = 8;

fn field(channels: usize, which: u64) -> Tensor<5> {
    let mut stream = Stream::new(SEED, Purpose::Other(7), [which, 0]);
    let count = 2 * channels * N * N * N;
    let values: Vec<f32> = (0..count).map(|_| stream.random_range(-1.0..1.0)).collect();
    Tensor::from_data(
        TensorData::new(values, [2, channels, N, N, N]),
        &Device::flex(),
    )
}

fn values(tensor: Tensor<5>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// `L_equiv` over the 24 turns relative to the mean square of the predictions.
fn relative_error(network: impl Fn(Tensor<5>) -> Tensor<5>, input: &Tensor<5>) -> f64 {
    let turned: Vec<Vec<f64>> = LatticeTurn::all()
        .iter()
        .map(|turn| values(turn.inverse().apply(network(turn.apply(input.clone())))))
        .collect();
    let count = turned.len() as f64;
    let (mut spread, mut size) = (0.0, 0.0);
    for place in 0..turned[0].len() {
        let mean = turned.iter().map(|values| values[place]).sum::<f64>() / count;
        for values in &turned {
            spread += (values[place] - mean).powi(2);
            size += values[place].powi(2);
        }
    }
    spread / size
}

#[test]
fn turns_are_a_group_that_acts() {
    let turns = LatticeTurn::all();
    let input = field(1, 0);
    let mut seen: Vec<Vec<f64>> = turns
        .iter()
        .map(|turn| values(turn.apply(input.clone())))
        .collect();
    for (a, first) in turns.iter().enumerate() {
        assert_eq!(
            values(first.inverse().apply(first.apply(input.clone()))),
            values(input.clone())
        );
        for second in &turns {
            let both = second.compose(first);
            assert!(
                turns.contains(&both),
                "turn {a}: a product outside the group"
            );
            assert_eq!(
                values(second.apply(first.apply(input.clone()))),
                values(both.apply(input.clone()))
            );
        }
    }
    seen.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
    seen.dedup();
    assert_eq!(seen.len(), 24, "turns that do the same (seed {SEED})");
    let elements = FiniteGroup::Octahedral.elements();
    for (first, second) in elements.iter().zip(elements.iter().rev()) {
        let [a, b] = [first, second].map(|r| LatticeTurn::of(r).expect("a turn"));
        assert_eq!(LatticeTurn::of(&second.compose(first)), Some(b.compose(&a)));
    }
    assert_eq!(
        LatticeTurn::of(&Rotation::about([0.0, 0.0, 1.0], 0.5)),
        None
    );
}

/// A linear ramp `f(x) = x . k` turns into `x . (R k)`: axes and signs are those of the rotation.
#[test]
fn a_turn_moves_a_ramp_as_the_rotation_moves_its_direction() {
    let ramp = |k: [f64; 3]| {
        let mut values = Vec::with_capacity(N.pow(3));
        for place in 0..N.pow(3) {
            let index = [place / (N * N), place / N % N, place % N];
            let at = |axis: usize| (index[axis] as f64 - 3.5) * k[axis];
            values.push((at(0) + at(1) + at(2)) as f32);
        }
        let data = TensorData::new(values, [1, 1, N, N, N]);
        Tensor::<5>::from_data(data, &Device::flex())
    };
    let k = [1.0, 2.0, 4.0];
    for rotation in FiniteGroup::Octahedral.elements() {
        let turn = LatticeTurn::of(&rotation).expect("a turn");
        assert_eq!(values(turn.apply(ramp(k))), values(ramp(rotation.apply(k))));
    }
}

#[test]
fn scaling_commutes_with_turns() {
    let input = field(3, 1);
    for (name, error) in [
        ("average_pool", relative_error(average_pool, &input)),
        ("linear_upsample", relative_error(linear_upsample, &input)),
    ] {
        assert!(
            error <= tolerance::F32.floor,
            "{name}: {error:e} (seed {SEED})"
        );
    }
    let constant = Tensor::<5>::ones([1, 1, N, N, N], &Device::flex());
    let same = linear_upsample(average_pool(constant.clone()));
    for (a, b) in values(same).iter().zip(values(constant)) {
        assert!((a - b).abs() < tolerance::F32.agreement);
    }
}

fn steerable(down: Down, kernel: usize) -> SteerableUnetConfig {
    let width = |scalars, vectors| Channels { scalars, vectors };
    SteerableUnetConfig {
        inputs: 3,
        outputs: 2,
        widths: vec![width(4, 3), width(6, 4)],
        blocks: vec![1, 1],
        kernel,
        radial: 3,
        down,
        scale: 1.0,
    }
}

#[test]
fn networks_are_equivariant_under_all_turns() {
    let device = Device::flex();
    let input = field(3, 2);
    for kernel in [3, 5] {
        let mut init = Init::new(SEED, &device);
        let net = steerable(Down::AveragePool, kernel)
            .init(&mut init)
            .expect("a network");
        let error = relative_error(|x| net.forward(x), &input);
        println!("steerable, kernel {kernel}: {error:e}");
        assert!(
            error <= tolerance::F32.floor,
            "steerable {kernel}: {error:e} (seed {SEED})"
        );
    }
    let config = OctahedralUnetConfig {
        inputs: 3,
        outputs: 2,
        widths: vec![1, 2],
        blocks: vec![1, 1],
        kernel: 3,
        scale: 1.0,
    };
    let net = config
        .init(&mut Init::new(SEED, &device))
        .expect("a network");
    let error = relative_error(|x| net.forward(x), &input);
    println!("octahedral: {error:e}");
    assert!(
        error <= tolerance::F32.floor,
        "octahedral: {error:e} (seed {SEED})"
    );
}

/// The control: the same network with a convolution of kernel 3 and stride 2 is not equivariant.
#[test]
fn a_strided_convolution_breaks_the_symmetry() {
    let mut init = Init::new(SEED, &Device::flex());
    let net = steerable(Down::K3S2, 3).init(&mut init).expect("a network");
    let error = relative_error(|x| net.forward(x), &field(3, 2));
    println!("steerable with k3-s2: {error:e}");
    assert!(error > 1e-4, "k3-s2: {error:e} (seed {SEED})");
}

#[test]
fn settings_that_make_no_network_are_refused_in_one_line() {
    let mut init = Init::new(1, &Device::flex());
    let mut config = steerable(Down::AveragePool, 4);
    let error = config.init(&mut init).expect_err("an even kernel");
    assert_eq!(error.to_string(), "kernel is 4, but must be odd");
    config.kernel = 3;
    config.blocks = vec![1];
    let error = config.init(&mut init).expect_err("a level without blocks");
    assert_eq!(
        error.to_string(),
        "blocks is 1, but must be one number per level of widths"
    );
}
