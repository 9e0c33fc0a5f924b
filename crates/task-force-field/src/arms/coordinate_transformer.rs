//! The `coordinate-transformer` arm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use twirl_equivariant::Cloud;
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::{
    Activation, Bias, Dense, Embedding, GaussianBasis, Init, LayerNorm, Mlp, Slots, attend, parts,
};

use super::{check_heads, output};
use crate::{Batch, ForceField, Output};

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoordinateTransformerConfig {
    /// Channels.
    pub width: usize,
    /// Blocks of attention and perceptron.
    pub layers: usize,
    /// Attention heads; they divide the width.
    pub heads: usize,
    /// Radial functions.
    pub radial: usize,
    /// Width of the perceptrons, as a multiple of `width`.
    pub expansion: usize,
}

impl Default for CoordinateTransformerConfig {
    fn default() -> Self {
        Self {
            width: 64,
            layers: 3,
            heads: 4,
            radial: 32,
            expansion: 2,
        }
    }
}

/// A plain pre-norm transformer whose tokens are atoms, each attending to its neighbours through
/// species and relative coordinates as they lie; forces are read off the tokens (in the manner of
/// `PET`, arXiv 2305.19302, and MD-ET). Components of a vector are channels like any other:
/// nothing in it knows about rotations.
#[derive(Module, Debug)]
pub struct CoordinateTransformer {
    embedding: Embedding,
    blocks: Vec<Block>,
    norm: LayerNorm,
    force_head: Dense,
    energy_head: Mlp,
    radial: usize,
}

#[derive(Module, Debug)]
struct Block {
    attention_norm: LayerNorm,
    place: Dense,
    sender: Dense,
    receiver: Dense,
    query: Dense,
    key: Dense,
    value: Dense,
    output: Dense,
    perceptron_norm: LayerNorm,
    perceptron: Mlp,
    heads: usize,
}

/// Relative coordinates of every neighbour, resolved by distance: each radial function alone and
/// times the three components of the direction, `[E, 4 * radial]` with mean square one.
fn coordinates(cloud: &Cloud, radial: usize) -> Tensor<2> {
    let edges = cloud.edges();
    let basis = GaussianBasis::new(radial, cloud.cutoff);
    let [count, _] = edges.distance.dims();
    let functions = basis.forward(edges.distance) * basis.gain();
    let components = Tensor::cat(
        vec![cloud.edge_mask.clone(), edges.unit * 3.0_f64.sqrt()],
        1,
    );
    (functions.unsqueeze_dim::<3>(2) * components.unsqueeze_dim::<3>(1))
        .reshape([count, 4 * radial])
}

impl Block {
    fn new(init: &mut Init, config: &CoordinateTransformerConfig) -> Self {
        let width = config.width;
        Self {
            attention_norm: LayerNorm::affine(init, width),
            place: Dense::new(init, 4 * config.radial, width, true),
            sender: Dense::new(init, width, width, false),
            receiver: Dense::new(init, width, width, false),
            query: Dense::new(init, width, width, false),
            key: Dense::new(init, width, width, false),
            value: Dense::new(init, width, width, false),
            output: Dense::new(init, width, width, true),
            perceptron_norm: LayerNorm::affine(init, width),
            perceptron: Mlp::new(
                init,
                [width, config.expansion * width, width],
                Activation::Gelu,
            ),
            heads: config.heads,
        }
    }

    /// Updates tokens `[A, C]`, with the [`coordinates`] of edges.
    fn forward(&self, tokens: Tensor<2>, coordinates: &Tensor<2>, slots: &Slots) -> Tensor<2> {
        let width = tokens.dims()[1];
        let normed = self.attention_norm.forward(tokens.clone());
        let given = Dense::together(&[&self.sender, &self.receiver, &self.query], normed);
        let [given, query] = parts(given, [2 * width, width]);
        let edges = slots.spread(self.place.forward(coordinates.clone()), given);
        let edges = Activation::Gelu.forward(edges);
        let [key, value] = parts(
            Dense::together(&[&self.key, &self.value], edges),
            [width, width],
        );
        let mixed = attend(query, key, value, self.heads, Bias::None, slots.onto());
        let tokens = tokens + self.output.forward(mixed);
        let normed = self.perceptron_norm.forward(tokens.clone());
        tokens + self.perceptron.forward(normed)
    }
}

impl Arm<ForceField> for CoordinateTransformer {
    type Config = CoordinateTransformerConfig;

    /// `tiny` and `medium` have half and twice the width of `small`; the others are named after their
    /// trainable parameters.
    fn sizes() -> Vec<(&'static str, CoordinateTransformerConfig)> {
        let small = CoordinateTransformerConfig::default;
        let wide = |width| CoordinateTransformerConfig { width, ..small() };
        let deep = |width, layers| CoordinateTransformerConfig {
            width,
            layers,
            heads: 8,
            expansion: 4,
            ..small()
        };
        vec![
            ("tiny", wide(32)),
            ("small", small()),
            ("medium", wide(128)),
            ("1m", deep(104, 6)),
            ("6m", deep(224, 8)),
            ("30m", deep(448, 10)),
        ]
    }

    fn symmetry(_config: &CoordinateTransformerConfig) -> Option<ExactSymmetry> {
        None
    }

    fn init(
        config: &CoordinateTransformerConfig,
        _task: &ForceField,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        check_heads(config.heads, config.width)?;
        let mut init = Init::new(seed, device);
        let width = config.width;
        Ok(Self {
            embedding: Embedding::new(&mut init, width),
            blocks: (0..config.layers)
                .map(|_| Block::new(&mut init, config))
                .collect(),
            norm: LayerNorm::affine(&mut init, width),
            force_head: Dense::new(&mut init, width, 3, true),
            energy_head: Mlp::new(&mut init, [width, width, 1], Activation::Gelu),
            radial: config.radial,
        })
    }

    fn predict(&self, batch: &Batch) -> Output {
        let cloud = &batch.cloud;
        let coordinates = coordinates(cloud, self.radial);
        let mut tokens = self.embedding.forward(cloud.species.clone());
        for block in &self.blocks {
            tokens = block.forward(tokens, &coordinates, &cloud.slots);
        }
        let tokens = self.norm.forward(tokens);
        let energy = self.energy_head.forward(tokens.clone());
        output(self.force_head.forward(tokens), energy, batch)
    }

    fn parameter_roles(&self) -> ParameterRoles {
        ParameterRoles::default()
            .embedding(&self.embedding)
            .read_out(&self.force_head)
            .read_out(&self.energy_head)
    }
}
