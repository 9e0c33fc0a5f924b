//! Forward and forward plus backward of the backbones, the latter also without own operations: 8 molecules of 24 atoms with 12 neighbours,
//! width 64. A 512^3 matrix product is timed beside them as the rate that the device can reach.

use std::hint::black_box;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::RngExt;
use twirl_core::{Purpose, Stream, Symmetry};
use twirl_equivariant::{
    Cloud, Features, Mace, MaceConfig, Molecule, NeighbourList, Painn, PainnConfig, TensorField,
    TensorFieldConfig, VectorHead,
};
use twirl_layers::own::composed;
use twirl_layers::{Init, matmul};

const MOLECULES: usize = 8;
const ATOMS: usize = 24;
const NEIGHBOURS: usize = 12;

fn cloud(device: &Device) -> Cloud {
    let mut stream = Stream::new(1, Purpose::Other(4), [0, 0]);
    let species: Vec<u8> = (0..ATOMS).map(|atom| [6, 1, 1, 8][atom % 4]).collect();
    let mut place = |cell: usize| 1.5 * cell as f64 + stream.random_range(-0.3..0.3);
    let positions: Vec<Vec<[f64; 3]>> = (0..MOLECULES)
        .map(|_| {
            (0..ATOMS)
                .map(|atom| [atom % 3, atom / 3 % 3, atom / 9].map(&mut place))
                .collect()
        })
        .collect();
    let lists: Vec<_> = positions
        .iter()
        .map(|points| NeighbourList::build(points, 5.0, NEIGHBOURS).expect("neighbours"))
        .collect();
    let molecules: Vec<_> = positions
        .iter()
        .zip(&lists)
        .map(|(positions, neighbours)| Molecule {
            species: &species,
            positions,
            neighbours,
        })
        .collect();
    Cloud::from_host(&molecules, 5.0, [0, 0], device).expect("a cloud")
}

/// The forward pass alone is timed without gradient tracking: with it, passes that no backward pass
/// follows were seen to be slower than forward and backward together.
fn time<N: Module>(
    bench: &mut Criterion,
    name: &str,
    network: &N,
    head: &VectorHead,
    forward: fn(&N, &Cloud) -> Features,
) {
    let (plain, plain_head) = (network.valid(), head.valid());
    let input = cloud(&Device::flex());
    bench.bench_function(&format!("{name}/forward"), |b| {
        b.iter(|| black_box(plain_head.forward(&forward(&plain, &input)).into_data()));
    });
    let input = cloud(&Device::flex().autodiff());
    let step = || {
        let output = head.forward(&forward(network, &input));
        black_box((output.clone() * output).sum().backward())
    };
    let mut group = bench.benchmark_group(format!("{name}, forward+backward"));
    group.bench_function("own", |b| b.iter(step));
    group.bench_function("burn", |b| b.iter(|| composed(step)));
}

fn layers(bench: &mut Criterion) {
    let device = Device::flex().autodiff();
    let mut init = Init::new(1, &device);
    let head = VectorHead::new(&mut init, 64);
    let painn = PainnConfig::default().init(&mut init).expect("a network");
    time(bench, "painn", &painn, &head, Painn::forward);
    for (name, symmetry) in [
        ("tensor-field-o3", Symmetry::O3),
        ("tensor-field-so3", Symmetry::So3),
    ] {
        let config = TensorFieldConfig {
            symmetry,
            ..TensorFieldConfig::default()
        };
        let field = config.init(&mut init).expect("a network");
        time(bench, name, &field, &head, TensorField::forward);
    }
    let mace = MaceConfig::default().init(&mut init).expect("a network");
    time(bench, "mace", &mace, &head, Mace::forward);
    let plain = Device::flex();
    let square = || Tensor::<2>::random([512, 512], Distribution::Default, &plain);
    let (a, b) = (square(), square());
    bench.bench_function("matmul 512^3 (268 MFLOP)", |bench| {
        bench.iter(|| black_box(matmul(a.clone(), b.clone())));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = layers
}
criterion_main!(benches);
