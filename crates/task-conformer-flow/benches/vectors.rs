//! The own operations on vectors beside the same composed from burn's operations, in one run: forward and
//! backward pass from ones, all gradients.

use std::hint::black_box;
use std::time::Duration;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use twirl_layers::own::composed;

#[path = "../src/arms/vectors.rs"]
mod vectors;

/// Atoms and channels.
const SIZES: [[usize; 2]; 2] = [[300, 32], [1200, 96]];

fn random(shape: [usize; 2]) -> Tensor<2> {
    let device = Device::flex().autodiff();
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device).require_grad()
}

fn both(bench: &mut Criterion, name: &str, form: &dyn Fn() -> Tensor<2>) {
    let mut group = bench.benchmark_group(name);
    let own = || form().backward();
    group.bench_function(BenchmarkId::from_parameter("own"), |bench| {
        bench.iter(|| black_box(own()));
    });
    group.bench_function(BenchmarkId::from_parameter("burn"), |bench| {
        bench.iter(|| black_box(composed(own)));
    });
}

fn operations(bench: &mut Criterion) {
    for [atoms, channels] in SIZES {
        let size = format!("{atoms} atoms, {channels} channels");
        let axes = |parts: usize| random([3 * atoms, parts * channels]);
        let (one, gain) = (axes(1), random([atoms, channels]));
        both(bench, &format!("norm of vectors, {size}"), &|| {
            vectors::normed(one.clone(), gain.clone())
        });
        let (three, gates) = (axes(3), random([atoms, 2 * channels]));
        both(bench, &format!("inner products, {size}"), &|| {
            vectors::inner(three.clone())
        });
        both(bench, &format!("gated cross products, {size}"), &|| {
            vectors::products(three.clone(), gates.clone())
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    targets = operations
}
criterion_main!(benches);
