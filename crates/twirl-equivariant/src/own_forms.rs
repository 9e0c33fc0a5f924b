//! Own operations against their forms composed of burn's, with gradients in every argument.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{Purpose, Stream, tolerance};
use twirl_layers::Slots;

use crate::channelwise::{Channelwise, Term};
use crate::message::Message;
use crate::tensor_message::{Path, TensorMessage};
use crate::update::{close, composed_close, composed_lengths, lengths};

const SEED: u64 = 43;
const CHANNELS: usize = 19;
const ATOMS: usize = 9;

/// Three molecules; up to four of five slots are held, and some atoms have no neighbour.
fn slots() -> Slots {
    let neighbours = [
        vec![1, 2, 3, 4],
        vec![0],
        vec![0, 1, 3],
        vec![],
        vec![2],
        vec![],
        vec![7, 8],
        vec![8, 6],
        vec![6],
    ];
    Slots::new(vec![5, 1, 3], &neighbours, 5, &Device::flex().autodiff())
}

fn random(shape: [usize; 2], counter: u64) -> Tensor<2> {
    let mut stream = Stream::new(SEED, Purpose::Other(0), [counter, 0]);
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| stream.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff()).require_grad()
}

/// Random numbers that are 0 at empty slots, as filters are.
fn of_edges(width: usize, counter: u64) -> Tensor<2> {
    let slots = slots();
    let held: Vec<f32> = slots
        .counts()
        .iter()
        .flat_map(|&count| (0..5).map(move |slot| f32::from(u8::from(slot < count))))
        .collect();
    let held = Tensor::<2>::from_data(
        TensorData::new(held, [5 * ATOMS, 1]),
        &Device::flex().autodiff(),
    );
    (random([5 * ATOMS, width], counter).detach() * held)
        .detach()
        .require_grad()
}

fn values(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Compares values and gradients of two functions of the same inputs; gradients at empty slots, where
/// the own operations have none, are left out by `edges`, which marks inputs that are of edges.
fn agree<const N: usize>(
    what: &str,
    inputs: &[Tensor<2>; N],
    edges: [bool; N],
    own: impl Fn([Tensor<2>; N]) -> Tensor<2>,
    composed: impl Fn([Tensor<2>; N]) -> Tensor<2>,
) {
    let traced = |form: &dyn Fn([Tensor<2>; N]) -> Tensor<2>| {
        let output = form(inputs.clone());
        let probe = random(output.dims(), 99).detach();
        let gradients = (output.clone() * probe).sum().backward();
        let mut found = vec![values(output)];
        for (input, of_edges) in inputs.iter().zip(edges) {
            let mut gradient = values(input.grad(&gradients).expect("a gradient"));
            if of_edges {
                let width = input.dims()[1];
                for (edge, gradient) in gradient.chunks_mut(width).enumerate() {
                    if edge % 5 >= slots().counts()[edge / 5] {
                        gradient.fill(0.0);
                    }
                }
            }
            found.push(gradient);
        }
        found
    };
    let (found, expected) = (traced(&own), traced(&composed));
    for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let scale = expected.iter().fold(1e-3_f64, |max, x| max.max(x.abs()));
        for (a, b) in found.iter().zip(expected) {
            assert!(
                (a - b).abs() <= tolerance::F32.agreement * scale,
                "{what}, {place}, seed {SEED}: {a} for {b}"
            );
        }
    }
}

#[test]
fn messages() {
    for carry in [false, true] {
        let width = if carry { 3 } else { 2 } * CHANNELS;
        let inputs = [
            random([ATOMS, 4 * CHANNELS], 0),
            random([ATOMS, width], 1),
            of_edges(width, 2),
            of_edges(3, 3),
        ];
        let message = Message {
            slots: slots(),
            scale: 0.3,
            carry,
        };
        agree(
            "message",
            &inputs,
            [false, false, true, true],
            |[state, said, filters, unit]| message.clone().receive(state, said, filters, unit),
            |[state, said, filters, unit]| message.composed(state, said, filters, unit),
        );
    }
}

#[test]
fn updates() {
    let both = random([3 * ATOMS, 2 * CHANNELS], 4);
    agree(
        "lengths",
        std::slice::from_ref(&both).first_chunk().expect("one"),
        [false],
        |[both]| lengths(both, &slots()),
        |[both]| composed_lengths(both),
    );
    let inputs = [
        random([ATOMS, 4 * CHANNELS], 5),
        both,
        random([ATOMS, 3 * CHANNELS], 6),
    ];
    agree(
        "close",
        &inputs,
        [false; 3],
        |[state, both, change]| close(state, both, change, &slots()),
        |[state, both, change]| composed_close(state, both, &change),
    );
}

#[test]
fn tensor_messages() {
    let path = |input, output, coupling| Path {
        input,
        output,
        coupling,
    };
    let message = TensorMessage {
        slots: slots(),
        paths: vec![
            path([0, 1], [0, 1], 0),
            path([0, 1], [1, 3], 1),
            path([1, 3], [0, 1], 4),
            path([1, 3], [1, 3], 7),
            path([4, 5], [4, 5], 16),
        ],
        outputs: 9,
    };
    let inputs = [
        random([ATOMS, 9 * CHANNELS], 7),
        of_edges(5 * CHANNELS, 8),
        of_edges(41, 9),
    ];
    agree(
        "tensor message",
        &inputs,
        [false, true, true],
        |[features, weights, couplings]| message.clone().receive(features, weights, couplings),
        |[features, weights, couplings]| message.composed(features, &weights, &couplings),
    );
}

#[test]
fn channelwise_products() {
    let term = |left, right, output, factor| Term {
        left,
        right,
        output,
        factor,
    };
    let terms = vec![
        term(0, 1, 0, 0.5),
        term(2, 1, 2, -1.5),
        term(2, 0, 0, 0.7),
        term(1, 1, 1, 2.0),
        term(0, 3, 2, 1.0),
    ];
    let product = Channelwise::new(terms, [3, 4, 3]);
    let inputs = [
        random([ATOMS, 3 * CHANNELS], 10),
        random([ATOMS, 4 * CHANNELS], 11),
    ];
    agree(
        "channelwise product",
        &inputs,
        [false; 2],
        |[left, right]| product.multiply(left, right, &slots()),
        |[left, right]| product.composed(left, right),
    );
    let square = Channelwise::new(vec![term(0, 1, 0, 2.0), term(1, 1, 1, 1.0)], [2, 2, 2]);
    agree(
        "channelwise product of one with itself",
        &[random([ATOMS, 2 * CHANNELS], 12)],
        [false],
        |[one]| square.multiply(one.clone(), one, &slots()),
        |[one]| square.composed(one.clone(), one),
    );
}
