//! The own point-wise functions beside burn's, forward and backward, in the same run.

use std::hint::black_box;

use burn::tensor::{Device, Distribution, Int, Tensor, activation};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use twirl_layers::{Activation, GaussianBasis, cosine, sine};

type Form = fn(Tensor<2>) -> Tensor<2>;

fn activations(bench: &mut Criterion) {
    let forms: [(&str, Form); 10] = [
        ("silu/own", |x| Activation::Silu.forward(x)),
        ("silu/burn", activation::silu),
        ("gelu/own", |x| Activation::Gelu.forward(x)),
        ("gelu/burn", activation::gelu),
        ("sine/own", sine),
        ("sine/burn", Tensor::sin),
        ("cosine/own", cosine),
        ("cosine/burn", Tensor::cos),
        ("gaussians/own", |x| {
            GaussianBasis::new(64, 5.0).forward(x.narrow(1, 0, 1).abs())
        }),
        ("gaussians/burn", |x| {
            let centres = Tensor::<1, Int>::arange(0..64, &x.device()).float();
            let distance = x.narrow(1, 0, 1).abs() * (63.0 / 5.0);
            let offset = distance - centres.unsqueeze();
            (offset.clone() * offset * -0.5).exp()
        }),
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
