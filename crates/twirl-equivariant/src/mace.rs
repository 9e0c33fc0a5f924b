//! Many-body products of equivariant features, after Batatia et al. (arXiv 2206.07697).

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use twirl_layers::{Activation, BesselBasis, Dense, Embedding, Init, Slots, divide, gated, matmul};

use crate::angular::components;
use crate::cloud::Cloud;
use crate::coupled::{Message, mixed, natural, receive, scales};
use crate::couplings::Couplings;
use crate::degrees::{by_component, by_degree};
use crate::error::{EquivariantError, check_config};
use crate::features::Features;
use crate::many_body::ManyBody;

/// Where Bessel functions are brought to mean square one, in angstrom: most neighbours are about there.
const NEAR: f64 = 2.0;

/// Sizes of a [`Mace`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MaceConfig {
    /// Channels of every degree.
    pub width: usize,
    /// Interaction layers. Atoms see as many cutoffs far.
    pub layers: usize,
    /// Radial functions.
    pub radial: usize,
    /// Hidden channels of the perceptron that makes weights of messages out of them.
    pub hidden: usize,
    /// Numbers by which an element chooses its weights: as free as weights of its own where a data
    /// set has no more elements than that.
    pub elements: usize,
    /// Cutoff in angstrom; clouds must have the same.
    pub cutoff: f64,
    /// Typical number of neighbours: sums over neighbours are divided by its square root.
    pub mean_neighbours: f64,
}

impl Default for MaceConfig {
    fn default() -> Self {
        Self {
            width: 64,
            layers: 2,
            radial: 8,
            hidden: 64,
            elements: 8,
            cutoff: 5.0,
            mean_neighbours: 12.0,
        }
    }
}

impl MaceConfig {
    /// Makes the network.
    ///
    /// # Errors
    /// [`EquivariantError::Config`] for a size of 0 or a length that is not above 0.
    pub fn init(&self, init: &mut Init) -> Result<Mace, EquivariantError> {
        check_config(
            &[
                ("width", self.width),
                ("layers", self.layers),
                ("radial", self.radial),
                ("hidden", self.hidden),
                ("elements", self.elements),
            ],
            &[
                ("cutoff", self.cutoff),
                ("mean_neighbours", self.mean_neighbours),
            ],
        )?;
        Ok(Mace {
            embedding: Embedding::new(init, self.width),
            element_embedding: Embedding::new(init, self.elements),
            layers: (0..self.layers)
                .map(|layer| {
                    // Vectors and matrices are 0 before the first layer, and matrices are not read
                    // after the last.
                    let highest_input = if layer == 0 { 0 } else { 2 };
                    let highest_output = if layer + 1 == self.layers { 1 } else { 2 };
                    Interaction::new(init, self, highest_input, highest_output)
                })
                .collect(),
            config: self.clone(),
        })
    }
}

/// Features of degree 0 to 2 and of parity `(-1)^degree`; equivariant under O(3).
///
/// A layer sums couplings of its neighbours' features with spherical harmonics, with weights of the
/// distance, and mixes channels: the one-particle basis `A` of degree up to 2. In every channel it then
/// forms all equivariant products of one, two and three `A`, with weights that depend on the element
/// of the atom, so that four atoms are seen at once where other layers see two. What was there before
/// is added, its channels scaled by numbers that depend on the element.
///
/// The products are chains of Clebsch-Gordan couplings, one for each element of a basis: with free
/// weights they span what the generalised Clebsch-Gordan coefficients of the original span. Beside
/// it, elements choose weights through a table of few columns, the weights of messages come from a
/// perceptron of one hidden layer, and features are read out after the last layer only. The original
/// differentiates its energy to get forces; here vectors are read out like scalars.
#[derive(Module, Debug)]
pub struct Mace {
    embedding: Embedding,
    element_embedding: Embedding,
    layers: Vec<Interaction>,
    #[module(skip)]
    config: MaceConfig,
}

impl Mace {
    /// The tables of species: features, and what chooses weights.
    pub fn embeddings(&self) -> [&Embedding; 2] {
        [&self.embedding, &self.element_embedding]
    }

    /// Features of every atom.
    ///
    /// # Panics
    /// If the cutoff of the cloud is not that of the configuration.
    #[must_use]
    pub fn forward(&self, cloud: &Cloud) -> Features {
        assert_eq!(cloud.cutoff, self.config.cutoff, "Mace: cutoff");
        let edges = cloud.edges();
        // Their mean square at a distance r is `1 / (cutoff r^2)`. Three sums over neighbours that are
        // small have a product that is learned last.
        let bessel = BesselBasis::new(self.config.radial, self.config.cutoff);
        let gain = NEAR * self.config.cutoff.sqrt();
        let radial = bessel.forward(edges.distance.clone()) * (edges.envelope.clone() * gain);
        let couplings = Couplings::new(&edges, natural);
        let elements = self.element_embedding.forward(cloud.species.clone());
        let mut irreps = vec![self.embedding.forward(cloud.species.clone())];
        for layer in &self.layers {
            let sums = layer.receive(&cloud.slots, &couplings, &radial, &irreps);
            irreps = layer.update(&cloud.slots, elements.clone(), sums, irreps);
        }
        let vectors = irreps.swap_remove(1);
        let [atoms, width] = vectors.dims();
        Features {
            scalars: irreps.swap_remove(0),
            vectors: vectors.reshape([atoms, 3, width / 3]),
        }
    }
}

#[derive(Module, Debug)]
struct Interaction {
    /// From radial functions to what the weights of messages are made of. Neither has a bias: both
    /// are 0 from the cutoff on.
    hidden: Dense,
    messages: Vec<Message>,
    /// Channel mixing of the summed messages, one per degree.
    received: Vec<Dense>,
    /// Weights of the products `[elements, products width]`.
    products: Param<Tensor<2>>,
    /// Channel mixing of the sums of products, one per output degree.
    mixed: Vec<Dense>,
    /// Scales of the atom's own features, above 1, `[elements, degrees width]`.
    scaled: Param<Tensor<2>>,
    /// Channel mixing of the atom's own features, one per degree in both input and output.
    own: Vec<Dense>,
    #[module(skip)]
    many_body: ManyBody,
    #[module(skip)]
    scales: Vec<f64>,
}

impl Interaction {
    fn new(
        init: &mut Init,
        config: &MaceConfig,
        highest_input: usize,
        highest_output: usize,
    ) -> Self {
        let (width, elements) = (config.width, config.elements);
        let hidden = Dense::new(init, config.radial, config.hidden, false);
        let highest = [highest_input, 2];
        let messages = Message::all(init, [config.hidden, width], highest, natural);
        let many_body = ManyBody::new(highest_output);
        let of_products = [elements, many_body.products() * width];
        let both = highest_input.min(highest_output);
        let mix = |init: &mut Init, highest| {
            let layers = (0..=highest).map(|_| Dense::new(init, width, width, false));
            layers.collect()
        };
        Self {
            hidden,
            scales: scales(&messages, 2, config.mean_neighbours),
            messages,
            received: mix(init, 2),
            products: init.normal(of_products, 1.0 / (elements as f64).sqrt()),
            mixed: mix(init, highest_output),
            scaled: init.zeros([elements, (both + 1) * width]),
            own: mix(init, both),
            many_body,
        }
    }

    /// The one-particle basis of degree 0 to 2, `[A, (2 l + 1) width]`.
    fn receive(
        &self,
        slots: &Slots,
        couplings: &Couplings,
        radial: &Tensor<2>,
        irreps: &[Tensor<2>],
    ) -> Vec<Tensor<2>> {
        let features = Tensor::cat(irreps.to_vec(), 1);
        let distance = self.hidden.activated(Activation::Silu, radial.clone());
        let sums = receive(&self.messages, slots, couplings, distance, features, 2);
        mixed(sums, &self.received, &self.scales)
    }

    /// Features of each degree after products of the one-particle basis and what was there before.
    fn update(
        &self,
        slots: &Slots,
        elements: Tensor<2>,
        basis: Vec<Tensor<2>>,
        irreps: Vec<Tensor<2>>,
    ) -> Vec<Tensor<2>> {
        let weights = matmul(elements.clone(), self.products.val());
        let sums = self.many_body.forward(basis, weights, slots);
        let scales = matmul(elements, self.scaled.val());
        let width = self.own[0].inputs();
        let scales = divide(scales, &vec![width; self.own.len()]);
        let mut own = self.own.iter().zip(scales).zip(irreps).enumerate();
        by_degree(sums, self.mixed.len() - 1)
            .into_iter()
            .zip(&self.mixed)
            .map(|(sum, mix)| {
                let sum = by_component(mix, sum);
                let Some((degree, ((mix, scale), before))) = own.next() else {
                    return sum;
                };
                let [atoms, size] = before.dims();
                let before = before.reshape([atoms * components(degree), width]);
                let before = gated(before.clone(), before, scale).reshape([atoms, size]);
                sum + by_component(mix, before)
            })
            .collect()
    }
}
