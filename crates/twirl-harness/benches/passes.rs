//! `AdamW` and the average of the weights, in one pass over every parameter, and the norm of a gradient,
//! beside the same composed from burn's operations: 12 layers of width 64 and of width 256.

use std::hint::black_box;
use std::time::Duration;

use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use criterion::{BatchSize, Bencher, BenchmarkId, Criterion, criterion_group, criterion_main};
use twirl_harness::{Average, Gradients, Optimizer, ParameterRoles, build_optimizer};
use twirl_layers::own::composed;
use twirl_layers::{Dense, Init};

#[derive(Module, Debug)]
struct Layers {
    layers: Vec<Dense>,
    shift: Param<Tensor<1>>,
}

fn loss_of(model: &Layers, input: &Tensor<2>) -> Tensor<1> {
    let layers = model.layers.iter();
    let output = layers.fold(input.clone(), |x, layer| layer.forward(x));
    (output + model.shift.val().unsqueeze()).sum()
}

fn passes(bench: &mut Criterion) {
    let device = Device::flex().autodiff();
    for width in [64, 256] {
        let mut init = Init::new(1, &device);
        let model = Layers {
            layers: (0..12)
                .map(|_| Dense::new(&mut init, width, width, true))
                .collect(),
            shift: init.zeros([width]),
        };
        let input = Tensor::<2>::ones([4, width], &device);
        let gradients = || GradientsParams::from_grads(loss_of(&model, &input).backward(), &model);
        let run = |bench: &mut Bencher<'_>, own: bool| {
            let mut optimizer =
                build_optimizer(&Optimizer::default(), &model, &ParameterRoles::default());
            let mut average = Some(Average::new(&model, 0.99));
            let mut weights = Some(model.clone());
            bench.iter_batched(
                gradients,
                |gradients| {
                    let step = || {
                        let before = weights.take().expect("weights");
                        let after = optimizer.step(1e-3, before, gradients);
                        let mean = average.take().expect("an average").update(&after, 100);
                        average = Some(mean);
                        weights = Some(after);
                    };
                    if own {
                        step();
                    } else {
                        composed(step);
                    }
                    black_box(&weights);
                },
                BatchSize::LargeInput,
            );
        };
        let loss = loss_of(&model, &input);
        let found = Gradients::of(&loss, &model);
        let norm = || found.squared_norm(&model);
        let mut group = bench.benchmark_group(format!("norm of a gradient, width {width}"));
        group.bench_function("own", |bench| bench.iter(|| black_box(norm())));
        group.bench_function("burn", |bench| bench.iter(|| black_box(composed(norm))));
        group.finish();
        let mut group = bench.benchmark_group(format!("AdamW and average, width {width}"));
        for (name, own) in [("own", true), ("burn", false)] {
            group.bench_function(BenchmarkId::from_parameter(name), |bench| run(bench, own));
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    targets = passes
}
criterion_main!(benches);
