//! Equivariance to rounding, at initialisation and after training.

use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::{Symmetry, tolerance};
use twirl_equivariant::NeighbourList;

use crate::fixture::{
    Backbone, CUTOFF, MOST, Net, SEED, Sample, cloud, mace, molecule, painn, symmetry_error,
    tensor_field, values,
};

const STEPS: usize = 40;
const LEARNING_RATE: f64 = 3e-3;

fn device() -> Device {
    Device::flex().autodiff()
}

/// Pair forces `sum_j q_i q_j exp(-r) rhat` with charges by element: not in the span of the
/// untrained networks, yet smooth enough to be learned in a few steps.
fn target(sample: &Sample) -> Vec<f64> {
    let list = NeighbourList::build(&sample.positions, CUTOFF, MOST).expect("neighbours");
    let charge = |atom: usize| f64::from(sample.species[atom]).sqrt() - 2.0;
    (0..sample.species.len())
        .flat_map(|atom| {
            let mut force = [0.0; 3];
            for &other in list.of(atom) {
                let offset: [f64; 3] = std::array::from_fn(|axis| {
                    sample.positions[other][axis] - sample.positions[atom][axis]
                });
                let distance = offset.iter().map(|x| x * x).sum::<f64>().sqrt();
                let size = 4.0 * charge(atom) * charge(other) * (-distance).exp();
                for axis in 0..3 {
                    force[axis] += size * offset[axis] / distance;
                }
            }
            force
        })
        .collect()
}

/// Trains on four molecules; the last loss must be well below the first.
fn trained<B: Backbone>(mut net: Net<B>) -> Net<B> {
    let samples: Vec<_> = (0..4).map(|place| molecule(12, place)).collect();
    let input = cloud(&samples, [0, 0], &device());
    let targets: Vec<f64> = samples.iter().flat_map(target).collect();
    let targets = TensorData::new(targets, [48, 3]);
    let targets = Tensor::<2>::from_data(targets, &device());
    let mut optimiser = AdamWConfig::new().init();
    let mut losses = Vec::new();
    for _ in 0..STEPS {
        let error = net.forward(&input) - targets.clone();
        let loss = (error.clone() * error).mean();
        losses.push(values(loss.clone())[0]);
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        net = optimiser.step(LEARNING_RATE, net, gradients);
    }
    let (first, last) = (losses[0], losses[STEPS - 1]);
    assert!(last < 0.5 * first, "seed {SEED}: loss {first} to {last}");
    net
}

fn holds<B: Backbone>(what: &str, net: Net<B>, symmetry: Symmetry) {
    let sample = molecule(14, 100);
    for (when, net) in [("at first", net.clone()), ("trained", trained(net))] {
        let error = symmetry_error(&net, &sample, symmetry, &device());
        println!("{what} {when} under {symmetry:?}: L_equiv / E|f|^2 = {error:.2e}");
        assert!(
            error <= tolerance::F32.floor,
            "{what} {when} under {symmetry:?}, seed {SEED}: {error}"
        );
    }
}

#[test]
fn painn_is_equivariant_under_rotations_and_inversion() {
    holds("painn", painn(&device()), Symmetry::So3);
    holds("painn", painn(&device()), Symmetry::O3);
}

#[test]
fn even_tensor_field_is_equivariant_under_rotations_and_inversion() {
    let net = || tensor_field(Symmetry::O3, &device());
    holds("tensor-field o3", net(), Symmetry::So3);
    holds("tensor-field o3", net(), Symmetry::O3);
}

#[test]
fn mace_is_equivariant_under_rotations_and_inversion() {
    holds("mace", mace(&device()), Symmetry::So3);
    holds("mace", mace(&device()), Symmetry::O3);
}

#[test]
fn full_tensor_field_is_equivariant_under_rotations_only() {
    let net = tensor_field(Symmetry::So3, &device());
    holds("tensor-field so3", net.clone(), Symmetry::So3);
    let error = symmetry_error(&net, &molecule(14, 100), Symmetry::O3, &device());
    println!("tensor-field so3 under O3: L_equiv / E|f|^2 = {error:.2e}");
    assert!(
        error > 1e-3,
        "seed {SEED}: pseudovectors left no trace, {error}"
    );
}
