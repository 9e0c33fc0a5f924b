//! Features of degree 0, 1, .. beside each other: `[A, (l + 1)^2 C]` for degrees up to l.

use burn::tensor::Tensor;
use twirl_layers::{Dense, divide};

use crate::angular::components;

/// First component, and number of components, of a degree: it begins after those of all lower ones.
pub(crate) fn place(degree: usize) -> [usize; 2] {
    [degree * degree, components(degree)]
}

/// Features of each degree up to `highest`, `[A, (2 l + 1) C]`.
pub(crate) fn by_degree(features: Tensor<2>, highest: usize) -> Vec<Tensor<2>> {
    let channels = features.dims()[1] / (highest + 1).pow(2);
    let widths: Vec<usize> = (0..=highest)
        .map(|degree| components(degree) * channels)
        .collect();
    divide(features, &widths)
}

/// A layer on the channels of every component, `[A, components channels]`.
pub(crate) fn by_component(layer: &Dense, features: Tensor<2>) -> Tensor<2> {
    let [atoms, width] = features.dims();
    let rows = atoms * width / layer.inputs();
    let mixed = layer.forward(features.reshape([rows, layer.inputs()]));
    let size = mixed.dims()[1] * rows / atoms;
    mixed.reshape([atoms, size])
}
