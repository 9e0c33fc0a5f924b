//! 3-D convolution, forward and backward, beside burn's own and beside the matrix products of the
//! same device in the same run.
//!
//! The backward pass starts from ones and makes all three gradients. Each line reports its rate in
//! operations per second (a multiply-add is two; criterion's `elem/s`). Input and weight gradient cost
//! as much as the forward pass, so forward and backward together count three times that. The share of
//! the machine's rate is the ratio to the lines of `matmul`.

use std::hint::black_box;
use std::time::Duration;

use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Distribution, Tensor, module};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use twirl_layers::{conv_transpose3d, conv3d, matmul};

/// Channels, grid, kernel, stride, padding, batch.
type Case = [usize; 6];

const CASES: [Case; 9] = [
    [32, 32, 3, 1, 1, 1],
    [32, 32, 3, 1, 1, 4],
    [32, 16, 3, 1, 1, 1],
    [32, 16, 3, 1, 1, 8],
    [64, 16, 3, 1, 1, 4],
    [128, 8, 3, 1, 1, 8],
    [32, 32, 1, 1, 0, 4],
    [32, 32, 4, 2, 1, 4],
    [32, 16, 5, 1, 2, 4],
];

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn matmuls(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("matmul");
    let device = Device::flex();
    for size in [512, 1024] {
        let (a, b) = (random([size, size], &device), random([size, size], &device));
        group.throughput(Throughput::Elements(2 * (size as u64).pow(3)));
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter(|| black_box(matmul(a.clone(), b.clone())));
        });
    }
}

fn own(x: Tensor<5>, w: Tensor<5>, b: Tensor<1>, [.., stride, padding, _]: Case) -> Tensor<5> {
    conv3d(x, w, Some(b), stride, padding)
}

fn burns(x: Tensor<5>, w: Tensor<5>, b: Tensor<1>, [.., stride, padding, _]: Case) -> Tensor<5> {
    let options = ConvOptions::new([stride; 3], [padding; 3], [1; 3], 1);
    module::conv3d(x, w, Some(b), options)
}

type Convolution = fn(Tensor<5>, Tensor<5>, Tensor<1>, Case) -> Tensor<5>;

fn convolutions(bench: &mut Criterion) {
    let (plain, tracked) = (Device::flex(), Device::flex().autodiff());
    let both: [(&str, Convolution); 2] = [("own", own), ("burn", burns)];
    for case in CASES {
        let [channels, grid, kernel, stride, padding, batch] = case;
        let name = format!("{channels} channels, {grid}^3, k{kernel} s{stride}, batch {batch}");
        let outputs = (grid + 2 * padding - kernel) / stride + 1;
        let work = 2 * batch * channels.pow(2) * kernel.pow(3) * outputs.pow(3);
        let tensors = |device: &Device| {
            (
                random([batch, channels, grid, grid, grid], device),
                random([channels, channels, kernel, kernel, kernel], device),
                random([channels], device),
            )
        };
        let mut group = bench.benchmark_group(name);
        for (name, convolution) in both {
            let (x, w, b) = tensors(&plain);
            group.throughput(Throughput::Elements(work as u64));
            group.bench_function(BenchmarkId::new("forward", name), |bench| {
                bench.iter(|| black_box(convolution(x.clone(), w.clone(), b.clone(), case)));
            });
            let (x, w, b) = tensors(&tracked);
            group.throughput(Throughput::Elements(3 * work as u64));
            group.bench_function(BenchmarkId::new("forward+backward", name), |bench| {
                bench.iter(|| {
                    let [x, w] = [&x, &w].map(|tensor| tensor.clone().detach().require_grad());
                    let b = b.clone().detach().require_grad();
                    black_box(convolution(x, w, b, case).backward())
                });
            });
        }
    }
}

/// The adjoint that doubles a grid: kernel 4, stride 2, padding 1.
fn transposed(bench: &mut Criterion) {
    let device = Device::flex().autodiff();
    for [channels, grid, batch] in [[32, 8, 4], [64, 16, 2]] {
        let x = random([batch, channels, grid, grid, grid], &device).require_grad();
        let w = random([channels, channels, 4, 4, 4], &device).require_grad();
        let b = random([channels], &device).require_grad();
        let own = || conv_transpose3d(x.clone(), w.clone(), Some(b.clone()), 2, 1);
        let burns = || {
            let options = ConvTransposeOptions::new([2; 3], [1; 3], [0; 3], [1; 3], 1);
            module::conv_transpose3d(x.clone(), w.clone(), Some(b.clone()), options)
        };
        let both: [(&str, &dyn Fn() -> Tensor<5>); 2] = [("own", &own), ("burn", &burns)];
        let name = format!("doubling {channels} channels, {grid}^3, batch {batch}");
        let mut group = bench.benchmark_group(name);
        for (name, form) in both {
            group.bench_function(BenchmarkId::new("forward+backward", name), |bench| {
                bench.iter(|| black_box(form().backward()));
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    targets = matmuls, convolutions, transposed
}
criterion_main!(benches);
