//! Gradients, smoothness and the floor of the backbones in f64.
//!
//! The float type of a device is set once per process, so these tests have a binary of their own.

mod fixture;

use std::sync::OnceLock;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, FloatDType, Gradients, IntDType, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{Purpose, Stream, Symmetry, tolerance};

use fixture::{
    Backbone, CUTOFF, Net, SEED, Sample, cloud, mace, molecule, painn, symmetry_error,
    tensor_field, values,
};

/// Near the cube root of the f64 epsilon, which balances rounding against the cubic term.
const STEP: f64 = 1e-5;
/// Relative error of a central difference with that step, with room for sums.
const TOLERANCE: f64 = 1e-7;

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

/// A random direction in parameter space, the same whenever it is asked for.
fn direction(id: u64, count: usize, which: u64) -> Vec<f64> {
    let mut stream = Stream::new(SEED, Purpose::Other(3), [id, which]);
    (0..count).map(|_| stream.random_range(-1.0..1.0)).collect()
}

struct Move {
    which: u64,
    step: f64,
}

impl ModuleMapper for Move {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = param.id.val();
        param.map(|tensor| {
            let shape = tensor.dims();
            let mut moved = values(tensor);
            let along = direction(id, moved.len(), self.which);
            for (value, part) in moved.iter_mut().zip(along) {
                *value += self.step * part;
            }
            Tensor::from_data(TensorData::new(moved, shape), &device()).require_grad()
        })
    }
}

struct Slope<'a> {
    which: u64,
    gradients: &'a Gradients,
    sum: f64,
    silent: Vec<u64>,
}

impl ModuleVisitor for Slope<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let id = param.id.val();
        let Some(gradient) = param.val().grad(self.gradients) else {
            self.silent.push(id);
            return;
        };
        let gradient = values(gradient);
        let along = direction(id, gradient.len(), self.which);
        self.sum += gradient.iter().zip(&along).map(|(a, b)| a * b).sum::<f64>();
    }
}

fn check_gradient<B: Backbone>(what: &str, net: &Net<B>) {
    let input = cloud(&[molecule(7, 1), molecule(5, 2)], [0, 0], &device());
    let loss = |net: &Net<B>| {
        let output = net.forward(&input);
        (output.clone() * output).sum()
    };
    let gradients = loss(net).backward();
    for which in 0..3 {
        let mut slope = Slope {
            which,
            gradients: &gradients,
            sum: 0.0,
            silent: Vec::new(),
        };
        net.visit(&mut slope);
        assert_eq!(
            slope.silent, [0_u64; 0],
            "{what}: parameters without gradient"
        );
        let at = |step: f64| values(loss(&net.clone().map(&mut Move { which, step })))[0];
        let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        assert!(
            (slope.sum - difference).abs() <= TOLERANCE * difference.abs().max(1.0),
            "{what}, seed {SEED}: gradient {}, difference {difference}",
            slope.sum
        );
        assert!(difference.abs() > 1e-3, "{what}: flat direction");
    }
}

#[test]
fn gradients_agree_with_differences() {
    check_gradient("painn", &painn(&device()));
    check_gradient("mace", &mace(&device()));
    for symmetry in [Symmetry::So3, Symmetry::O3] {
        check_gradient("tensor-field", &tensor_field(symmetry, &device()));
    }
}

#[test]
fn equivariance_reaches_the_floor_of_f64() {
    let (sample, device) = (molecule(14, 100), device());
    for error in [
        symmetry_error(&painn(&device), &sample, Symmetry::O3, &device),
        symmetry_error(&mace(&device), &sample, Symmetry::O3, &device),
        symmetry_error(
            &tensor_field(Symmetry::O3, &device),
            &sample,
            Symmetry::O3,
            &device,
        ),
        symmetry_error(
            &tensor_field(Symmetry::So3, &device),
            &sample,
            Symmetry::So3,
            &device,
        ),
    ] {
        println!("f64: L_equiv / E|f|^2 = {error:.2e}");
        assert!(error <= tolerance::F64.floor, "seed {SEED}: {error}");
    }
}

/// An atom that enters the cutoff sphere of another changes outputs by a power of how far it has come
/// in, so halving the way in must divide the change by about that power of 2.
fn check_entry<B: Backbone>(what: &str, net: &Net<B>, power: i32) {
    let at = |inside: f64| {
        let sample = Sample {
            species: vec![8, 1, 6],
            positions: vec![[0.0; 3], [-0.6, 0.7, 0.2], [CUTOFF - inside, 0.0, 0.0]],
        };
        values(net.forward(&cloud(&[sample], [0, 3], &device())))
    };
    let outside = at(-0.01);
    let change = |inside: f64| {
        let pairs = at(inside).into_iter().zip(&outside);
        pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    };
    let (far, near) = (change(0.02), change(0.01));
    println!("{what}: change {far:.2e}, then {near:.2e}");
    assert!(near > 0.0, "{what}: no change at all");
    let ratio = far / near / 2.0_f64.powi(power);
    assert!(
        (0.875..1.125).contains(&ratio),
        "{what}, seed {SEED}: ratio {ratio}"
    );
}

#[test]
fn outputs_are_smooth_at_the_cutoff() {
    check_entry("painn", &painn(&device()), 3);
    check_entry("tensor-field", &tensor_field(Symmetry::So3, &device()), 3);
    // Its radial functions are 0 at the cutoff without the envelope.
    check_entry("mace", &mace(&device()), 4);
}
