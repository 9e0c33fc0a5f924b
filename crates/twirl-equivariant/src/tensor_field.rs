//! A network of features of degree 0, 1 and 2, coupled by Clebsch-Gordan products.

use burn::module::Module;
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};
use twirl_core::Symmetry;
use twirl_layers::{Activation, Dense, Embedding, Init, Slots};

use crate::angular::components;
use crate::cloud::Cloud;
use crate::coupled::{Message, mixed, natural, receive, scales};
use crate::couplings::Couplings;
use crate::degrees::by_component;
use crate::error::{EquivariantError, check_config};
use crate::features::{Features, radial};

/// Sizes of a [`TensorField`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TensorFieldConfig {
    /// Channels of every degree.
    pub width: usize,
    /// Interaction layers, at least 2: the first makes vectors, the last reads them.
    pub layers: usize,
    /// Radial functions.
    pub radial: usize,
    /// Cutoff in angstrom; clouds must have the same.
    pub cutoff: f64,
    /// Typical number of neighbours: sums over neighbours are divided by its square root.
    pub mean_neighbours: f64,
    /// Whether mirror images give mirrored outputs (`o3`) or may be told apart (`so3`).
    pub symmetry: Symmetry,
}

impl Default for TensorFieldConfig {
    fn default() -> Self {
        Self {
            width: 64,
            layers: 3,
            radial: 20,
            cutoff: 5.0,
            mean_neighbours: 12.0,
            symmetry: Symmetry::O3,
        }
    }
}

impl TensorFieldConfig {
    /// Makes the network.
    ///
    /// # Errors
    /// [`EquivariantError::Config`] for a size of 0, fewer than 2 layers, or a length that is not
    /// above 0.
    pub fn init(&self, init: &mut Init) -> Result<TensorField, EquivariantError> {
        check_config(
            &[("width", self.width), ("radial", self.radial)],
            &[
                ("cutoff", self.cutoff),
                ("mean_neighbours", self.mean_neighbours),
            ],
        )?;
        if self.layers < 2 {
            return Err(EquivariantError::Config {
                name: "layers",
                value: self.layers as f64,
                needed: "at least 2",
            });
        }
        let embedding = Embedding::new(init, self.width);
        let layers = (0..self.layers)
            .map(|layer| {
                // Vectors and matrices are 0 before the first layer, and matrices are not read
                // after the last: paths from or to them would be dead weight.
                let highest_input = if layer == 0 { 0 } else { 2 };
                let highest_output = if layer + 1 == self.layers { 1 } else { 2 };
                Interaction::new(init, self, highest_input, highest_output)
            })
            .collect();
        Ok(TensorField {
            embedding,
            layers,
            config: self.clone(),
        })
    }

    fn allows(&self, path: [usize; 3]) -> bool {
        self.symmetry == Symmetry::So3 || natural(path)
    }
}

/// Features of degree 0 to 2 under channel-wise tensor products with spherical harmonics of the
/// edges, as in tensor field networks (arXiv 1802.08219) and `NequIP` (arXiv 2101.03164).
#[derive(Module, Debug)]
pub struct TensorField {
    embedding: Embedding,
    layers: Vec<Interaction>,
    #[module(skip)]
    config: TensorFieldConfig,
}

impl TensorField {
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
        assert_eq!(cloud.cutoff, self.config.cutoff, "TensorField: cutoff");
        let edges = cloud.edges();
        let radial = radial(&edges, self.config.radial, self.config.cutoff);
        let couplings = Couplings::new(&edges, |path| self.config.allows(path));
        let mut irreps = vec![self.embedding.forward(cloud.species.clone())];
        for layer in &self.layers {
            irreps = layer.forward(&cloud.slots, &couplings, &radial, irreps);
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
    messages: Vec<Message>,
    /// Channel mixing of the summed messages, one per output degree.
    received: Vec<Dense>,
    /// Channel mixing of the atom's own features, one per degree in both input and output.
    own: Vec<Dense>,
    /// Gates of degree 1 and up, from the mixed scalars.
    gates: Vec<Dense>,
    #[module(skip)]
    scales: Vec<f64>,
}

impl Interaction {
    fn new(
        init: &mut Init,
        config: &TensorFieldConfig,
        highest_input: usize,
        highest_output: usize,
    ) -> Self {
        let width = config.width;
        let messages = Message::all(
            init,
            [config.radial + 1, width],
            [highest_input, highest_output],
            |path| config.allows(path),
        );
        let scales = scales(&messages, highest_output, config.mean_neighbours);
        let mut mix = |degree: usize| Dense::new(init, width, width, degree == 0);
        Self {
            messages,
            received: (0..=highest_output).map(&mut mix).collect(),
            own: (0..=highest_output.min(highest_input))
                .map(&mut mix)
                .collect(),
            gates: (1..=highest_output).map(|_| mix(0)).collect(),
            scales,
        }
    }

    /// Features `[A, (2 l + 1) width]` for l = 0, 1, ..
    fn forward(
        &self,
        slots: &Slots,
        couplings: &Couplings,
        radial: &Tensor<2>,
        irreps: Vec<Tensor<2>>,
    ) -> Vec<Tensor<2>> {
        let mut mixed = self.receive(slots, couplings, radial, &irreps);
        for ((own, sum), before) in self.own.iter().zip(&mut mixed).zip(&irreps) {
            sum.inplace(|sum| sum + by_component(own, before.clone()));
        }
        let scalars = mixed[0].clone();
        let changes = mixed.into_iter().enumerate().map(|(degree, sum)| {
            if degree == 0 {
                return Activation::Silu.forward(sum);
            }
            let gate = activation::sigmoid(self.gates[degree - 1].forward(scalars.clone()));
            let [atoms, channels] = gate.dims();
            let sum = sum.reshape([atoms, components(degree), channels]);
            let gated: Tensor<3> = sum * gate.unsqueeze_dim(1);
            gated.reshape([atoms, components(degree) * channels])
        });
        let mut before = irreps.into_iter();
        changes
            .map(|change| match before.next() {
                Some(before) => before + change,
                None => change,
            })
            .collect()
    }

    /// Messages summed over neighbours and paths, then mixed over channels.
    fn receive(
        &self,
        slots: &Slots,
        couplings: &Couplings,
        radial: &Tensor<2>,
        irreps: &[Tensor<2>],
    ) -> Vec<Tensor<2>> {
        let features = Tensor::cat(irreps.to_vec(), 1);
        let highest = self.received.len() - 1;
        let radial = radial.clone();
        let sums = receive(&self.messages, slots, couplings, radial, features, highest);
        mixed(sums, &self.received, &self.scales)
    }
}
