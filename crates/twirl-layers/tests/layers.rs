//! Closed forms and invariants of the layers, in f32.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::tolerance;
use twirl_layers::{
    Activation, BesselBasis, Dense, Embedding, GaussianBasis, Init, LayerNorm, Mlp, RmsNorm,
    attention, cutoff,
};

const SEED: u64 = 5;

fn device() -> Device {
    Device::flex()
}

fn tensor<const D: usize>(values: &[f64], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &device())
}

fn wave(count: usize) -> Vec<f64> {
    (0..count)
        .map(|place| (1.7 * place as f64 + 0.3).sin())
        .collect()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data_as::<f64>().try_to_vec().expect("f64 data")
}

fn close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (a, b)) in found.iter().zip(expected).enumerate() {
        let room = tolerance::F32.agreement * b.abs().max(1.0);
        assert!((a - b).abs() <= room, "{what}, entry {place}: {a} for {b}");
    }
}

#[derive(Default)]
struct Weights {
    ids: Vec<u64>,
    values: Vec<f64>,
}

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.ids.push(param.id.val());
        self.values.extend(values(param.val()));
    }
}

fn weights(seed: u64, device: &Device) -> Weights {
    let mut init = Init::new(seed, device);
    let mut found = Weights::default();
    Mlp::new(&mut init, [3, 4, 2], Activation::Silu).visit(&mut found);
    Embedding::new(&mut init, 2).visit(&mut found);
    found
}

#[test]
fn a_seed_fixes_weights_and_ids() {
    let (first, second) = (
        weights(SEED, &device()),
        weights(SEED, &device().autodiff()),
    );
    assert_eq!(first.values, second.values);
    assert_eq!(first.ids, [1, 2, 3, 4, 5]);
    assert_eq!(second.ids, first.ids);
    assert_ne!(first.values, weights(SEED + 1, &device()).values);
}

#[test]
fn initial_values_have_their_law() {
    let mut init = Init::new(SEED, &device());
    let count = 40_000;
    let normal = values(init.normal([count], 2.0).val());
    let uniform = values(init.uniform([count], 3.0).val());
    assert!(uniform.iter().all(|value| value.abs() <= 3.0));
    // Mean square and its standard error: 4 and 4 sqrt(2/n); 9/3 and 9 sqrt(4/45/n).
    for (what, sample, expected, deviation) in [
        ("normal", normal, 4.0, 4.0 * 2.0_f64.sqrt()),
        ("uniform", uniform, 3.0, 9.0 * (4.0_f64 / 45.0).sqrt()),
    ] {
        let square = sample.iter().map(|x| x * x).sum::<f64>() / count as f64;
        let room = tolerance::STANDARD_ERRORS * deviation / (count as f64).sqrt();
        assert!(
            (square - expected).abs() < room,
            "{what}, seed {SEED}: {square}"
        );
    }
}

#[test]
fn dense_acts_on_the_last_axis_of_any_rank() {
    let mut init = Init::new(SEED, &device());
    let dense = Dense::new(&mut init, 3, 2, true);
    let input = wave(24);
    let flat = values(dense.forward(tensor(&input, [8, 3])));
    assert_eq!(values(dense.forward(tensor(&input, [2, 4, 3]))), flat);
    assert_eq!(values(dense.forward(tensor(&input, [2, 2, 2, 3]))), flat);
    let zero = Dense::zeroed(&mut init, 3, 2, true);
    assert!(
        values(zero.forward(tensor(&input, [8, 3])))
            .iter()
            .all(|x| *x == 0.0)
    );
}

#[test]
fn norms_have_their_closed_forms() {
    let mut init = Init::new(SEED, &device());
    let row = [3.0, -1.0, 2.0, 4.0];
    let rms = (30.0_f64 / 4.0).sqrt();
    let found = values(RmsNorm::new(&mut init, 4).forward(tensor(&row, [1, 4])));
    close("RmsNorm", &found, &row.map(|x| x / rms));
    let deviation = 3.5_f64.sqrt();
    for norm in [LayerNorm::plain(4), LayerNorm::affine(&mut init, 4)] {
        let found = values(norm.forward(tensor(&row, [1, 4])));
        close("LayerNorm", &found, &row.map(|x| (x - 2.0) / deviation));
    }
}

#[test]
fn equal_logits_average_the_values() {
    let query = tensor(&[0.0; 8], [1, 2, 4]);
    let (key, value) = (wave(12), wave(12));
    let found = values(attention(
        query,
        tensor(&key, [1, 3, 4]),
        tensor(&value, [1, 3, 4]),
        2,
        None,
        None,
    ));
    let mean: Vec<f64> = (0..8)
        .map(|place| (0..3).map(|row| value[row * 4 + place % 4]).sum::<f64>() / 3.0)
        .collect();
    close("attention", &found, &mean);
}

#[test]
fn masked_keys_have_no_influence() {
    let query = || tensor(&wave(16), [2, 2, 4]);
    let run = |fill: f64| {
        let mut key = wave(24);
        // Third key of the first molecule and every key of the second are masked.
        key[8..].fill(fill);
        let mask = tensor(&[1.0, 1.0, 0.0, 0.0, 0.0, 0.0], [2, 3]);
        let key = tensor(&key, [2, 3, 4]);
        values(attention(query(), key.clone(), key, 2, None, Some(mask)))
    };
    let found = run(0.5);
    assert_eq!(found, run(-7.0));
    assert!(found[8..].iter().all(|value| *value == 0.0));
    let key = || tensor(&wave(24)[..8], [1, 2, 4]);
    let first = query().narrow(0, 0, 1);
    let short = values(attention(first, key(), key(), 2, None, None));
    close("attention without padding", &found[..8], &short);
}

#[test]
fn the_gain_brings_radial_functions_to_mean_square_one() {
    let basis = GaussianBasis::new(11, 5.0);
    let distances = [1.0, 1.25, 2.6, 3.99];
    let found = values(basis.forward(tensor(&distances, [4, 1])) * basis.gain());
    for row in found.chunks_exact(11) {
        let mean = row.iter().map(|x| x * x).sum::<f64>() / 11.0;
        assert!((mean - 1.0).abs() < 1e-3, "mean square {mean}");
    }
}

#[test]
fn radial_functions_have_their_closed_forms() {
    let distances = [0.4, 1.1, 2.0, 3.9];
    let input = || tensor(&distances, [4, 1]);
    let gauss = values(GaussianBasis::new(3, 4.0).forward(input()));
    let bessel = values(BesselBasis::new(3, 4.0).forward(input()));
    let envelope = values(cutoff(input(), 4.0));
    for (row, r) in distances.into_iter().enumerate() {
        for n in 0..3 {
            let centre = 2.0 * n as f64;
            let expected = (-(r - centre).powi(2) / 8.0).exp();
            close("Gaussian", &gauss[row * 3 + n..][..1], &[expected]);
            let angle = (n + 1) as f64 * std::f64::consts::PI * r / 4.0;
            close(
                "Bessel",
                &bessel[row * 3 + n..][..1],
                &[0.5_f64.sqrt() * angle.sin() / r],
            );
        }
        let x: f64 = r / 4.0;
        let expected = 1.0 - 28.0 * x.powi(6) + 48.0 * x.powi(7) - 21.0 * x.powi(8);
        close("cutoff", &envelope[row..=row], &[expected]);
    }
    let ends = values(cutoff(tensor(&[0.0, 4.0, 4.1, 50.0], [4]), 4.0));
    assert_eq!(ends, [1.0, 0.0, 0.0, 0.0]);
}
