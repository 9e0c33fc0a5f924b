//! The polarisable atom interaction network of Schutt et al. (arXiv 2102.03150).

use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use twirl_layers::{Activation, Dense, Embedding, Init, gather, matmul};

use crate::error::check_config;
use crate::features::radial;
use crate::{Cloud, Edges, EquivariantError, Features};

/// Inside square roots of squared lengths, so that gradients stay finite at zero.
const EPSILON: f64 = 1e-8;

/// Sizes of a [`Painn`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PainnConfig {
    /// Channels of scalars and of vectors.
    pub width: usize,
    /// Interaction layers.
    pub layers: usize,
    /// Radial functions.
    pub radial: usize,
    /// Cutoff in angstrom; clouds must have the same.
    pub cutoff: f64,
    /// Typical number of neighbours: sums over neighbours are divided by its square root.
    pub mean_neighbours: f64,
}

impl Default for PainnConfig {
    fn default() -> Self {
        Self {
            width: 64,
            layers: 3,
            radial: 20,
            cutoff: 5.0,
            mean_neighbours: 12.0,
        }
    }
}

impl PainnConfig {
    /// Makes the network.
    ///
    /// # Errors
    /// [`EquivariantError::Config`] for a size of 0 or a length that is not above 0.
    pub fn init(&self, init: &mut Init) -> Result<Painn, EquivariantError> {
        check_config(
            &[
                ("width", self.width),
                ("layers", self.layers),
                ("radial", self.radial),
            ],
            &[
                ("cutoff", self.cutoff),
                ("mean_neighbours", self.mean_neighbours),
            ],
        )?;
        Ok(Painn {
            embedding: Embedding::new(init, self.width),
            layers: (0..self.layers)
                .map(|layer| Interaction::new(init, self, layer > 0))
                .collect(),
            config: self.clone(),
        })
    }
}

/// Scalars and vectors that exchange messages; equivariant under O(3).
#[derive(Module, Debug)]
pub struct Painn {
    embedding: Embedding,
    layers: Vec<Interaction>,
    #[module(skip)]
    config: PainnConfig,
}

impl Painn {
    /// The table of species.
    pub fn embedding(&self) -> &Embedding {
        &self.embedding
    }

    /// Features of every atom.
    ///
    /// # Panics
    /// If the cutoff of the cloud is not that of the configuration.
    #[must_use]
    pub fn forward(&self, cloud: &Cloud) -> Features {
        assert_eq!(cloud.cutoff, self.config.cutoff, "Painn: cutoff");
        let edges = cloud.edges();
        let radial = radial(&edges, self.config.radial, self.config.cutoff);
        let mut scalars = self.embedding.forward(cloud.species.clone());
        let mut vectors = None;
        for layer in &self.layers {
            let scale = 1.0 / self.config.mean_neighbours.sqrt();
            let (messages, turned) =
                layer.message(cloud, &edges, &radial, &scalars, vectors.as_ref());
            scalars = scalars + messages * scale;
            let turned = turned * scale;
            let sum = match vectors {
                Some(before) => before + turned,
                None => turned,
            };
            let (more, moved) = layer.update(&scalars, sum);
            scalars = scalars + more;
            vectors = Some(moved);
        }
        let vectors = vectors.expect("at least one layer");
        Features::masked(scalars, vectors, cloud)
    }
}

/// A message that depends on a neighbour's scalars and its distance.
#[derive(Module, Debug)]
struct Filter {
    of_scalars: Dense,
    of_distance: Dense,
}

impl Filter {
    fn new(init: &mut Init, config: &PainnConfig) -> Self {
        Self {
            of_scalars: Dense::new(init, config.width, config.width, true),
            of_distance: Dense::new(init, config.radial + 1, config.width, false),
        }
    }

    /// `[A, neighbours, width]`.
    fn forward(&self, cloud: &Cloud, hidden: &Tensor<2>, radial: &Tensor<2>) -> Tensor<3> {
        let senders = gather(self.of_scalars.forward(hidden.clone()), cloud.index.clone());
        let [atoms, width] = hidden.dims();
        (senders * self.of_distance.forward(radial.clone())).reshape([
            atoms,
            cloud.neighbours,
            width,
        ])
    }
}

#[derive(Module, Debug)]
struct Interaction {
    hidden: Dense,
    to_scalars: Filter,
    to_vectors: Filter,
    /// Absent in the first layer, where vectors are 0.
    carry: Option<Filter>,
    left: Dense,
    right: Dense,
    mix: Dense,
    add_scalars: Dense,
    add_vectors: Dense,
    add_product: Dense,
}

impl Interaction {
    fn new(init: &mut Init, config: &PainnConfig, has_vectors: bool) -> Self {
        let width = config.width;
        Self {
            hidden: Dense::new(init, width, width, true),
            to_scalars: Filter::new(init, config),
            to_vectors: Filter::new(init, config),
            carry: has_vectors.then(|| Filter::new(init, config)),
            left: Dense::new(init, width, width, false),
            right: Dense::new(init, width, width, false),
            mix: Dense::new(init, 2 * width, width, true),
            add_scalars: Dense::new(init, width, width, true),
            add_vectors: Dense::new(init, width, width, true),
            add_product: Dense::new(init, width, width, true),
        }
    }

    /// Sums over neighbours of `a`, `[A, width]`, and of `b rhat + c v_j`, `[A, 3, width]`.
    fn message(
        &self,
        cloud: &Cloud,
        edges: &Edges,
        radial: &Tensor<2>,
        scalars: &Tensor<2>,
        vectors: Option<&Tensor<3>>,
    ) -> (Tensor<2>, Tensor<3>) {
        let [atoms, width] = scalars.dims();
        let neighbours = cloud.neighbours;
        let hidden = Activation::Silu.forward(self.hidden.forward(scalars.clone()));
        let summed = self.to_scalars.forward(cloud, &hidden, radial).sum_dim(1);
        let along = self.to_vectors.forward(cloud, &hidden, radial);
        let unit = edges.unit.clone().reshape([atoms, neighbours, 3]);
        let mut turned = matmul(unit.swap_dims(1, 2), along);
        if let (Some(carry), Some(vectors)) = (&self.carry, vectors) {
            let weight = carry.forward(cloud, &hidden, radial);
            let senders = gather(
                vectors.clone().reshape([atoms, 3 * width]),
                cloud.index.clone(),
            );
            let carried = senders.reshape([atoms, neighbours, 3, width])
                * weight.reshape([atoms, neighbours, 1, width]);
            turned = turned + carried.sum_dim(1).reshape([atoms, 3, width]);
        }
        (summed.reshape([atoms, width]), turned)
    }

    /// Changes within each atom: of the scalars, and the new vectors.
    fn update(&self, scalars: &Tensor<2>, vectors: Tensor<3>) -> (Tensor<2>, Tensor<3>) {
        let [atoms, width] = scalars.dims();
        let left = self.left.forward(vectors.clone());
        let right = self.right.forward(vectors.clone());
        let squared = (right.clone() * right.clone()).sum_dim(1);
        let length = (squared.reshape([atoms, width]) + EPSILON).sqrt();
        let both = Tensor::cat(vec![scalars.clone(), length], 1);
        let hidden = Activation::Silu.forward(self.mix.forward(both));
        let product = (left.clone() * right).sum_dim(1).reshape([atoms, width]);
        let gate = self.add_vectors.forward(hidden.clone());
        let more =
            self.add_scalars.forward(hidden.clone()) + self.add_product.forward(hidden) * product;
        (more, vectors + left * gate.unsqueeze_dim(1))
    }
}
