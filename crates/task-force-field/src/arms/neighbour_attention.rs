//! The `neighbour-attention` arm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use twirl_equivariant::{Cloud, Edges};
use twirl_harness::{Arm, ExactSymmetry, LinearSplit, ParameterRoles, Projection, TaskError};
use twirl_layers::{
    Activation, Bias, Dense, Embedding, GaussianBasis, Init, Mlp, RmsNorm, Slots, attend, matmul,
    matmul_full, parts,
};

use super::{check_heads, output};
use crate::{Batch, ForceField, Output};

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NeighbourAttentionConfig {
    /// Channels of edges and atoms.
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Attention heads; they divide the width.
    pub heads: usize,
    /// Radial functions.
    pub radial: usize,
    /// Highest degree of the bond-orientational order.
    pub degree: usize,
    /// Width of the perceptrons, as a multiple of `width`.
    pub expansion: usize,
}

impl Default for NeighbourAttentionConfig {
    fn default() -> Self {
        Self {
            width: 32,
            layers: 2,
            heads: 4,
            radial: 96,
            degree: 9,
            expansion: 1,
        }
    }
}

/// Attention among the neighbours of each atom, built like `EScAIP` (arXiv 2410.24169): edges are
/// described by invariants (distance, bond-orientational order, species), their attention is
/// biased by the angle between them, and only the force head is not equivariant.
#[derive(Module, Debug)]
pub struct NeighbourAttention {
    embedding: Embedding,
    order: Dense,
    radial: Dense,
    sender: Dense,
    receiver: Dense,
    blocks: Vec<Block>,
    norm: RmsNorm,
    edge_head: Dense,
    scale_head: Dense,
    energy_head: Mlp,
    /// Typical number of neighbours.
    neighbours: f64,
    #[module(skip)]
    config: NeighbourAttentionConfig,
}

#[derive(Module, Debug)]
struct Block {
    edge_norm: RmsNorm,
    edge: Dense,
    sender: Dense,
    receiver: Dense,
    query: Dense,
    key: Dense,
    value: Dense,
    output: Dense,
    /// Strength of the angle in each head `[heads]`.
    angle: burn::module::Param<Tensor<1>>,
    node_norm: RmsNorm,
    node: Mlp,
    perceptron_norm: RmsNorm,
    perceptron: Mlp,
    heads: usize,
}

/// The parts of the direct force `F_i = scale_i * sum_j channels_ij * unit_ij` of A atoms with K slots
/// for neighbours.
#[derive(Debug, Clone)]
pub struct Direct {
    /// `[A, 1]`.
    pub scale: Tensor<2>,
    /// Three channels per edge `[A, K, 3]`, 0 at padding.
    pub channels: Tensor<3>,
    /// Unit vectors `[A, K, 3]`, 0 at padding.
    pub unit: Tensor<3>,
}

impl Direct {
    /// The force `[A, 3]`: channels and components multiplied element by element, the one step
    /// that is not equivariant.
    pub fn force(&self) -> Tensor<2> {
        let sum = (self.channels.clone() * self.unit.clone()).sum_dim(1);
        sum.squeeze_dim::<2>(1) * self.scale.clone()
    }
}

impl Block {
    fn new(init: &mut Init, config: &NeighbourAttentionConfig) -> Self {
        let width = config.width;
        let inner = config.expansion * width;
        Self {
            edge_norm: RmsNorm::new(init, width),
            edge: Dense::new(init, width, width, true),
            sender: Dense::new(init, width, width, false),
            receiver: Dense::new(init, width, width, false),
            query: Dense::new(init, width, width, false),
            key: Dense::new(init, width, width, false),
            value: Dense::new(init, width, width, false),
            output: Dense::new(init, width, width, true),
            angle: init.zeros([config.heads]),
            node_norm: RmsNorm::new(init, width),
            node: Mlp::new(init, [width, inner, width], Activation::Gelu),
            perceptron_norm: RmsNorm::new(init, width),
            perceptron: Mlp::new(init, [width, inner, width], Activation::Gelu),
            heads: config.heads,
        }
    }

    /// Updates edges `[E, C]` and atoms `[A, C]`.
    fn forward(
        &self,
        edges: Tensor<2>,
        nodes: Tensor<2>,
        geometry: &Geometry,
    ) -> (Tensor<2>, Tensor<2>) {
        let width = edges.dims()[1];
        let given = Dense::together(&[&self.sender, &self.receiver], nodes.clone());
        let message = self.edge.forward(self.edge_norm.forward(edges.clone()));
        let message = geometry.slots.spread(message, given);
        let mixed = Dense::together(&[&self.query, &self.key, &self.value], message);
        let [query, key, value] = parts(mixed, [width; 3]);
        let angles = Bias::Scaled(self.angle.val(), geometry.pairs.clone());
        let mixed = attend(
            query,
            key,
            value,
            self.heads,
            angles,
            geometry.slots.among(),
        );
        let edges = edges + self.output.forward(mixed);
        let mean = geometry.mean(edges.clone());
        let nodes = nodes + self.node.forward(self.node_norm.forward(mean));
        let normed = self.perceptron_norm.forward(edges.clone());
        (edges + self.perceptron.forward(normed), nodes)
    }
}

/// What all blocks share.
struct Geometry {
    slots: Slots,
    /// Cosine of the angle between two neighbours `[A, K, K]`, and `[A * K * K]`.
    cosine: Tensor<3>,
    pairs: Tensor<1>,
    /// `[A, K, 1]`
    mask: Tensor<3>,
    /// `mask / neighbours of the atom` `[A, K, 1]`.
    share: Tensor<3>,
    unit: Tensor<3>,
}

impl Geometry {
    fn new(cloud: &Cloud, edges: &Edges) -> Self {
        let (atoms, neighbours) = (cloud.atoms(), cloud.neighbours());
        let unit = edges.unit.clone().reshape([atoms, neighbours, 3]);
        let mask = cloud.edge_mask.clone().reshape([atoms, neighbours, 1]);
        let count = mask.clone().sum_dim(1).clamp_min(1.0);
        let cosine = matmul_full(unit.clone(), unit.clone().swap_dims(1, 2));
        Self {
            slots: cloud.slots.clone(),
            pairs: cosine.clone().reshape([atoms * neighbours * neighbours]),
            cosine,
            share: mask.clone() / count,
            mask,
            unit,
        }
    }

    /// Mean over the edges of every atom, `[E, C]` to `[A, C]`.
    fn mean(&self, edges: Tensor<2>) -> Tensor<2> {
        let [atoms, neighbours, _] = self.mask.dims();
        let channels = edges.dims()[1];
        let edges = edges.reshape([atoms, neighbours, channels]);
        matmul(self.share.clone().swap_dims(1, 2), edges).squeeze_dim(1)
    }

    /// Bond-orientational order of degrees 0 to `degree` of every atom `[A, degree + 1]`:
    /// `q_l^2 = mean_jk P_l(cos angle_jk)`, which is Steinhardt's order by the addition theorem.
    fn order(&self, degree: usize) -> Tensor<2> {
        let pair = matmul(self.share.clone(), self.share.clone().swap_dims(1, 2));
        let mean = |legendre: &Tensor<3>| {
            (legendre.clone() * pair.clone())
                .sum_dim(2)
                .sum_dim(1)
                .squeeze_dim::<2>(2)
        };
        let (mut below, mut present) = (self.cosine.ones_like(), self.cosine.clone());
        let mut orders = vec![mean(&below)];
        for l in 1..=degree {
            orders.push(mean(&present));
            let next = (self.cosine.clone() * present.clone() * (2 * l + 1) as f64
                - below * l as f64)
                / (l + 1) as f64;
            below = std::mem::replace(&mut present, next);
        }
        Tensor::cat(orders, 1)
    }
}

impl NeighbourAttention {
    /// The invariant parts of the force, and energies per atom `[A, 1]`.
    pub fn direct(&self, cloud: &Cloud) -> (Direct, Tensor<2>) {
        let edges = cloud.edges();
        let geometry = Geometry::new(cloud, &edges);
        let order = self.order.forward(geometry.order(self.config.degree));
        let mut nodes = self.embedding.forward(cloud.species.clone()) + order;
        let basis = GaussianBasis::new(self.config.radial, cloud.cutoff);
        let radial = self
            .radial
            .forward(basis.forward(edges.distance) * basis.gain());
        let given = Dense::together(&[&self.sender, &self.receiver], nodes.clone());
        let mut states = geometry.slots.spread(radial, given);
        for block in &self.blocks {
            (states, nodes) = block.forward(states, nodes, &geometry);
        }
        let (atoms, neighbours) = (cloud.atoms(), cloud.neighbours());
        let channels = self.edge_head.forward(self.norm.forward(states));
        // Sums over neighbours and the factor per atom begin at the size of one: a product of two
        // factors that both begin large is driven to zero, where its gradient vanishes.
        let channels = channels.reshape([atoms, neighbours, 3])
            * (geometry.mask * (1.0 / self.neighbours.sqrt()));
        let scale = self.scale_head.forward(nodes.clone()) + 1.0;
        (
            Direct {
                scale,
                channels,
                unit: geometry.unit,
            },
            self.energy_head.forward(nodes),
        )
    }
}

impl Arm<ForceField> for NeighbourAttention {
    type Config = NeighbourAttentionConfig;

    /// `tiny` and `medium` have half and twice the width of `small`; the others are named after their
    /// trainable parameters, with the radial functions of `EScAIP`.
    fn sizes() -> Vec<(&'static str, NeighbourAttentionConfig)> {
        let small = NeighbourAttentionConfig::default;
        let wide = |width| NeighbourAttentionConfig { width, ..small() };
        let published = |width, layers, heads, expansion| NeighbourAttentionConfig {
            width,
            layers,
            heads,
            radial: 600,
            expansion,
            ..small()
        };
        vec![
            ("tiny", wide(16)),
            ("small", small()),
            ("medium", wide(64)),
            ("1m", published(104, 4, 8, 4)),
            ("6m", published(200, 6, 8, 4)),
            ("30m", published(320, 12, 8, 4)),
            ("100m", published(512, 16, 8, 4)),
            ("400m", published(1024, 16, 16, 4)),
        ]
    }

    fn symmetry(_config: &NeighbourAttentionConfig) -> Option<ExactSymmetry> {
        None
    }

    fn init(
        config: &NeighbourAttentionConfig,
        task: &ForceField,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        check_heads(config.heads, config.width)?;
        let mut init = Init::new(seed, device);
        let init = &mut init;
        let width = config.width;
        Ok(Self {
            embedding: Embedding::new(init, width),
            order: Dense::new(init, config.degree + 1, width, true),
            radial: Dense::new(init, config.radial, width, true),
            sender: Dense::new(init, width, width, false),
            receiver: Dense::new(init, width, width, false),
            blocks: (0..config.layers)
                .map(|_| Block::new(init, config))
                .collect(),
            norm: RmsNorm::new(init, width),
            edge_head: Dense::new(init, width, 3, false),
            scale_head: Dense::zeroed(init, width, 1, true),
            neighbours: task.mean_neighbours(),
            energy_head: Mlp::new(init, [width, width, 1], Activation::Gelu),
            config: config.clone(),
        })
    }

    fn predict(&self, batch: &Batch) -> Output {
        let (direct, energy) = self.direct(&batch.cloud);
        output(direct.force(), energy, batch)
    }

    /// The force is linear in the edge head's three outputs, each of which multiplies one
    /// component of a unit vector; everything before them is invariant.
    fn linear_splits(&self) -> Vec<LinearSplit> {
        vec![LinearSplit {
            parameter: "edge_head.weight".into(),
            projection: Projection::EqualOutputs,
            exact: true,
        }]
    }

    fn parameter_roles(&self) -> ParameterRoles {
        ParameterRoles::default()
            .embedding(&self.embedding)
            .read_out(&self.edge_head)
            .read_out(&self.scale_head)
            .read_out(&self.energy_head)
    }
}
