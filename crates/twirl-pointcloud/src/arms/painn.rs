//! The `painn` arm: exactly O(3)-equivariant.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use twirl_equivariant::{Painn, PainnConfig, ScalarHead, VectorHead};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::Init;

use crate::batch::Batch;
use crate::label::{Kind, Labels};
use crate::point_cloud::PointCloud;

/// Sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PainnArmConfig {
    /// Channels of scalars and of vectors.
    pub width: usize,
    /// Interaction layers.
    pub layers: usize,
    /// Radial functions.
    pub radial: usize,
    /// Neighbours of a usual atom, by which sums over neighbours are scaled.
    pub mean_neighbours: f64,
}

impl Default for PainnArmConfig {
    fn default() -> Self {
        Self {
            width: 32,
            layers: 3,
            radial: 12,
            mean_neighbours: 12.0,
        }
    }
}

/// Scalars and vectors that exchange messages (arXiv 2102.03150), with a read-out for every label.
#[derive(Module, Debug)]
pub struct PainnArm {
    backbone: Painn,
    /// In the order of the labels of each kind.
    scalars: Vec<ScalarHead>,
    vectors: Vec<VectorHead>,
}

impl<L: Labels> Arm<PointCloud<L>> for PainnArm {
    type Config = PainnArmConfig;

    /// `tiny` and `medium` have half and twice the width of `small`.
    fn sizes() -> Vec<(&'static str, PainnArmConfig)> {
        let small = PainnArmConfig::default;
        let wide = |width| PainnArmConfig { width, ..small() };
        vec![("tiny", wide(16)), ("small", small()), ("medium", wide(64))]
    }

    fn symmetry(_config: &PainnArmConfig) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::O3)
    }

    fn init(
        config: &PainnArmConfig,
        task: &PointCloud<L>,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let mut init = Init::new(seed, device);
        let backbone = PainnConfig {
            width: config.width,
            layers: config.layers,
            radial: config.radial,
            cutoff: task.config().cutoff,
            mean_neighbours: config.mean_neighbours,
        };
        let mut arm = Self {
            backbone: backbone
                .init(&mut init)
                .map_err(|error| TaskError::arm("painn", &error))?,
            scalars: Vec::new(),
            vectors: Vec::new(),
        };
        for label in L::LABELS {
            match label.kind {
                Kind::Scalar => arm.scalars.push(ScalarHead::new(&mut init, config.width)),
                Kind::Vector => arm.vectors.push(VectorHead::new(&mut init, config.width)),
            }
        }
        Ok(arm)
    }

    fn predict(&self, batch: &Batch) -> Vec<Tensor<3>> {
        let features = self.backbone.forward(&batch.cloud);
        let (mut scalars, mut vectors) = (self.scalars.iter(), self.vectors.iter());
        let read = batch.labels.iter().filter_map(|label| {
            let values = match label.kind {
                Kind::Scalar => scalars.next()?.forward(&features),
                Kind::Vector => vectors.next()?.forward(&features),
            };
            Some(batch.as_label(label, values))
        });
        read.collect()
    }

    fn parameter_roles(&self) -> ParameterRoles {
        ParameterRoles::default()
            .embedding(self.backbone.embedding())
            .read_out(&self.scalars)
            .read_out(&self.vectors)
    }
}
