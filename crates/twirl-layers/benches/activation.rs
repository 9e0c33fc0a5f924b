//! The own activations beside burn's, forward and backward, in the same run.

use std::hint::black_box;

use burn::tensor::{Device, Distribution, Tensor, activation};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use twirl_layers::Activation;

type Form = fn(Tensor<2>) -> Tensor<2>;

fn activations(bench: &mut Criterion) {
    let forms: [(&str, Form); 4] = [
        ("silu/own", |x| Activation::Silu.forward(x)),
        ("silu/burn", activation::silu),
        ("gelu/own", |x| Activation::Gelu.forward(x)),
        ("gelu/burn", activation::gelu),
    ];
    let device = Device::flex().autodiff();
    let mut group = bench.benchmark_group("activation");
    for rows in [200, 2400] {
        let input = Tensor::<2>::random([rows, 64], Distribution::Normal(0.0, 1.0), &device);
        let input = input.require_grad();
        group.throughput(Throughput::Elements(64 * rows as u64));
        for (name, form) in forms {
            group.bench_function(BenchmarkId::new(name, rows), |bench| {
                bench.iter(|| black_box(form(input.clone()).sum().backward()));
            });
        }
    }
}

criterion_group!(benches, activations);
criterion_main!(benches);
