//! Rows picked by index: element embeddings and neighbour features.

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::Init;

/// Largest atomic number that an [`Embedding`] holds (curium).
pub const MAX_ATOMIC_NUMBER: usize = 96;

/// One row per atomic number; row 0 stands for padding and starts at 0.
#[derive(Module, Debug)]
pub struct Embedding {
    weight: Param<Tensor<2>>,
}

impl Embedding {
    /// A table `[97, channels]` of standard normal values.
    pub fn new(init: &mut Init, channels: usize) -> Self {
        let mut stream = init.stream();
        let mut values = vec![0.0; channels];
        values.extend((0..MAX_ATOMIC_NUMBER * channels).map(|_| {
            let value: f64 = stream.sample(StandardNormal);
            value
        }));
        Self {
            weight: init.values([MAX_ATOMIC_NUMBER + 1, channels], values),
        }
    }

    /// Atomic numbers `[atoms]`, each at most 96, to `[atoms, channels]`.
    #[must_use]
    pub fn forward(&self, species: Tensor<1, Int>) -> Tensor<2> {
        gather(self.weight.val(), species)
    }
}

/// Rows of `nodes` `[atoms, channels]` at `index` `[edges]`: `[edges, channels]`.
///
/// The gradient adds up the rows of equal index.
#[must_use]
pub fn gather(nodes: Tensor<2>, index: Tensor<1, Int>) -> Tensor<2> {
    nodes.select(0, index)
}
