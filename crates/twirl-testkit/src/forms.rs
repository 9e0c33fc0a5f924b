//! Own operations of the CPU device against what other devices compute.

use burn::module::Module;
use burn::tensor::Tensor;
use twirl_core::tolerance;
use twirl_harness::Gradients;
use twirl_layers::own::composed;

use crate::{SEED, values};

/// Composed from burn's operations alone, as on other devices, an arm has the same loss and the same
/// gradient, to rounding.
pub(crate) fn form_law<A: Module>(model: &A, loss_of: impl Fn(&A) -> Tensor<1>) {
    let traced = || {
        let loss = loss_of(model);
        let gradients = Gradients::of(&loss, model).flatten(model);
        (values(loss)[0], gradients)
    };
    let (own, own_gradients) = traced();
    let (burns, gradients) = composed(traced);
    let room = tolerance::F32.agreement;
    assert!(
        (own - burns).abs() <= room * burns.abs(),
        "loss {own} by own operations, {burns} by burn's (seed {SEED})"
    );
    let length =
        |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    let size = length(&mut gradients.iter().copied());
    let apart = length(&mut own_gradients.iter().zip(&gradients).map(|(a, b)| a - b));
    assert!(
        apart <= room * size,
        "gradients {apart:e} apart, of length {size:e}, by own operations and by burn's (seed {SEED})"
    );
}
