//! The `coordinate-transformer` arm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use twirl_harness::{Arm, ExactSymmetry, TaskError};
use twirl_layers::{Activation, Dense, Embedding, Init, LayerNorm, Mlp, attention};

use super::{check_heads, mean_over_atoms};
use crate::{Batch, ForceField, Output};

/// Coordinates are divided by this length (angstrom), about the radius of a small molecule.
const LENGTH: f64 = 2.0;

/// Wavelengths (angstrom) of the sines and cosines of each coordinate that are given beside it:
/// bond lengths matter to a few hundredths of an angstrom in coordinates of several.
const WAVELENGTHS: [f64; 6] = [16.0, 8.0, 4.0, 2.0, 1.0, 0.5];

/// Coordinates `[A, 3]` and their sines and cosines: `[A, 39]`.
fn waves(positions: &Tensor<2>) -> Tensor<2> {
    let mut features = vec![positions.clone() * (1.0 / LENGTH)];
    for wavelength in WAVELENGTHS {
        let phase = positions.clone() * (std::f64::consts::TAU / wavelength);
        features.extend([phase.clone().sin(), phase.cos()]);
    }
    Tensor::cat(features, 1)
}

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
    /// Width of the perceptrons, as a multiple of `width`.
    pub expansion: usize,
}

impl Default for CoordinateTransformerConfig {
    fn default() -> Self {
        Self {
            width: 64,
            layers: 4,
            heads: 4,
            expansion: 2,
        }
    }
}

/// A plain pre-norm transformer whose tokens are atoms: centred coordinates and species in, forces
/// out (in the manner of `TransIP` and MD-ET). Nothing in it knows about rotations.
#[derive(Module, Debug)]
pub struct CoordinateTransformer {
    embedding: Embedding,
    position: Mlp,
    blocks: Vec<Block>,
    norm: LayerNorm,
    force_head: Dense,
    energy_head: Mlp,
}

#[derive(Module, Debug)]
struct Block {
    attention_norm: LayerNorm,
    query: Dense,
    key: Dense,
    value: Dense,
    output: Dense,
    perceptron_norm: LayerNorm,
    perceptron: Mlp,
    heads: usize,
}

impl Block {
    fn new(init: &mut Init, config: &CoordinateTransformerConfig) -> Self {
        let width = config.width;
        Self {
            attention_norm: LayerNorm::affine(init, width),
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

    fn forward(&self, tokens: Tensor<3>, mask: &Tensor<2>) -> Tensor<3> {
        let normed = self.attention_norm.forward(tokens.clone());
        let mixed = attention(
            self.query.forward(normed.clone()),
            self.key.forward(normed.clone()),
            self.value.forward(normed),
            self.heads,
            None,
            Some(mask.clone()),
        );
        let tokens = tokens + self.output.forward(mixed);
        let normed = self.perceptron_norm.forward(tokens.clone());
        tokens + self.perceptron.forward(normed)
    }
}

impl Arm<ForceField> for CoordinateTransformer {
    type Config = CoordinateTransformerConfig;

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
            position: Mlp::new(
                &mut init,
                [3 + 6 * WAVELENGTHS.len(), width, width],
                Activation::Gelu,
            ),
            blocks: (0..config.layers)
                .map(|_| Block::new(&mut init, config))
                .collect(),
            norm: LayerNorm::affine(&mut init, width),
            force_head: Dense::new(&mut init, width, 3, true),
            energy_head: Mlp::new(&mut init, [width, width, 1], Activation::Gelu),
        })
    }

    fn predict(&self, batch: &Batch) -> Output {
        let cloud = &batch.cloud;
        let [count, atoms] = batch.share.dims();
        let species = self.embedding.forward(cloud.species.clone());
        let places = self.position.forward(waves(&cloud.positions));
        let width = species.dims()[1];
        let mask = cloud.atom_mask.clone().reshape([count, atoms]);
        let mut tokens = (species + places).reshape([count, atoms, width]);
        for block in &self.blocks {
            tokens = block.forward(tokens, &mask);
        }
        let tokens = self.norm.forward(tokens);
        let energy = self
            .energy_head
            .forward(tokens.clone().reshape([count * atoms, width]));
        Output {
            force: self.force_head.forward(tokens),
            energy: mean_over_atoms(energy, batch),
        }
    }
}
