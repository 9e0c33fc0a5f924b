//! Gradients of every layer against central differences, in f64.
//!
//! The float type of a device is set once per process, so these tests have a binary of their own.

use std::sync::OnceLock;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, FloatDType, IntDType, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{Purpose, Stream};
use twirl_layers::{
    Activation, BesselBasis, Dense, Embedding, GaussianBasis, GroupNorm, Init, LayerNorm, Mlp,
    RmsNorm, attention, conv_transpose3d, conv3d, cutoff, gather,
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
