//! One rotation per molecule of a batch, on the host and on the device.

use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::{Law, Purpose, Rotation, Stream};
use twirl_layers::matmul_full;

/// One rotation (or improper rotation) per molecule.
#[derive(Debug, Clone)]
pub struct Rotations {
    host: Vec<Rotation>,
    /// `[batch, 3, 3]`, transposed: row vectors are multiplied from the right.
    transposed: Tensor<3>,
}

impl Rotations {
    /// Copies rotations to the device.
    pub fn new(host: Vec<Rotation>, device: &Device) -> Self {
        let values: Vec<f64> = host
            .iter()
            .flat_map(|rotation| rotation.inverse().matrix())
            .flatten()
            .collect();
        let transposed = Tensor::from_data(TensorData::new(values, [host.len(), 3, 3]), device);
        Self { host, transposed }
    }

    /// The rotations that augment the samples of a training step: functions of
    /// `(seed, step, item)` alone.
    pub fn augmenting(law: Law, seed: u64, step: u64, items: &[usize], device: &Device) -> Self {
        let host = items
            .iter()
            .map(|&item| {
                law.draw(&mut Stream::new(
                    seed,
                    Purpose::Augment,
                    [step, item as u64],
                ))
            })
            .collect();
        Self::new(host, device)
    }

    /// The rotations on the host, one per molecule.
    pub fn host(&self) -> &[Rotation] {
        &self.host
    }

    /// The matrices `[batch, 3, 3]` on the device.
    pub fn matrices(&self) -> Tensor<3> {
        self.transposed.clone().swap_dims(1, 2)
    }

    /// Turns vectors `[batch, n, 3]`.
    pub fn rotate(&self, vectors: Tensor<3>) -> Tensor<3> {
        matmul_full(vectors, self.transposed.clone())
    }

    /// Turns vectors `[batch, n, 3]` back.
    pub fn unrotate(&self, vectors: Tensor<3>) -> Tensor<3> {
        matmul_full(vectors, self.transposed.clone().swap_dims(1, 2))
    }
}
