//! The `plain` arm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::{Activation, Dense, Init, LayerNorm, Mlp, attention};

use super::conditioning::{Conditioning, Conditions, biases};
use super::{finish, modulate};
use crate::batch::{Batch, Output};
use crate::conformer_flow::ConformerFlow;
use crate::features::{COORDINATE_FEATURES, WAVELENGTHS};
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
            mix: Dense::new(init, width, 3 * width, true),
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
    fn forward(
        &self,
        tokens: Tensor<2>,
        context: &Context,
        bias: &Tensor<4>,
        [count, atoms]: [usize; 2],
    ) -> Tensor<2> {
        let width = tokens.dims()[1];
        let modulation = self
            .modulation
            .forward(context.conditions.modulation.clone());
        let gate = |start: usize| modulation.clone().narrow(1, start * width, width);
        let norm = LayerNorm::plain(width);
        let normed = modulate(norm.forward(tokens.clone()), &modulation, 0, width);
        let mixed = self.mix.forward(normed).reshape([count, atoms, 3 * width]);
        let part = |index: usize| mixed.clone().narrow(2, index * width, width);
        let seen = attention(
            part(0),
            part(1),
            part(2),
            self.heads,
            Some(bias.clone()),
            Some(context.mask.clone()),
        );
        let seen = self.output.forward(seen.reshape([count * atoms, width]));
        let tokens = tokens + seen * gate(2);
        let normed = norm.forward(tokens.clone());
        let normed = modulate(normed, &modulation, 3 * width, 4 * width);
        tokens + self.perceptron.forward(normed) * gate(5)
    }
}

/// What does not depend on the pose.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    conditions: Conditions,
    biases: Vec<Tensor<4>>,
    mask: Tensor<2>,
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
            mask: self.mask.repeat_dim(0, times),
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
            last_modulation: Dense::zeroed(init, shape.conditioning, 2 * width, true),
            head: Dense::new(init, width, 3, true),
            heads: shape.heads,
        }
    }

    pub(crate) fn context(&self, batch: &Batch) -> Context {
        let graphs = &batch.graphs;
        Context {
            conditions: self.conditioning.forward(batch),
            biases: biases(graphs.pairs.clone(), &self.pairs, graphs.dims(), self.heads),
            mask: graphs.mask.clone(),
        }
    }

    /// Positions `[B, N, 3]` in angstrom and their gain `[B, 1, 1]` to one vector per atom.
    pub(crate) fn network(
        &self,
        positions: &Tensor<3>,
        gain: &Tensor<3>,
        context: &Context,
    ) -> Tensor<3> {
        let [count, atoms, _] = positions.dims();
        let rows = |tensor: Tensor<3>| tensor.reshape([count * atoms, 3]);
        let mut features = vec![rows(positions.clone() * gain.clone() * COORDINATE_SCALE)];
        for wavelength in WAVELENGTHS {
            let phase = rows(positions.clone() * (std::f64::consts::TAU / wavelength));
            features.extend([phase.clone().sin(), phase.cos()]);
        }
        let places = self.coordinates.forward(Tensor::cat(features, 1));
        let mut tokens = context.conditions.tokens.clone() + places;
        for (block, bias) in self.blocks.iter().zip(&context.biases) {
            tokens = block.forward(tokens, context, bias, [count, atoms]);
        }
        let width = tokens.dims()[1];
        let modulation = self
            .last_modulation
            .forward(context.conditions.modulation.clone());
        let normed = LayerNorm::plain(width).forward(tokens);
        let normed = modulate(normed, &modulation, 0, width);
        self.head.forward(normed).reshape([count, atoms, 3])
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
