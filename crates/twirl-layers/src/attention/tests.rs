//! The own operation against the form composed of burn's, with gradients.

use std::collections::BTreeSet;

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{Purpose, Stream, tolerance};

use super::{Bias, Spans, attend, padded};

const SEED: u64 = 41;

fn random<const D: usize>(shape: [usize; D], counter: u64) -> Tensor<D> {
    let mut stream = Stream::new(SEED, Purpose::Other(0), [counter, 0]);
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| stream.random_range(-2.0..2.0)).collect();
    let device = Device::flex().autodiff();
    Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Output, and gradients for queries, keys, values and bias.
fn traced(own: bool, heads: usize, bias: &str, spans: &Spans) -> Vec<Vec<f64>> {
    let [rows, keys, pairs] = spans.sizes();
    let channels = 12;
    let inputs =
        [(rows, 0), (keys, 1), (keys, 2)].map(|(rows, counter)| random([rows, channels], counter));
    let (table, strength) = (random([pairs, heads], 3), random([heads], 4));
    let numbers = random([pairs], 5).detach();
    let [query, key, value] = inputs.clone();
    let added = match bias {
        "table" => Bias::Table(table.clone()),
        "scaled" => Bias::Scaled(strength.clone(), numbers),
        _ => Bias::None,
    };
    let output = if own {
        attend(query, key, value, heads, added, spans)
    } else {
        padded(query, key, value, heads, added, spans)
    };
    let gradients = (output.clone() * random([rows, channels], 6).detach())
        .sum()
        .backward();
    let mut found = vec![values(output)];
    found.extend(inputs.map(|input| values(input.grad(&gradients).expect("a gradient"))));
    match bias {
        "table" => found.push(values(table.grad(&gradients).expect("a gradient"))),
        "scaled" => found.push(values(strength.grad(&gradients).expect("a gradient"))),
        _ => {}
    }
    found
}

#[test]
fn both_forms_and_their_gradients_agree() {
    let counts = [3, 0, 17, 1, 9];
    for spans in [
        Spans::uniform(3, 5, 33),
        Spans::within(&[4, 1, 40, 17]),
        Spans::among_slots(&counts, 17),
        Spans::onto_slots(&counts, 17),
    ] {
        for bias in ["none", "table", "scaled"] {
            for heads in [1, 3, 4] {
                let found = traced(true, heads, bias, &spans);
                let expected = traced(false, heads, bias, &spans);
                for (what, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let scale = expected.iter().fold(1.0_f64, |max, x| max.max(x.abs()));
                    for (a, b) in found.iter().zip(expected) {
                        assert!(
                            (a - b).abs() <= tolerance::F32.agreement * scale,
                            "{spans:?}, {bias}, {heads} heads, {what}: {a} for {b}, seed {SEED}"
                        );
                    }
                }
            }
        }
    }
}

/// Molecules of 2 to 32 atoms, and atoms with 2 to 32 neighbours, come in four shapes.
#[test]
fn batches_share_few_shapes() {
    let device = Device::flex();
    let shapes = |spans: fn(usize) -> Spans| -> BTreeSet<[usize; 3]> {
        let padded = (2..=32).map(|most| spans(most).padded(&device).sizes);
        padded.collect()
    };
    let square = [8, 16, 24, 32].map(|size| [2, size, size]);
    assert_eq!(shapes(|most| Spans::within(&[most, 1])), square.into());
    let single = [8, 16, 24, 32].map(|size| [2, 1, size]);
    let onto = shapes(|most| Spans::onto_slots(&[1, most], 32));
    assert_eq!(onto, single.into());
}

/// Far logits have probability 0 and not a subnormal one.
#[test]
fn probabilities_end() {
    let spans = Spans::uniform(1, 1, 2000);
    let device = Device::flex();
    let key: Vec<f32> = (0..2000).map(|place| -0.1 * place as f32).collect();
    let key = Tensor::<2>::from_data(TensorData::new(key, [2000, 1]), &device);
    let value = key.ones_like() * 1e-8;
    let query = Tensor::<2>::ones([1, 1], &device);
    for place in 0..2000 {
        let one = Tensor::<2>::from_data(TensorData::new(vec![1.0_f32], [1, 1]), &device);
        let alone = value
            .zeros_like()
            .slice_assign([place..place + 1, 0..1], one);
        let seen = attend(query.clone(), key.clone(), alone, 1, Bias::None, &spans);
        let seen = seen.into_scalar::<f64>();
        assert!(seen == 0.0 || seen >= 1e-32, "{place}: {seen:e}");
    }
    let all = attend(query, key, value, 1, Bias::None, &spans).into_scalar::<f64>();
    assert!((all / 1e-8 - 1.0).abs() < 1e-5, "{all:e}");
}
