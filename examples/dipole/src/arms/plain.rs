//! The `plain` arm: knows nothing of rotations.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use twirl_harness::{Arm, ExactSymmetry, TaskError};
use twirl_layers::{Activation, Embedding, Init, Mlp, gather};

use crate::{Batch, Dipole};

/// Coordinates and distances are divided by this length (angstrom).
const LENGTH: f64 = 2.0;

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlainConfig {
    /// Channels.
    pub width: usize,
}

impl Default for PlainConfig {
    fn default() -> Self {
        Self { width: 48 }
    }
}

/// Every atom gathers a perceptron of its neighbours' species and offsets, component by component;
/// a second perceptron makes a vector of the sum and the atom's own species and position.
#[derive(Module, Debug)]
pub struct Plain {
    species: Embedding,
    message: Mlp,
    update: Mlp,
}

impl Arm<Dipole> for Plain {
    type Config = PlainConfig;

    fn symmetry(_config: &PlainConfig) -> Option<ExactSymmetry> {
        None
    }

    fn init(
        config: &PlainConfig,
        _task: &Dipole,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let width = config.width;
        if width == 0 {
            return Err(TaskError::setting("width", "is 0", "give at least 1"));
        }
        let mut init = Init::new(seed, device);
        Ok(Self {
            species: Embedding::new(&mut init, width),
            message: Mlp::new(&mut init, [width + 3, width, width], Activation::Silu),
            update: Mlp::new(&mut init, [2 * width + 3, width, 3], Activation::Silu),
        })
    }

    fn predict(&self, batch: &Batch) -> Tensor<3> {
        let cloud = &batch.cloud;
        let species = self.species.forward(cloud.species.clone());
        let [rows, width] = species.dims();
        let offsets = cloud.offsets.clone() * (1.0 / LENGTH);
        let others = gather(species.clone(), cloud.slots.index());
        let messages = self.message.forward(Tensor::cat(vec![others, offsets], 1));
        let messages =
            (messages * cloud.edge_mask.clone()).reshape([rows, cloud.neighbours(), width]);
        let heard: Tensor<2> = messages.sum_dim(1).squeeze_dim(1) * (1.0 / LENGTH);
        let place = cloud.positions.clone() * (1.0 / LENGTH);
        let vectors = self
            .update
            .forward(Tensor::cat(vec![species, heard, place], 1));
        cloud.mean(vectors)
    }
}
