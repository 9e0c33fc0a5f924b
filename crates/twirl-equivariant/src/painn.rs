//! The polarisable atom interaction network of Schutt et al. (arXiv 2102.03150).

use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use twirl_layers::{Activation, Dense, Embedding, Init, Slots, parts};

use crate::cloud::Cloud;
use crate::error::{EquivariantError, check_config};
use crate::features::{Features, radial};
use crate::message::Message;
use crate::update::{close, lengths};

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
        let scalars = self.embedding.forward(cloud.species.clone());
        let [atoms, channels] = scalars.dims();
        let vectors = Tensor::zeros([atoms, 3 * channels], (&scalars.device(), scalars.dtype()));
        let mut state = Tensor::cat(vec![scalars, vectors], 1);
        for layer in &self.layers {
            let message = Message {
                slots: cloud.slots.clone(),
                scale: 1.0 / self.config.mean_neighbours.sqrt(),
                carry: layer.carry.is_some(),
            };
            let [scalars, _] = parts(state.clone(), [channels, 3 * channels]);
            let (said, filters) = layer.speak(scalars, &radial);
            state = message.receive(state, said, filters, edges.unit.clone());
            state = layer.update(state, &cloud.slots);
        }
        let [scalars, vectors] = parts(state, [channels, 3 * channels]);
        Features {
            scalars,
            vectors: vectors.reshape([atoms, 3, channels]),
        }
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

    /// What atoms say to their neighbours, `[A, 3 width]`, and filters of edges, `[E, 3 width]`: for
    /// scalars, for vectors along the edge, and for vectors that are passed on.
    fn speak(&self, scalars: Tensor<2>, radial: &Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let hidden = self.hidden.activated(Activation::Silu, scalars);
        let filters: Vec<&Filter> = [&self.to_scalars, &self.to_vectors]
            .into_iter()
            .chain(&self.carry)
            .collect();
        let of = |layer: fn(&Filter) -> &Dense| filters.iter().map(|one| layer(one)).collect();
        let (said, filters): (Vec<&Dense>, Vec<&Dense>) =
            (of(|one| &one.of_scalars), of(|one| &one.of_distance));
        (
            Dense::together(&said, hidden),
            Dense::together(&filters, radial.clone()),
        )
    }

    /// Changes within each atom, from scalars and vectors to scalars and vectors `[A, 4 width]`.
    fn update(&self, state: Tensor<2>, slots: &Slots) -> Tensor<2> {
        let [atoms, width] = state.dims();
        let channels = width / 4;
        let [scalars, vectors] = parts(state.clone(), [channels, 3 * channels]);
        let vectors = vectors.reshape([3 * atoms, channels]);
        let both = Dense::together(&[&self.left, &self.right], vectors);
        let seen = Tensor::cat(vec![scalars, lengths(both.clone(), slots)], 1);
        let hidden = self.mix.activated(Activation::Silu, seen);
        let change = [&self.add_scalars, &self.add_vectors, &self.add_product];
        let change = Dense::together(&change, hidden);
        close(state, both, change, slots)
    }
}
