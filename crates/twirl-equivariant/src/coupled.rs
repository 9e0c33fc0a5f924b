//! Messages of several coupling paths, each with weights that depend on the distance.

use burn::module::Module;
use burn::tensor::Tensor;
use twirl_layers::{Dense, Init, Slots};

use crate::angular::PATHS;
use crate::couplings::Couplings;
use crate::degrees::{by_component, by_degree, place};
use crate::tensor_message::{Path, TensorMessage};

/// One path with its radial weights.
#[derive(Module, Debug)]
pub(crate) struct Message {
    #[module(skip)]
    path: usize,
    weight: Dense,
}

impl Message {
    /// Those of all paths up to the highest degrees of input and output that are allowed, from
    /// `sizes[0]` functions of the distance to `sizes[1]` channels.
    pub(crate) fn all(
        init: &mut Init,
        sizes: [usize; 2],
        highest: [usize; 2],
        allows: impl Fn([usize; 3]) -> bool,
    ) -> Vec<Self> {
        let all = PATHS.into_iter().enumerate();
        let wanted =
            all.filter(|&(_, path)| path[0] <= highest[0] && path[2] <= highest[1] && allows(path));
        let message = |(path, _)| Self {
            path,
            weight: Dense::new(init, sizes[0], sizes[1], false),
        };
        wanted.map(message).collect()
    }
}

/// Whether a path keeps the parity of features at `(-1)^degree`.
pub(crate) fn natural(path: [usize; 3]) -> bool {
    path.iter().sum::<usize>().is_multiple_of(2)
}

/// Sums of each degree, scaled, their channels mixed by the layer of the degree.
pub(crate) fn mixed(sums: Vec<Tensor<2>>, layers: &[Dense], scales: &[f64]) -> Vec<Tensor<2>> {
    sums.into_iter()
        .zip(layers)
        .zip(scales)
        .map(|((sum, mix), &scale)| by_component(mix, sum * scale))
        .collect()
}

/// What brings sums over neighbours and paths to mean square one, for each degree up to `highest`.
pub(crate) fn scales(messages: &[Message], highest: usize, mean_neighbours: f64) -> Vec<f64> {
    let count = |degree| {
        let into = messages.iter().filter(|one| PATHS[one.path][2] == degree);
        into.count() as f64
    };
    (0..=highest)
        .map(|degree| 1.0 / (mean_neighbours * count(degree)).sqrt())
        .collect()
}

/// Messages summed over neighbours and paths, for each degree up to `highest`, from features
/// `[A, (l + 1)^2 C]` and functions of the distance `[E, functions]`.
pub(crate) fn receive(
    messages: &[Message],
    slots: &Slots,
    couplings: &Couplings,
    distance: Tensor<2>,
    features: Tensor<2>,
    highest: usize,
) -> Vec<Tensor<2>> {
    let paths = messages.iter().map(|message| {
        let [input, _, output] = PATHS[message.path];
        Path {
            input: place(input),
            output: place(output),
            coupling: couplings.start(message.path),
        }
    });
    let message = TensorMessage {
        slots: slots.clone(),
        paths: paths.collect(),
        outputs: (highest + 1).pow(2),
    };
    let weights: Vec<&Dense> = messages.iter().map(|one| &one.weight).collect();
    let weights = Dense::together(&weights, distance);
    let sums = message.receive(features, weights, couplings.values.clone());
    by_degree(sums, highest)
}
