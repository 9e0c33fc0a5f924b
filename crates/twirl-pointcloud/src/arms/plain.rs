//! The `plain` arm: knows nothing of rotations.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::{Activation, Embedding, Init, Mlp, gather};

use crate::batch::Batch;
use crate::label::Labels;
use crate::point_cloud::PointCloud;

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlainConfig {
    /// Channels.
    pub width: usize,
    /// Coordinates and distances are divided by this length, angstrom.
    pub length: f64,
}

impl Default for PlainConfig {
    fn default() -> Self {
        Self {
            width: 48,
            length: 2.0,
        }
    }
}

/// Every atom gathers a perceptron of its neighbours' species and offsets, component by component;
/// a second perceptron makes the labels of the sum and the atom's own species and position.
#[derive(Module, Debug)]
pub struct Plain {
    species: Embedding,
    message: Mlp,
    update: Mlp,
    #[module(skip)]
    length: f64,
}

impl<L: Labels> Arm<PointCloud<L>> for Plain {
    type Config = PlainConfig;

    /// `tiny` and `medium` have half and twice the width of `small`.
    fn sizes() -> Vec<(&'static str, PlainConfig)> {
        let small = PlainConfig::default;
        let wide = |width| PlainConfig { width, ..small() };
        vec![("tiny", wide(24)), ("small", small()), ("medium", wide(96))]
    }

    fn symmetry(_config: &PlainConfig) -> Option<ExactSymmetry> {
        None
    }

    fn init(
        config: &PlainConfig,
        _task: &PointCloud<L>,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let &PlainConfig { width, length } = config;
        if width == 0 {
            return Err(TaskError::setting("width", "is 0", "give at least 1"));
        }
        if !(length.is_finite() && length > 0.0) {
            let problem = format!("is {length}");
            return Err(TaskError::setting(
                "length",
                problem,
                "give a positive number",
            ));
        }
        let mut init = Init::new(seed, device);
        let outputs = Batch::outputs(L::LABELS);
        Ok(Self {
            species: Embedding::new(&mut init, width),
            message: Mlp::new(&mut init, [width + 3, width, width], Activation::Silu),
            update: Mlp::new(&mut init, [2 * width + 3, width, outputs], Activation::Silu),
            length,
        })
    }

    fn predict(&self, batch: &Batch) -> Vec<Tensor<3>> {
        let cloud = &batch.cloud;
        let per_length = 1.0 / self.length;
        let species = self.species.forward(cloud.species.clone());
        let [rows, width] = species.dims();
        let offsets = cloud.offsets.clone() * per_length;
        let others = gather(species.clone(), cloud.slots.index());
        let messages = self.message.forward(Tensor::cat(vec![others, offsets], 1));
        let messages =
            (messages * cloud.edge_mask.clone()).reshape([rows, cloud.neighbours(), width]);
        let heard: Tensor<2> = messages.sum_dim(1).squeeze_dim(1) * per_length;
        let place = cloud.positions.clone() * per_length;
        let outputs = Tensor::cat(vec![species, heard, place], 1);
        let outputs = self.update.forward(outputs);
        let mut first = 0;
        let labels = batch.labels.iter().map(|label| {
            let width = label.kind.components();
            first += width;
            batch.as_label(label, outputs.clone().narrow(1, first - width, width))
        });
        labels.collect()
    }

    fn parameter_roles(&self) -> ParameterRoles {
        ParameterRoles::default().embedding(&self.species)
    }
}
