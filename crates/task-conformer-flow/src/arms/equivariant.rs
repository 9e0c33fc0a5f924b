//! The `equivariant` arm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::{Activation, Dense, GaussianBasis, Init, LayerNorm, Mlp, attention};

use super::conditioning::{Conditioning, Conditions, biases};
use super::{finish, modulate};
use crate::batch::{Batch, Output};
use crate::conformer_flow::ConformerFlow;
use crate::features::RADIAL;
use crate::size::Shape;
use crate::topology::PAIR_KINDS;

/// Distance of the last radial function, angstrom.
const REACH: f64 = 10.0;

/// Added to mean squares, so that a vector of length zero stays zero.
const EPSILON: f64 = 1e-6;

/// The skeleton of [`crate::Plain`] with scalars `s` and vectors `v` per atom in place of
/// coordinates (after the SO(3) model of `DiTMC`).
///
/// Attention logits add products of scalars and of vectors, the bond graph's bias, and a bias from
/// distances; values are scalars and vectors. The perceptron sees scalars and inner products of
/// vectors, and gates two new vectors, one of them a cross product. Vectors and pseudovectors turn
/// alike under SO(3), so they share channels; with cross products mirror images are told apart.
/// adaLN-zero scales vectors by their root mean square over channels, without a shift.
#[derive(Module, Debug)]
pub struct Equivariant {
    conditioning: Conditioning,
    pairs: Dense,
    distance: Dense,
    position: Dense,
    blocks: Vec<Block>,
    last_modulation: Dense,
    head: Dense,
    #[module(skip)]
    heads: usize,
}

#[derive(Module, Debug)]
struct Block {
    modulation: Dense,
    mix: Dense,
    vector_mix: Dense,
    output: Dense,
    vector_output: Dense,
    products: Dense,
    perceptron: Mlp,
    #[module(skip)]
    heads: usize,
}

/// Scalars `[A, width]` and vectors `[A, 3, channels]`.
#[derive(Debug, Clone)]
struct Features {
    scalars: Tensor<2>,
    vectors: Tensor<3>,
}

/// Inner product per channel of `[A, 3, channels]`: `[A, channels]`.
fn inner(a: Tensor<3>, b: Tensor<3>) -> Tensor<2> {
    (a * b).sum_dim(1).squeeze_dim(1)
}

/// Cross product per channel of `[A, 3, channels]`.
fn cross(a: &Tensor<3>, b: &Tensor<3>) -> Tensor<3> {
    let turned = |tensor: &Tensor<3>, by: usize| {
        let (head, tail) = (
            tensor.clone().narrow(1, by, 3 - by),
            tensor.clone().narrow(1, 0, by),
        );
        Tensor::cat(vec![head, tail], 1)
    };
    turned(a, 1) * turned(b, 2) - turned(a, 2) * turned(b, 1)
}

/// Vectors over their root mean square over channels, times `1 + scale` with scale `[A, channels]`.
fn norm_vectors(vectors: &Tensor<3>, scale: Tensor<2>) -> Tensor<3> {
    let squares = inner(vectors.clone(), vectors.clone()).mean_dim(1) + EPSILON;
    let factor = (scale + 1.0) / squares.sqrt();
    vectors.clone() * factor.unsqueeze_dim(1)
}

impl Block {
    fn new(init: &mut Init, shape: &Shape) -> Self {
        let (width, channels) = (shape.width, shape.vectors());
        Self {
            modulation: Dense::zeroed(init, shape.conditioning, 6 * width + 4 * channels, true),
            mix: Dense::new(init, width, 3 * width, true),
            vector_mix: Dense::new(init, channels, 3 * channels, false),
            output: Dense::new(init, width, width, true),
            vector_output: Dense::new(init, channels, channels, false),
            products: Dense::new(init, channels, 3 * channels, false),
            perceptron: Mlp::new(
                init,
                [
                    width + channels,
                    shape.expansion * width,
                    width + 2 * channels,
                ],
                Activation::Gelu,
            ),
            heads: shape.heads,
        }
    }

    fn normed(features: &Features, modulation: &Tensor<2>, half: usize) -> Features {
        let width = features.scalars.dims()[1];
        let channels = features.vectors.dims()[2];
        let start = half * 3 * width;
        let scale = modulation
            .clone()
            .narrow(1, 6 * width + 2 * half * channels, channels);
        let normed = LayerNorm::plain(width).forward(features.scalars.clone());
        Features {
            scalars: modulate(normed, modulation, start, start + width),
            vectors: norm_vectors(&features.vectors, scale),
        }
    }

    fn gated(
        features: Features,
        update: Features,
        modulation: &Tensor<2>,
        half: usize,
    ) -> Features {
        let width = features.scalars.dims()[1];
        let channels = features.vectors.dims()[2];
        let scalar = modulation.clone().narrow(1, (3 * half + 2) * width, width);
        let start = 6 * width + (2 * half + 1) * channels;
        let vector = modulation.clone().narrow(1, start, channels);
        Features {
            scalars: features.scalars + update.scalars * scalar,
            vectors: features.vectors + update.vectors * vector.unsqueeze_dim(1),
        }
    }

    fn attend(
        &self,
        features: &Features,
        bias: &Tensor<4>,
        mask: &Tensor<2>,
        [count, atoms]: [usize; 2],
    ) -> Features {
        let heads = self.heads;
        let rows = count * atoms;
        let (width, channels) = (features.scalars.dims()[1], features.vectors.dims()[2]);
        let (depth, vector_depth) = (width / heads, channels / heads);
        let scalars = self
            .mix
            .forward(features.scalars.clone())
            .reshape([rows, 3 * heads, depth]);
        // [A, xyz, query/key/value and head, depth] to [A, query/key/value and head, xyz depth].
        let vectors = self
            .vector_mix
            .forward(features.vectors.clone())
            .reshape([rows, 3, 3 * heads, vector_depth])
            .swap_dims(1, 2)
            .reshape([rows, 3 * heads, 3 * vector_depth]);
        let all = depth + 3 * vector_depth;
        let both = Tensor::cat(vec![scalars, vectors], 2).reshape([count, atoms, 3 * heads * all]);
        let part = |index: usize| both.clone().narrow(2, index * heads * all, heads * all);
        let seen = attention(
            part(0),
            part(1),
            part(2),
            heads,
            Some(bias.clone()),
            Some(mask.clone()),
        )
        .reshape([rows, heads, all]);
        let scalars = seen.clone().narrow(2, 0, depth).reshape([rows, width]);
        let vectors = seen
            .narrow(2, depth, 3 * vector_depth)
            .reshape([rows, heads, 3, vector_depth])
            .swap_dims(1, 2)
            .reshape([rows, 3, channels]);
        Features {
            scalars: self.output.forward(scalars),
            vectors: self.vector_output.forward(vectors),
        }
    }

    fn mix(&self, features: &Features) -> Features {
        let (width, channels) = (features.scalars.dims()[1], features.vectors.dims()[2]);
        let products = self.products.forward(features.vectors.clone());
        let part = |index: usize| products.clone().narrow(2, index * channels, channels);
        let (a, b, c) = (part(0), part(1), part(2));
        let invariants = inner(a.clone(), b.clone());
        let seen = Tensor::cat(vec![features.scalars.clone(), invariants], 1);
        let out = self.perceptron.forward(seen);
        let gate = |index: usize| -> Tensor<3> {
            out.clone()
                .narrow(1, width + index * channels, channels)
                .unsqueeze_dim(1)
        };
        let vectors = c * gate(0) + cross(&a, &b) * gate(1);
        Features {
            scalars: out.clone().narrow(1, 0, width),
            vectors,
        }
    }
}

impl Equivariant {
    pub(crate) fn new(init: &mut Init, shape: &Shape) -> Self {
        let (width, channels) = (shape.width, shape.vectors());
        Self {
            conditioning: Conditioning::new(init, shape),
            pairs: Dense::new(init, PAIR_KINDS + RADIAL, shape.heads * shape.layers, false),
            distance: Dense::new(init, RADIAL, width, true),
            position: Dense::new(init, 1, channels, false),
            blocks: (0..shape.layers).map(|_| Block::new(init, shape)).collect(),
            last_modulation: Dense::zeroed(init, shape.conditioning, 2 * width + channels, true),
            head: Dense::new(init, width, channels, true),
            heads: shape.heads,
        }
    }

    /// Distances of all pairs `[A N, 1]` and from the centre `[A, 1]`, angstrom.
    fn distances(batch: &Batch) -> (Tensor<2>, Tensor<2>) {
        let positions = &batch.state.positions;
        let [count, atoms, _] = positions.dims();
        let from: Tensor<4> = positions.clone().unsqueeze_dim(2);
        let to: Tensor<4> = positions.clone().unsqueeze_dim(1);
        let offset = (from - to).reshape([count * atoms * atoms, 3]);
        let length = |vectors: Tensor<2>| ((vectors.clone() * vectors).sum_dim(1) + EPSILON).sqrt();
        (
            length(offset),
            length(positions.clone().reshape([count * atoms, 3])),
        )
    }

    fn network(&self, batch: &Batch) -> Tensor<3> {
        let [count, atoms] = batch.graphs.dims();
        let dims = [count, atoms];
        let Conditions { modulation, tokens } = self.conditioning.forward(batch);
        let radial = GaussianBasis::new(RADIAL, REACH);
        let (between, outward) = Self::distances(batch);
        let pairs = Tensor::cat(vec![batch.graphs.pairs.clone(), radial.forward(between)], 1);
        let biases = biases(pairs, &self.pairs, dims, self.heads);
        let scaled = batch.state.positions.clone() * batch.state.input.clone();
        let scaled = scaled.reshape([count * atoms, 3, 1]);
        let mut features = Features {
            scalars: tokens + self.distance.forward(radial.forward(outward)),
            vectors: self.position.forward(scaled),
        };
        for (block, bias) in self.blocks.iter().zip(&biases) {
            let modulation = block.modulation.forward(modulation.clone());
            let normed = Block::normed(&features, &modulation, 0);
            let seen = block.attend(&normed, bias, &batch.graphs.mask, dims);
            features = Block::gated(features, seen, &modulation, 0);
            let normed = Block::normed(&features, &modulation, 1);
            let mixed = block.mix(&normed);
            features = Block::gated(features, mixed, &modulation, 1);
        }
        let width = features.scalars.dims()[1];
        let channels = features.vectors.dims()[2];
        let modulation = self.last_modulation.forward(modulation);
        let normed = LayerNorm::plain(width).forward(features.scalars);
        let gate = self.head.forward(modulate(normed, &modulation, 0, width));
        let scale = modulation.narrow(1, 2 * width, channels);
        let vectors = norm_vectors(&features.vectors, scale) * gate.unsqueeze_dim(1);
        (vectors.sum_dim(2) * (1.0 / (channels as f64).sqrt())).reshape([count, atoms, 3])
    }
}

impl Arm<ConformerFlow> for Equivariant {
    type Config = Shape;

    fn sizes() -> Vec<(&'static str, Shape)> {
        Shape::sizes()
    }

    fn symmetry(_config: &Shape) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::So3)
    }

    fn init(
        config: &Shape,
        _task: &ConformerFlow,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        Ok(Self::new(&mut Init::new(seed, device), &config.checked()?))
    }

    fn predict(&self, batch: &Batch) -> Output {
        finish(self.network(batch), batch)
    }

    fn parameter_roles(&self) -> ParameterRoles {
        ParameterRoles::default().read_out(&self.head)
    }
}
