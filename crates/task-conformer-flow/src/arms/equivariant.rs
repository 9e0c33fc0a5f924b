//! The `equivariant` arm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::{
    Activation, Bias, Dense, GaussianBasis, Init, Mlp, Spans, attend, gated, gather,
    modulated_norm, parts,
};

use super::conditioning::{Conditioning, Conditions, biases};
use super::finish;
use super::vectors::{inner, normed, products};
use crate::batch::{Batch, Output};
use crate::conformer_flow::ConformerFlow;
use crate::features::RADIAL;
use crate::layout::Layout;
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

/// Scalars `[A, width]` and vectors `[3 A, channels]`, the axes of an atom one after another.
#[derive(Debug, Clone)]
struct Features {
    scalars: Tensor<2>,
    vectors: Tensor<2>,
}

impl Features {
    /// Channels of scalars and of vectors.
    fn widths(&self) -> (usize, usize) {
        (self.scalars.dims()[1], self.vectors.dims()[1])
    }
}

impl Block {
    fn new(init: &mut Init, shape: &Shape) -> Self {
        let (width, channels) = (shape.width, shape.vectors());
        Self {
            modulation: Dense::zeroed(init, shape.conditioning, 6 * width + 4 * channels, true),
            mix: Dense::query_key_value(init, width, width),
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

    /// Scalars and vectors after a norm, with gains and offset.
    fn normed(features: &Features, [shift, scale, vector_scale]: [Tensor<2>; 3]) -> Features {
        Features {
            scalars: modulated_norm(features.scalars.clone(), scale, shift),
            vectors: normed(features.vectors.clone(), vector_scale),
        }
    }

    fn gated(
        features: Features,
        update: Features,
        [gate, vector_gate]: [Tensor<2>; 2],
    ) -> Features {
        Features {
            scalars: gated(features.scalars, update.scalars, gate),
            vectors: gated(features.vectors, update.vectors, vector_gate),
        }
    }

    fn forward(
        &self,
        features: Features,
        modulation: Tensor<2>,
        bias: &Tensor<2>,
        spans: &Spans,
    ) -> Features {
        let (w, v) = features.widths();
        let modulation = self.modulation.forward(modulation);
        let [a, b, c, d, e, f, g, h, i, j] = parts(modulation, [w, w, w, w, w, w, v, v, v, v]);
        let seen = self.attend(&Self::normed(&features, [a, b, g]), bias, spans);
        let features = Self::gated(features, seen, [c, h]);
        let mixed = self.mix(&Self::normed(&features, [d, e, i]));
        Self::gated(features, mixed, [f, j])
    }

    fn attend(&self, features: &Features, bias: &Tensor<2>, spans: &Spans) -> Features {
        let heads = self.heads;
        let (width, channels) = features.widths();
        let rows = features.scalars.dims()[0];
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
        let both = Tensor::cat(vec![scalars, vectors], 2).reshape([rows, 3 * heads * all]);
        let [query, key, value] = parts(both, [heads * all; 3]);
        let seen = attend(query, key, value, heads, Bias::Table(bias.clone()), spans);
        let seen = seen.reshape([rows, heads, all]);
        let [scalars, vectors] = parts(seen, [depth, 3 * vector_depth]);
        let vectors = vectors
            .reshape([rows, heads, 3, vector_depth])
            .swap_dims(1, 2)
            .reshape([3 * rows, channels]);
        Features {
            scalars: self.output.forward(scalars.reshape([rows, width])),
            vectors: self.vector_output.forward(vectors),
        }
    }

    fn mix(&self, features: &Features) -> Features {
        let (width, channels) = features.widths();
        let both = self.products.forward(features.vectors.clone());
        let seen = inner(both.clone());
        let seen = Tensor::cat(vec![features.scalars.clone(), seen], 1);
        let [scalars, gates] = parts(self.perceptron.forward(seen), [width, 2 * channels]);
        Features {
            scalars,
            vectors: products(both, gates),
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

    /// Distances of all pairs `[P, 1]` and from the centre `[A, 1]`, angstrom.
    fn distances(positions: Tensor<2>, layout: &Layout) -> (Tensor<2>, Tensor<2>) {
        let length = |vectors: Tensor<2>| ((vectors.clone() * vectors).sum_dim(1) + EPSILON).sqrt();
        let [first, second] = layout.pairs();
        let offset = gather(positions.clone(), first) - gather(positions.clone(), second);
        (length(offset), length(positions))
    }

    fn network(&self, batch: &Batch) -> Tensor<3> {
        let layout = &batch.graphs.layout;
        let Conditions { modulation, tokens } = self.conditioning.forward(batch);
        let radial = GaussianBasis::new(RADIAL, REACH);
        let state = &batch.state;
        let positions = layout.packed(state.positions.clone());
        let (between, outward) = Self::distances(positions, layout);
        let pairs = Tensor::cat(vec![batch.graphs.pairs.clone(), radial.forward(between)], 1);
        let biases = biases(pairs, &self.pairs, self.heads);
        let scaled = layout.packed(state.positions.clone() * state.input.clone());
        let atoms = scaled.dims()[0];
        let mut features = Features {
            scalars: tokens + self.distance.forward(radial.forward(outward)),
            vectors: self.position.forward(scaled.reshape([3 * atoms, 1])),
        };
        for (block, bias) in self.blocks.iter().zip(&biases) {
            features = block.forward(features, modulation.clone(), bias, layout.spans());
        }
        let (width, channels) = features.widths();
        let modulation = self.last_modulation.forward(modulation);
        let [shift, scale, vector_scale] = parts(modulation, [width, width, channels]);
        let scalars = modulated_norm(features.scalars, scale, shift);
        let gate = self.head.forward(scalars);
        let vectors = normed(features.vectors, vector_scale);
        let vectors = vectors.reshape([atoms, 3, channels]) * gate.unsqueeze_dim(1);
        let vectors = vectors.sum_dim(2) * (1.0 / (channels as f64).sqrt());
        layout.padded(vectors.squeeze_dim(2))
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
