//! The `plain` arm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::{
    Activation, Bias, Dense, Init, Mlp, attend, cosine, gated, modulated_norm, parts, sine,
};

use super::conditioning::{Conditioning, Conditions, biases};
use super::finish;
use crate::batch::{Batch, Output};
use crate::conformer_flow::ConformerFlow;
use crate::features::{COORDINATE_FEATURES, WAVELENGTHS};
use crate::layout::Layout;
use crate::size::Shape;
use crate::topology::PAIR_KINDS;

/// Weight of the coordinates beside their waves: three numbers among 27 would be drowned.
const COORDINATE_SCALE: f64 = 4.0;

/// A diffusion transformer on atoms (adaLN-zero, arXiv 2212.09748): coordinates, bond graph and
/// time in, one vector per atom out. Nothing in it knows about rotations.
///
/// Coordinates and their waves enter linearly: values then carry positions, and products of queries
/// and keys are functions of differences of positions.
#[derive(Module, Debug)]
pub struct Plain {
    conditioning: Conditioning,
    pairs: Dense,
    coordinates: Dense,
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
    output: Dense,
    perceptron: Mlp,
    #[module(skip)]
    heads: usize,
}

impl Block {
    fn new(init: &mut Init, shape: &Shape) -> Self {
        let width = shape.width;
        Self {
            modulation: Dense::zeroed(init, shape.conditioning, 6 * width, true),
            mix: Dense::query_key_value(init, width, width),
            output: Dense::new(init, width, width, true),
            perceptron: Mlp::new(
                init,
                [width, shape.expansion * width, width],
                Activation::Gelu,
            ),
            heads: shape.heads,
        }
    }

    /// Tokens `[A, width]`.
    fn forward(&self, tokens: Tensor<2>, context: &Context, bias: &Tensor<2>) -> Tensor<2> {
        let width = tokens.dims()[1];
        let modulation = self
            .modulation
            .forward(context.conditions.modulation.clone());
        let [shift, scale, gate, last_shift, last_scale, last_gate] = parts(modulation, [width; 6]);
        let normed = modulated_norm(tokens.clone(), scale, shift);
        let [query, key, value] = parts(self.mix.forward(normed), [width; 3]);
        let seen = attend(
            query,
            key,
            value,
            self.heads,
            Bias::Table(bias.clone()),
            context.layout.spans(),
        );
        let tokens = gated(tokens, self.output.forward(seen), gate);
        let normed = modulated_norm(tokens.clone(), last_scale, last_shift);
        gated(tokens, self.perceptron.forward(normed), last_gate)
    }
}

/// What does not depend on the pose.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    conditions: Conditions,
    biases: Vec<Tensor<2>>,
    layout: Layout,
}

impl Context {
    /// Every molecule `times` times.
    pub(crate) fn repeated(self, times: usize) -> Self {
        Self {
            conditions: Conditions {
                modulation: self.conditions.modulation.repeat_dim(0, times),
                tokens: self.conditions.tokens.repeat_dim(0, times),
            },
            biases: self
                .biases
                .into_iter()
                .map(|bias| bias.repeat_dim(0, times))
                .collect(),
            layout: self.layout.repeated(times),
        }
    }
}

impl Plain {
    pub(crate) fn new(init: &mut Init, shape: &Shape) -> Self {
        let width = shape.width;
        Self {
            conditioning: Conditioning::new(init, shape),
            pairs: Dense::new(init, PAIR_KINDS, shape.heads * shape.layers, false),
            coordinates: Dense::new(init, COORDINATE_FEATURES, width, true),
            blocks: (0..shape.layers).map(|_| Block::new(init, shape)).collect(),
            // Outputs are centred: a bias of the head, or of the shift before it, would have no effect.
            last_modulation: Dense::zeroed_biased_from(init, shape.conditioning, 2 * width, width),
            head: Dense::new(init, width, 3, false),
            heads: shape.heads,
        }
    }

    pub(crate) fn context(&self, batch: &Batch) -> Context {
        let graphs = &batch.graphs;
        Context {
            conditions: self.conditioning.forward(batch),
            biases: biases(graphs.pairs.clone(), &self.pairs, self.heads),
            layout: graphs.layout.clone(),
        }
    }

    /// Positions `[B, N, 3]` in angstrom and their gain `[B, 1, 1]` to one vector per atom.
    pub(crate) fn network(
        &self,
        positions: &Tensor<3>,
        gain: &Tensor<3>,
        context: &Context,
    ) -> Tensor<3> {
        let layout = &context.layout;
        let scaled = positions.clone() * gain.clone() * COORDINATE_SCALE;
        let mut features = vec![layout.packed(scaled)];
        let positions = layout.packed(positions.clone());
        for wavelength in WAVELENGTHS {
            let phase = positions.clone() * (std::f64::consts::TAU / wavelength);
            features.extend([sine(phase.clone()), cosine(phase)]);
        }
        let places = self.coordinates.forward(Tensor::cat(features, 1));
        let mut tokens = context.conditions.tokens.clone() + places;
        for (block, bias) in self.blocks.iter().zip(&context.biases) {
            tokens = block.forward(tokens, context, bias);
        }
        let width = tokens.dims()[1];
        let modulation = self
            .last_modulation
            .forward(context.conditions.modulation.clone());
        let [shift, scale] = parts(modulation, [width; 2]);
        layout.padded(self.head.forward(modulated_norm(tokens, scale, shift)))
    }
}

impl Arm<ConformerFlow> for Plain {
    type Config = Shape;

    fn sizes() -> Vec<(&'static str, Shape)> {
        Shape::sizes()
    }

    fn symmetry(_config: &Shape) -> Option<ExactSymmetry> {
        None
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
        let state = &batch.state;
        let network = self.network(&state.positions, &state.input, &self.context(batch));
        finish(network, batch)
    }

    fn parameter_roles(&self) -> ParameterRoles {
        ParameterRoles::default().read_out(&self.head)
    }
}
