//! A task that is as small as tasks get: one number stretches the positions of a molecule's first atom.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use twirl_core::Loss;
use twirl_data::{DataError, DataSet, Embedded};
use twirl_harness::{
    Arm, BatchPart, Draw, Entry, ExactSymmetry, Role, Rotations, Score, Task, TaskError, Term,
    Training,
};

/// Settings of task and arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The prediction is `exp(steepness * weight)` times the position.
    steepness: f64,
    /// An item whose position is so large that its square overflows.
    broken: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            steepness: 1.0,
            broken: None,
        }
    }
}

pub(crate) struct Toy(DataSet, Option<usize>);

/// Positions and targets `[batch, 1, 3]`.
#[derive(Clone)]
pub(crate) struct Batch {
    position: Tensor<3>,
    target: Tensor<3>,
}

impl Task for Toy {
    const NAME: &'static str = "toy";
    const ABOUT: &'static str = "stretched positions";
    type Config = Settings;
    type Host = Vec<[f64; 3]>;
    type Batch = Batch;
    type Output = Tensor<3>;
    type Reference = Stretch;

    fn embedded() -> Result<DataSet, DataError> {
        DataSet::embedded(Embedded::Forces)
    }

    fn open(config: &Settings, data: &DataSet) -> Result<Self, TaskError> {
        Ok(Self(data.clone(), config.broken))
    }

    fn data(&self) -> &DataSet {
        &self.0
    }

    fn batch(&self, items: &[usize], _draw: Draw) -> Result<Self::Host, TaskError> {
        Ok(items
            .iter()
            .map(|&item| {
                if self.1 == Some(item) {
                    [1e30; 3]
                } else {
                    self.0.positions(item)[0]
                }
            })
            .collect())
    }

    fn load(&self, host: &Self::Host, device: &Device) -> Result<Batch, TaskError> {
        let data = TensorData::new(host.concat(), [host.len(), 1, 3]);
        let position = Tensor::from_data(data, device);
        Ok(Batch {
            target: position.clone() * 3.0,
            position,
        })
    }

    fn rotate(&self, batch: &Batch, rotations: &Rotations) -> Result<Batch, TaskError> {
        Ok(Batch {
            position: rotations.rotate(batch.position.clone()),
            target: rotations.rotate(batch.target.clone()),
        })
    }

    fn turning<'a>(&self, batch: &'a mut Batch) -> Vec<(&'static str, &'a mut dyn BatchPart)> {
        vec![
            ("position", &mut batch.position),
            ("target", &mut batch.target),
        ]
    }

    fn untwist(&self, output: Tensor<3>, rotations: &Rotations) -> Tensor<3> {
        rotations.unrotate(output)
    }

    fn terms(&self, output: &Tensor<3>, batch: &Batch) -> Vec<Term> {
        let count = output.dims()[0];
        vec![Term {
            name: "position",
            role: Role::Train,
            loss: Loss::Squared,
            prediction: output.clone(),
            target: batch.target.clone(),
            weight: Tensor::ones([count, 1], &output.device()),
        }]
    }

    fn scores(&self, _output: &Tensor<3>, _batch: &Batch) -> Vec<Score> {
        Vec::new()
    }
}

#[derive(Module, Debug)]
pub(crate) struct Stretch {
    weight: Param<Tensor<1>>,
    #[module(skip)]
    steepness: f64,
}

impl Arm<Toy> for Stretch {
    type Config = Settings;

    fn symmetry(_config: &Settings) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::O3)
    }

    fn init(config: &Settings, _task: &Toy, seed: u64, device: &Device) -> Result<Self, TaskError> {
        let weight = Tensor::from_floats([-0.01 * seed as f32], device);
        Ok(Self {
            weight: Param::from_tensor(weight),
            steepness: config.steepness,
        })
    }

    fn predict(&self, batch: &Batch) -> Tensor<3> {
        let factor = (self.weight.val() * self.steepness).exp();
        batch.position.clone() * factor.reshape([1, 1, 1])
    }
}

pub(crate) const ENTRY: Entry =
    Entry::of::<Toy, Stretch>("stretch", Training::Augmented, "one number");
