//! What is known of every atom besides its position: bond graph and flow time.

use burn::module::Module;
use burn::tensor::Tensor;
use twirl_layers::{Activation, Dense, Embedding, Init, Mlp, matmul};

use crate::batch::{Batch, Graphs, TIME_FEATURES};
use crate::size::Shape;
use crate::topology::{ATOM_FEATURES, BOND_KINDS};

/// Rounds of messages along bonds.
const ROUNDS: usize = 2;

/// Spread of the biases of attention at the beginning, over that of a dense layer's outputs: heads
/// then attend to different distances along bonds from the first step. With a spread of 1 `plain`
/// was still at the best linear guess after 400 steps.
const BIAS_SCALE: f64 = 8.0;

/// Embeds atoms, lets bonded atoms exchange messages twice, and adds the time.
#[derive(Module, Debug)]
pub(crate) struct Conditioning {
    species: Embedding,
    features: Dense,
    rounds: Vec<Mlp>,
    time: Mlp,
    token: Dense,
}

/// What blocks are conditioned on. A = B N.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    /// `[A, conditioning]`, behind a `SiLU`.
    pub(crate) modulation: Tensor<2>,
    /// First features of the atoms `[A, width]`, without geometry.
    pub(crate) tokens: Tensor<2>,
}

impl Conditioning {
    pub(crate) fn new(init: &mut Init, shape: &Shape) -> Self {
        let channels = shape.conditioning;
        let round = [(1 + BOND_KINDS) * channels, 2 * channels, channels];
        Self {
            species: Embedding::new(init, channels),
            features: Dense::new(init, ATOM_FEATURES, channels, true),
            rounds: (0..ROUNDS)
                .map(|_| Mlp::new(init, round, Activation::Silu))
                .collect(),
            time: Mlp::new(init, [TIME_FEATURES, channels, channels], Activation::Silu),
            token: Dense::new(init, channels, shape.width, true),
        }
    }

    pub(crate) fn forward(&self, batch: &Batch) -> Conditions {
        let Graphs {
            species,
            features,
            adjacency,
            ..
        } = &batch.graphs;
        let [count, atoms] = batch.graphs.dims();
        let mut nodes =
            self.species.forward(species.clone()) + self.features.forward(features.clone());
        let channels = nodes.dims()[1];
        for round in &self.rounds {
            let senders = nodes.clone().reshape([count, atoms, channels]);
            let around = matmul(adjacency.clone(), senders);
            let around = around.reshape([count * atoms, BOND_KINDS * channels]);
            nodes = nodes.clone() + round.forward(Tensor::cat(vec![nodes, around], 1));
        }
        let time: Tensor<3> = self.time.forward(batch.state.time.clone()).unsqueeze_dim(1);
        let both = nodes.clone().reshape([count, atoms, channels]) + time;
        Conditions {
            modulation: Activation::Silu.forward(both.reshape([count * atoms, channels])),
            tokens: self.token.forward(nodes),
        }
    }
}

/// Logit biases `[B, heads, N, N]` of every layer from features of pairs `[A N, kinds]`.
pub(crate) fn biases(
    features: Tensor<2>,
    table: &Dense,
    dims: [usize; 2],
    heads: usize,
) -> Vec<Tensor<4>> {
    let [count, atoms] = dims;
    let all = table.forward(features) * BIAS_SCALE;
    let total = all.dims()[1];
    let all = all
        .reshape([count, atoms, atoms, total])
        .permute([0, 3, 1, 2]);
    (0..total / heads)
        .map(|layer| all.clone().narrow(1, layer * heads, heads))
        .collect()
}
