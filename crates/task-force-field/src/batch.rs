//! Batches on the host and on the device, and outputs.

use burn::tensor::Tensor;
use twirl_equivariant::{Cloud, NeighbourList};

/// One molecule of a batch.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) item: usize,
    pub(crate) neighbours: NeighbourList,
}

/// A batch on the host: neighbour lists are made here, before any rotation.
#[derive(Debug)]
pub struct Host(pub(crate) Vec<Sample>);

/// A batch on the device; what is given by molecule and atom is padded to the N atoms of the largest.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Species, positions and neighbours.
    pub cloud: Cloud,
    /// Forces in units of the scale `[batch, N, 3]`, 0 at padding.
    pub force: Tensor<3>,
    /// Energy per atom in units of the scale `[batch, 1, 1]`, if the data have energies.
    pub energy: Option<Tensor<3>>,
    /// `1 / atoms` of the molecule at its atoms, 0 at padding `[batch, N]`.
    pub share: Tensor<2>,
}

/// What an arm predicts, in units of the scale.
#[derive(Debug, Clone)]
pub struct Output {
    /// `[batch, N, 3]`; what it holds at padding is not read.
    pub force: Tensor<3>,
    /// Energy per atom `[batch, 1, 1]`.
    pub energy: Tensor<3>,
}
