//! Layers on rows of channels, beside the same composed from burn's operations, in one run: products,
//! dense layers with activation, norms, attention over neighbours, parts, edges from atoms.
//!
//! Forward and backward pass from ones, all gradients.

use std::hint::black_box;
use std::time::Duration;

use burn::tensor::{Device, Distribution, Tensor, activation};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use twirl_layers::own::composed;
use twirl_layers::{
    Activation, Bias, Dense, Init, LayerNorm, RmsNorm, Slots, Spans, attend, attention, matmul,
    modulated_norm, parts,
};

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let device = Device::flex().autodiff();
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device).require_grad()
}

type Form<'a> = &'a dyn Fn() -> Tensor<2>;

fn both(bench: &mut Criterion, name: &str, own: Form, burns: Form) {
    let mut group = bench.benchmark_group(name);
    for (which, form) in [("own", own), ("burn", burns)] {
        group.bench_function(BenchmarkId::from_parameter(which), |bench| {
            bench.iter(|| black_box(form().backward()));
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "burn's own product is timed")]
fn products(bench: &mut Criterion) {
    for [rows, inner, columns] in [[150, 48, 144], [1800, 64, 64], [8000, 128, 384]] {
        let (left, right) = (random([rows, inner]), random([inner, columns]));
        both(
            bench,
            &format!("product {rows} x {inner} x {columns}"),
            &|| matmul(left.clone(), right.clone()),
            &|| left.clone().matmul(right.clone()),
        );
        let dense = Dense::new(&mut Init::new(1, &left.device()), inner, columns, true);
        let bias = random([columns]);
        both(
            bench,
            &format!("dense layer and GELU {rows} x {inner} x {columns}"),
            &|| dense.activated(Activation::Gelu, left.clone()),
            &|| {
                let output = left.clone().matmul(right.clone()) + bias.clone().unsqueeze();
                activation::gelu(output)
            },
        );
    }
}

fn norms(bench: &mut Criterion) {
    for [rows, channels] in [[300, 64], [8000, 128]] {
        let input = random([rows, channels]);
        let norm = LayerNorm::affine(&mut Init::new(1, &input.device()), channels);
        let (gain, offset) = (random([channels]), random([channels]));
        both(
            bench,
            &format!("layer norm {rows} x {channels}"),
            &|| norm.forward(input.clone()),
            &|| {
                let centred = input.clone() - input.clone().mean_dim(1);
                let scale = (centred.clone() * centred.clone()).mean_dim(1) + 1e-6;
                centred / scale.sqrt() * gain.clone().unsqueeze() + offset.clone().unsqueeze()
            },
        );
        let norm = RmsNorm::new(&mut Init::new(1, &input.device()), channels);
        let form = || norm.forward(input.clone());
        let name = format!("root mean square norm {rows} x {channels}");
        both(bench, &name, &form, &|| composed(form));
        let (gains, offsets) = (random([rows, channels]), random([rows, channels]));
        let form = || modulated_norm(input.clone(), gains.clone(), offsets.clone());
        let name = format!("modulated norm {rows} x {channels}");
        both(bench, &name, &form, &|| composed(form));
        let wide = random([rows, 6 * channels]);
        both(
            bench,
            &format!("six parts {rows} x {channels}"),
            &|| {
                let parts = parts(wide.clone(), [channels; 6]);
                parts.into_iter().reduce(|a, b| a + b).expect("six")
            },
            &|| {
                let part = |index| wide.clone().narrow(1, index * channels, channels);
                (0..6).map(part).reduce(|a, b| a + b).expect("six")
            },
        );
    }
}

fn attentions(bench: &mut Criterion) {
    for [atoms, channels, heads] in [[150, 32, 4], [1000, 128, 8]] {
        let slots = 12;
        let [query, key, value] = [(); 3].map(|()| random([atoms * slots, channels]));
        let spans = Spans::among_slots(&vec![slots; atoms], slots);
        let (strength, angles) = (random([heads]), random([atoms * slots * slots]).detach());
        let dense = |tensor: &Tensor<2>| tensor.clone().reshape([atoms, slots, channels]);
        let mask = Tensor::ones([atoms, slots], &query.device());
        both(
            bench,
            &format!("attention of {atoms} x {slots} neighbours, {channels} channels"),
            &|| {
                let bias = Bias::Scaled(strength.clone(), angles.clone());
                let (query, key, value) = (query.clone(), key.clone(), value.clone());
                attend(query, key, value, heads, bias, &spans)
            },
            &|| {
                let bias = angles.clone().reshape([atoms, 1, slots, slots])
                    * strength.clone().reshape([1, heads, 1, 1]);
                let (query, key, value) = (dense(&query), dense(&key), dense(&value));
                let seen = attention(query, key, value, heads, Some(bias), Some(mask.clone()));
                seen.reshape([atoms * slots, channels])
            },
        );
    }
}

/// Atoms of molecules of ten, each with the nine others as neighbours.
fn edges(bench: &mut Criterion) {
    for [molecules, channels] in [[15, 32], [100, 128]] {
        let atoms = 10 * molecules;
        let neighbours: Vec<Vec<usize>> = (0..atoms)
            .map(|atom| {
                let first = atom / 10 * 10;
                (first..first + 10).filter(|&other| other != atom).collect()
            })
            .collect();
        let device = Device::flex().autodiff();
        let slots = Slots::new(vec![10; molecules], &neighbours, 9, &device);
        let (held, given) = (random([9 * atoms, channels]), random([atoms, 2 * channels]));
        let form = || slots.spread(held.clone(), given.clone());
        let name = format!("edges of {atoms} atoms, {channels} channels");
        both(bench, &name, &form, &|| composed(form));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    targets = products, norms, attentions, edges
}
criterion_main!(benches);
