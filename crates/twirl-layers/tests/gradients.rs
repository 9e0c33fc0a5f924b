//! Gradients of every layer against central differences, in f64.
//!
//! The float type of a device is set once per process, so these tests have a binary of their own.

use std::sync::OnceLock;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, FloatDType, IntDType, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{Purpose, Stream};
use twirl_layers::{
    Activation, BesselBasis, Bias, Dense, Embedding, GaussianBasis, GroupNorm, Init, LayerNorm,
    Mlp, RmsNorm, Slots, Spans, attend, attention, conv_transpose3d, conv3d, cutoff, gated, gather,
    matmul, modulated_norm, parts,
};

const SEED: u64 = 11;
/// Near the cube root of the f64 epsilon, which balances rounding against the cubic term.
const STEP: f64 = 1e-5;
/// Rounding over step, 1e-11, and the cubic term, 1e-10, with a factor 100 for sums.
const TOLERANCE: f64 = 1e-8;

fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    let device = DEVICE.get_or_init(|| {
        let mut device = Device::flex();
        device
            .configure((FloatDType::F64, IntDType::I64))
            .expect("first use of the device");
        device
    });
    device.clone().autodiff()
}

fn random<const D: usize>(shape: [usize; D], counter: u64) -> Tensor<D> {
    let mut stream = Stream::new(SEED, Purpose::Other(0), [counter, 0]);
    let count = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|_| stream.random_range(-1.5..1.5)).collect();
    Tensor::from_data(TensorData::new(values, shape), &device())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().try_to_vec().expect("f64 data")
}

/// A scalar that weighs every output entry differently, so that no error cancels.
fn probe<const D: usize>(output: Tensor<D>) -> Tensor<1> {
    let weights = random(output.dims(), 99);
    (output * weights).sum()
}

fn agree(what: &str, exact: &[f64], numeric: &[f64]) {
    let scale = exact
        .iter()
        .fold(1.0_f64, |max, value| max.max(value.abs()));
    for (place, (a, b)) in exact.iter().zip(numeric).enumerate() {
        assert!(
            (a - b).abs() <= TOLERANCE * scale,
            "{what}, seed {SEED}, entry {place}: gradient {a}, difference {b}"
        );
    }
    assert!(
        exact.iter().any(|value| value.abs() > 1e-3),
        "{what}: the gradient vanishes, so the check says nothing"
    );
}

fn check_input<const D: usize, const E: usize>(
    what: &str,
    input: &Tensor<D>,
    function: impl Fn(Tensor<D>) -> Tensor<E>,
) {
    let shape = input.dims();
    let leaf = input.clone().detach().require_grad();
    let gradients = probe(function(leaf.clone())).backward();
    let exact = values(leaf.grad(&gradients).expect("a gradient"));
    let start = values(input.clone());
    let at = |place: usize, step: f64| {
        let mut moved = start.clone();
        moved[place] += step;
        let tensor = Tensor::from_data(TensorData::new(moved, shape), &device());
        probe(function(tensor)).into_scalar::<f64>()
    };
    let numeric: Vec<f64> = (0..start.len())
        .map(|place| (at(place, STEP) - at(place, -STEP)) / (2.0 * STEP))
        .collect();
    agree(what, &exact, &numeric);
}

struct Shift {
    id: ParamId,
    place: usize,
    step: f64,
}

impl ModuleMapper for Shift {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if param.id != self.id {
            return param;
        }
        param.map(|tensor| {
            let shape = tensor.dims();
            let mut moved = values(tensor);
            moved[self.place] += self.step;
            Tensor::from_data(TensorData::new(moved, shape), &device()).require_grad()
        })
    }
}

struct Collect<'a> {
    gradients: &'a burn::tensor::Gradients,
    found: Vec<(ParamId, Vec<f64>)>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = param.val().grad(self.gradients).expect("a gradient");
        self.found.push((param.id, values(gradient)));
    }
}

fn check_parameters<M: Module, const E: usize>(
    what: &str,
    module: &M,
    function: impl Fn(&M) -> Tensor<E>,
) {
    let gradients = probe(function(module)).backward();
    let mut collect = Collect {
        gradients: &gradients,
        found: Vec::new(),
    };
    module.visit(&mut collect);
    assert!(!collect.found.is_empty(), "{what}: no parameters");
    for (id, exact) in collect.found {
        let at = |place: usize, step: f64| {
            let moved = module.clone().map(&mut Shift { id, place, step });
            probe(function(&moved)).into_scalar::<f64>()
        };
        let numeric: Vec<f64> = (0..exact.len())
            .map(|place| (at(place, STEP) - at(place, -STEP)) / (2.0 * STEP))
            .collect();
        agree(&format!("{what}, parameter {id}"), &exact, &numeric);
    }
}

#[test]
fn dense_and_perceptrons() {
    let mut init = Init::new(SEED, &device());
    let input = random([2, 3, 4], 0);
    let dense = Dense::new(&mut init, 4, 5, true);
    check_input("Dense", &input, |x| dense.forward(x));
    check_parameters("Dense", &dense, |dense| dense.forward(input.clone()));
    for activation in [Activation::Silu, Activation::Gelu] {
        let mlp = Mlp::new(&mut init, [4, 6, 3], activation);
        check_input("Mlp", &input, |x| mlp.forward(x));
        check_parameters("Mlp", &mlp, |mlp| mlp.forward(input.clone()));
    }
}

#[test]
fn layers_beside_each_other() {
    let mut init = Init::new(SEED, &device());
    let input = random([2, 3, 4], 0);
    let layers = [5, 2, 3].map(|outputs| Dense::new(&mut init, 4, outputs, true));
    let together = |layers: &[Dense; 3], x| Dense::together(&layers.each_ref(), x);
    check_input("Dense::together", &input, |x| together(&layers, x));
    let found = values(together(&layers, input.clone()));
    let alone = layers.each_ref().map(|layer| layer.forward(input.clone()));
    assert_eq!(found, values(Tensor::cat(alone.into(), 2)));
    let attention = Dense::query_key_value(&mut init, 4, 3);
    check_parameters("Dense::query_key_value", &attention, |layer| {
        layer.forward(input.clone())
    });
}

#[test]
fn products_in_both_arguments() {
    for (rows, inner, columns) in [(7, 5, 3), (1, 4, 9), (13, 1, 2)] {
        let (left, right) = (random([rows, inner], 20), random([inner, columns], 21));
        check_input("matmul left", &left, |x| matmul(x, right.clone()));
        check_input("matmul right", &right, |x| matmul(left.clone(), x));
        let (left, right) = (
            random([2, 3, inner, rows], 22),
            random([2, 3, columns, inner], 23),
        );
        let turned = |x: Tensor<4>| x.swap_dims(2, 3);
        check_input("batched left", &left, |x| {
            matmul(turned(x), turned(right.clone()))
        });
        check_input("batched right", &right, |x| {
            matmul(turned(left.clone()), turned(x))
        });
    }
}

#[test]
fn parts_of_the_last_axis() {
    let input = random([2, 3, 7], 24);
    check_input("parts", &input, |x| {
        let [a, b, _unused, d] = parts(x, [2, 1, 3, 1]);
        a * b.clone() + (b * d.clone() * d)
    });
}

#[test]
fn branches_behind_a_gate() {
    for each in [1, 3] {
        let (x, y) = (random([2 * each, 4], 25), random([2 * each, 4], 26));
        let gate = random([2, 4], 27);
        let run = |x, y, g| gated(x, y, g);
        check_input("gated", &x, |x| run(x, y.clone(), gate.clone()));
        check_input("gated branch", &y, |y| run(x.clone(), y, gate.clone()));
        check_input("gate", &gate, |g| run(x.clone(), y.clone(), g));
    }
}

/// Two molecules of three and two atoms with up to two neighbours.
fn slots() -> Slots {
    let neighbours = [vec![1, 2], vec![0], vec![], vec![4], vec![3]];
    Slots::new(vec![3, 2], &neighbours, 2, &device())
}

#[test]
fn edges_from_atoms() {
    let (edges, atoms) = (random([10, 3], 28), random([5, 6], 29));
    let slots = slots();
    check_input("spread edges", &edges, |x| slots.spread(x, atoms.clone()));
    check_input("spread atoms", &atoms, |x| slots.spread(edges.clone(), x));
}

#[test]
fn attention_of_groups_in_every_argument() {
    let slots = slots();
    for spans in [
        Spans::uniform(2, 3, 4),
        Spans::within(&[3, 0, 5, 1]),
        slots.among().clone(),
        slots.onto().clone(),
    ] {
        let [rows, keys, pairs] = spans.sizes();
        let [query, key, value] =
            [(rows, 30), (keys, 31), (keys, 32)].map(|(rows, counter)| random([rows, 4], counter));
        let table = random([pairs, 2], 33);
        let (strength, numbers) = (random([2], 34), random([pairs], 35));
        let (q, k, v) = (|| query.clone(), || key.clone(), || value.clone());
        for bias in [
            Bias::None,
            Bias::Table(table.clone()),
            Bias::Scaled(strength.clone(), numbers.clone()),
        ] {
            let run = |q, k, v| attend(q, k, v, 2, bias.clone(), &spans);
            check_input("attend query", &query, |x| run(x, k(), v()));
            check_input("attend key", &key, |x| run(q(), x, v()));
            check_input("attend value", &value, |x| run(q(), k(), x));
        }
        check_input("attend bias", &table, |x| {
            attend(q(), k(), v(), 2, Bias::Table(x), &spans)
        });
        check_input("attend strength", &strength, |x| {
            attend(q(), k(), v(), 2, Bias::Scaled(x, numbers.clone()), &spans)
        });
    }
}

#[test]
fn norms() {
    let mut init = Init::new(SEED, &device());
    let input = random([2, 3, 4], 1);
    let rms = RmsNorm::new(&mut init, 4);
    check_input("RmsNorm", &input, |x| rms.forward(x));
    check_parameters("RmsNorm", &rms, |rms| rms.forward(input.clone()));
    let affine = LayerNorm::affine(&mut init, 4);
    check_input("LayerNorm", &input, |x| affine.forward(x));
    check_parameters("LayerNorm", &affine, |norm| norm.forward(input.clone()));
    let plain = LayerNorm::plain(4);
    check_input("LayerNorm", &input, |x| plain.forward(x));
    let (input, gain, offset) = (random([6, 4], 36), random([6, 4], 37), random([6, 4], 38));
    let run = |x, g, o| modulated_norm(x, g, o);
    check_input("modulated norm", &input, |x| {
        run(x, gain.clone(), offset.clone())
    });
    check_input("modulated norm, gain", &gain, |g| {
        run(input.clone(), g, offset.clone())
    });
    check_input("modulated norm, offset", &offset, |o| {
        run(input.clone(), gain.clone(), o)
    });
}

#[test]
fn group_norms() {
    let mut init = Init::new(SEED, &device());
    for (channels, groups, copies) in [(4, 2, 1), (3, 3, 1), (2, 1, 3)] {
        let input = random([2, channels * copies, 2, 3, 2], 13);
        let norm = GroupNorm::new(&mut init, channels, groups);
        check_input("GroupNorm", &input, |x| norm.forward(x));
        check_parameters("GroupNorm", &norm, |norm| norm.forward(input.clone()));
        check_input("GroupNorm, SiLU", &input, |x| norm.forward_silu(x));
        check_parameters("GroupNorm, SiLU", &norm, |norm| {
            norm.forward_silu(input.clone())
        });
    }
}

#[test]
fn lookups() {
    let mut init = Init::new(SEED, &device());
    let index = Tensor::from_data(TensorData::from([1_i64, 3, 1, 0, 1]), &device());
    check_input("gather", &random([4, 3], 2), |x| gather(x, index.clone()));
    let embedding = Embedding::new(&mut init, 2);
    check_parameters("Embedding", &embedding, |e| e.forward(index.clone()));
}

#[test]
fn attention_in_every_argument() {
    let (query, key, value) = (
        random([2, 3, 4], 3),
        random([2, 5, 4], 4),
        random([2, 5, 4], 5),
    );
    let bias = random([2, 2, 3, 5], 6);
    // Three keys of the first molecule are padding; the second is padding throughout.
    let mask = [[1.0, 0.0, 1.0, 0.0, 0.0], [0.0; 5]];
    let mask = Tensor::<2>::from_data(TensorData::from(mask), &device());
    let run = |q, k, v, b| attention(q, k, v, 2, Some(b), Some(mask.clone()));
    let (q, k, v, b) = (
        || query.clone(),
        || key.clone(),
        || value.clone(),
        || bias.clone(),
    );
    check_input("attention query", &query, |x| run(x, k(), v(), b()));
    check_input("attention key", &key, |x| run(q(), x, v(), b()));
    check_input("attention value", &value, |x| run(q(), k(), x, b()));
    check_input("attention bias", &bias, |x| run(q(), k(), v(), x));
}

#[test]
fn convolutions_in_every_argument() {
    let bias = random([3], 9);
    for [kernel, stride, padding] in [[1, 1, 0], [3, 1, 1], [3, 2, 1], [4, 2, 1], [5, 1, 2]] {
        let input = random([2, 2, 4, 5, 6], 8);
        let weight = random([3, 2, kernel, kernel, kernel], 10);
        let run = |x, w, b| conv3d(x, w, Some(b), stride, padding);
        let (x, w, b) = (|| input.clone(), || weight.clone(), || bias.clone());
        check_input("conv3d input", &input, |x| run(x, w(), b()));
        check_input("conv3d weight", &weight, |w| run(x(), w, b()));
        check_input("conv3d bias", &bias, |b| run(x(), w(), b));

        let input = random([2, 2, 3, 3, 4], 11);
        let weight = random([2, 3, kernel, kernel, kernel], 12);
        let run = |x, w, b| conv_transpose3d(x, w, Some(b), stride, padding);
        let (x, w) = (|| input.clone(), || weight.clone());
        check_input("conv_transpose3d input", &input, |x| run(x, w(), b()));
        check_input("conv_transpose3d weight", &weight, |w| run(x(), w, b()));
        check_input("conv_transpose3d bias", &bias, |b| run(x(), w(), b));
    }
}

#[test]
fn radial_functions() {
    let distance = random([6, 1], 7) + 2.0;
    check_input("Gaussian", &distance, |r| {
        GaussianBasis::new(5, 4.0).forward(r)
    });
    check_input("Bessel", &distance, |r| BesselBasis::new(5, 4.0).forward(r));
    check_input("cutoff", &distance, |r| cutoff(r, 4.0));
}
