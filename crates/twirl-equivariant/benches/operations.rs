//! Every own operation of the backbones beside the same composed from burn's operations, in one run: forward
//! and backward pass from ones, all gradients. Molecules of twelve atoms, all of a molecule neighbours.

use std::hint::black_box;
use std::time::Duration;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use twirl_layers::Slots;
use twirl_layers::own::composed;

#[expect(dead_code, reason = "of the crate's own source, in part")]
#[path = "../src/channelwise.rs"]
mod channelwise;
#[path = "../src/message.rs"]
mod message;
#[path = "../src/tensor_message.rs"]
mod tensor_message;
#[path = "../src/update.rs"]
mod update;

use channelwise::{Channelwise, Term};
use message::Message;
use tensor_message::{Path, TensorMessage};

const ATOMS: usize = 12;
/// Molecules and channels.
const SIZES: [[usize; 2]; 2] = [[8, 32], [64, 128]];
/// Components of features of degrees 0, 1 and 2: first and number.
const DEGREES: [[usize; 2]; 3] = [[0, 1], [1, 3], [4, 5]];
const COMPONENTS: usize = 9;

fn random(shape: [usize; 2]) -> Tensor<2> {
    let device = Device::flex().autodiff();
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device).require_grad()
}

fn slots(molecules: usize) -> Slots {
    let neighbours: Vec<Vec<usize>> = (0..ATOMS * molecules)
        .map(|atom| {
            let first = atom / ATOMS * ATOMS;
            (first..first + ATOMS)
                .filter(|&other| other != atom)
                .collect()
        })
        .collect();
    let device = Device::flex().autodiff();
    Slots::new(vec![ATOMS; molecules], &neighbours, ATOMS - 1, &device)
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

/// The parity-even paths of degrees up to 2, which are 11, with the numbers of all their couplings.
fn paths() -> (Vec<Path>, usize) {
    let (mut paths, mut places) = (Vec::new(), 0);
    for (to, output) in DEGREES.into_iter().enumerate() {
        for (from, input) in DEGREES.into_iter().enumerate() {
            for filter in from.abs_diff(to)..=(from + to).min(2) {
                if (from + filter + to) % 2 == 0 {
                    let coupling = places;
                    places += input[1] * output[1];
                    paths.push(Path {
                        input,
                        output,
                        coupling,
                    });
                }
            }
        }
    }
    (paths, places)
}

/// As dense as the couplings of two features of degrees up to 2 that keep parity.
fn terms() -> Vec<Term> {
    let pairs = (0..COMPONENTS).flat_map(|left| (0..COMPONENTS).map(move |right| (left, right)));
    let even = pairs.filter(|(left, right)| (left + right) % 2 == 0);
    let term = |(left, right)| Term {
        left,
        right,
        output: (left + 2 * right) % COMPONENTS,
        factor: 0.5,
    };
    even.map(term).collect()
}

fn operations(bench: &mut Criterion) {
    for [molecules, channels] in SIZES {
        let slots = slots(molecules);
        let atoms = ATOMS * molecules;
        let edges = atoms * (ATOMS - 1);
        let size = format!("{atoms} atoms, {channels} channels");
        let wide = |parts: usize| random([atoms, parts * channels]);
        let axes = |parts: usize| random([3 * atoms, parts * channels]);

        let (state, said) = (wide(4), wide(3));
        let (filters, unit) = (random([edges, 3 * channels]), random([edges, 3]).detach());
        both(bench, &format!("messages of painn, {size}"), &|| {
            let message = Message {
                slots: slots.clone(),
                scale: 0.3,
                carry: true,
            };
            let (said, filters) = (said.clone(), filters.clone());
            message.receive(state.clone(), said, filters, unit.clone())
        });

        let (pair, change) = (axes(2), wide(3));
        both(bench, &format!("lengths of vectors, {size}"), &|| {
            update::lengths(pair.clone(), &slots)
        });
        both(bench, &format!("update of painn, {size}"), &|| {
            update::close(state.clone(), pair.clone(), change.clone(), &slots)
        });

        let (paths, places) = paths();
        let features = wide(COMPONENTS);
        let weights = random([edges, paths.len() * channels]);
        let couplings = random([edges, places]).detach();
        both(
            bench,
            &format!("messages by tensor products, {size}"),
            &|| {
                let message = TensorMessage {
                    slots: slots.clone(),
                    paths: paths.clone(),
                    outputs: COMPONENTS,
                };
                message.receive(features.clone(), weights.clone(), couplings.clone())
            },
        );

        let product = Channelwise::new(terms(), [COMPONENTS; 3]);
        let other = wide(COMPONENTS);
        both(bench, &format!("products of features, {size}"), &|| {
            product.multiply(features.clone(), other.clone(), &slots)
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
