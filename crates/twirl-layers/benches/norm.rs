//! Group norm with `SiLU`, beside the same composed from burn's operations, in one run.
//!
//! The backward pass starts from ones and makes all three gradients. Rates are entries of the field
//! per second.

use std::hint::black_box;
use std::time::Duration;

use burn::module::Param;
use burn::tensor::{Device, Distribution, Tensor, activation};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use twirl_layers::{GroupNorm, Init};

const GROUPS: usize = 4;
const SHAPES: [[usize; 5]; 3] = [[4, 32, 16, 16, 16], [4, 64, 8, 8, 8], [4, 64, 4, 4, 4]];

/// As the layer does it on other devices.
fn composed(field: Tensor<5>, gain: Tensor<1>, offset: Tensor<1>) -> Tensor<5> {
    let dims = field.dims();
    let [batch, channels, x, y, z] = dims;
    let rows = field.reshape([batch * GROUPS, channels / GROUPS * x * y * z]);
    let centred = rows.clone() - rows.mean_dim(1);
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    let normal = centred / (variance + 1e-5).sqrt();
    let normal = normal.reshape([batch, channels, x * y * z]);
    let gain: Tensor<3> = gain.reshape([1, channels, 1]);
    let offset: Tensor<3> = offset.reshape([1, channels, 1]);
    activation::silu((normal * gain + offset).reshape(dims))
}

fn norms(bench: &mut Criterion) {
    let (plain, tracked) = (Device::flex(), Device::flex().autodiff());
    for shape in SHAPES {
        let mut group = bench.benchmark_group(format!("group norm and SiLU of {shape:?}"));
        group.throughput(Throughput::Elements(shape.iter().product::<usize>() as u64));
        let channels = shape[1];
        for (pass, device) in [("forward", &plain), ("forward+backward", &tracked)] {
            let field = Tensor::<5>::random(shape, Distribution::Normal(0.0, 1.0), device);
            let norm = GroupNorm::new(&mut Init::new(1, device), channels, GROUPS);
            let mut init = Init::new(1, device);
            let gain: Param<Tensor<1>> = init.ones([channels]);
            let offset: Param<Tensor<1>> = init.zeros([channels]);
            let own = |field| norm.forward_silu(field);
            let burns = |field| composed(field, gain.val(), offset.val());
            let both: [(&str, &dyn Fn(Tensor<5>) -> Tensor<5>); 2] =
                [("own", &own), ("burn", &burns)];
            for (name, form) in both {
                group.bench_function(BenchmarkId::new(pass, name), |bench| {
                    bench.iter(|| {
                        if pass == "forward" {
                            black_box(form(field.clone()));
                        } else {
                            let field = field.clone().detach().require_grad();
                            black_box(form(field).backward());
                        }
                    });
                });
            }
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    targets = norms
}
criterion_main!(benches);
