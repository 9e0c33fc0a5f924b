//! Batches, their rotation, and the loss.

use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::Loss;
use twirl_data::{DataError, DataSet, Embedded, Split};
use twirl_equivariant::{Cloud, Molecule, NeighbourList};
use twirl_harness::{Draw, Role, Rotations, Score, Task, TaskError, Term};

use crate::{DipoleConfig, PainnArm, UNIT, label};

/// The dipole task on one data set.
#[derive(Debug)]
pub struct Dipole {
    config: DipoleConfig,
    data: DataSet,
    scale: f64,
}

impl Dipole {
    /// Settings.
    pub fn config(&self) -> &DipoleConfig {
        &self.config
    }

    /// Root mean square of a label component over the training part: the unit in which networks
    /// predict.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

/// One molecule of a batch.
#[derive(Debug)]
struct Sample {
    item: usize,
    neighbours: NeighbourList,
    label: [f64; 3],
}

/// A batch on the host: neighbour lists are made here, before any rotation.
#[derive(Debug)]
pub struct Host(Vec<Sample>);

/// A batch on the device.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Species, positions and neighbours.
    pub cloud: Cloud,
    /// Labels in units of the scale `[batch, 1, 3]`.
    pub label: Tensor<3>,
}

fn refused(data: &DataSet, item: usize, problem: &str) -> TaskError {
    let problem = format!("frame {item}: {problem}");
    TaskError::data(data.name(), problem, "remove the frame")
}

impl Task for Dipole {
    const NAME: &'static str = "dipole";
    const ABOUT: &'static str = "dipole of a molecule from charges that its bonds decide";
    type Config = DipoleConfig;
    type Host = Host;
    type Batch = Batch;
    /// The vector of each molecule in units of the scale, `[batch, 1, 3]`.
    type Output = Tensor<3>;
    type Reference = PainnArm;

    fn embedded() -> Result<DataSet, DataError> {
        DataSet::embedded(Embedded::Forces)
    }

    fn open(config: &DipoleConfig, data: &DataSet) -> Result<Self, TaskError> {
        if !(config.cutoff.is_finite() && config.cutoff > 0.0) {
            let problem = format!("is {}", config.cutoff);
            return Err(TaskError::setting(
                "cutoff",
                problem,
                "give a positive number",
            ));
        }
        config.loss.validate().map_err(|error| {
            TaskError::setting("loss", error.to_string(), "give squared, norm or huber")
        })?;
        let items = data.split(Split::Train);
        let mut sum = 0.0;
        for &item in items {
            let vector = label(data, item).map_err(|problem| refused(data, item, &problem))?;
            sum += vector.iter().map(|value| value * value).sum::<f64>();
        }
        let scale = (sum / (3 * items.len()) as f64).sqrt();
        if !(scale.is_finite() && scale > 0.0) {
            let problem = format!("root mean square label of the training part is {scale}");
            let remedy = "give a data set whose labels are not zero";
            return Err(TaskError::data(data.name(), problem, remedy));
        }
        Ok(Self {
            config: config.clone(),
            data: data.clone(),
            scale,
        })
    }

    fn data(&self) -> &DataSet {
        &self.data
    }

    fn batch(&self, items: &[usize], _draw: Draw) -> Result<Host, TaskError> {
        let sample = |&item: &usize| {
            let positions = self.data.positions(item);
            let (cutoff, most) = (self.config.cutoff, self.config.max_neighbours);
            let neighbours = NeighbourList::build(positions, cutoff, most)
                .map_err(|error| refused(&self.data, item, &error.to_string()))?;
            let label =
                label(&self.data, item).map_err(|problem| refused(&self.data, item, &problem))?;
            Ok(Sample {
                item,
                neighbours,
                label,
            })
        };
        items.iter().map(sample).collect::<Result<_, _>>().map(Host)
    }

    fn load(&self, host: &Host, device: &Device) -> Result<Batch, TaskError> {
        let molecules: Vec<Molecule> = host
            .0
            .iter()
            .map(|sample| Molecule {
                species: self.data.atomic_numbers(sample.item),
                positions: self.data.positions(sample.item),
                neighbours: &sample.neighbours,
            })
            .collect();
        let cloud = Cloud::from_host(&molecules, self.config.cutoff, [1, 1], device)
            .map_err(|error| TaskError::data(self.data.name(), error.to_string(), "remove it"))?;
        let count = cloud.batch;
        let labels = host.0.iter().flat_map(|sample| sample.label);
        let labels: Vec<f64> = labels.map(|value| value / self.scale).collect();
        Ok(Batch {
            cloud,
            label: Tensor::from_data(TensorData::new(labels, [count, 1, 3]), device),
        })
    }

    fn rotate(&self, batch: &Batch, rotations: &Rotations) -> Result<Batch, TaskError> {
        Ok(Batch {
            cloud: batch.cloud.rotated(rotations.matrices()),
            label: rotations.rotate(batch.label.clone()),
        })
    }

    fn untwist(&self, output: Tensor<3>, rotations: &Rotations) -> Tensor<3> {
        rotations.unrotate(output)
    }

    fn terms(&self, output: &Tensor<3>, batch: &Batch) -> Vec<Term> {
        let term = |name, role, loss: Loss| {
            // The squared loss is a mean over components, the others are of the length.
            let weight = if loss == Loss::Squared {
                1.0 / 3.0
            } else {
                1.0
            };
            Term {
                name,
                role,
                loss,
                prediction: output.clone(),
                target: batch.label.clone(),
                weight: batch.label.ones_like().mean_dim(2).squeeze_dim(2) * weight,
            }
        };
        let mut terms = vec![term("vector", Role::Train, self.config.loss)];
        if self.config.loss != Loss::Squared {
            terms.push(term("vector-squared", Role::Report, Loss::Squared));
        }
        if self.config.loss != Loss::Norm {
            terms.push(term("vector-norm", Role::Report, Loss::Norm));
        }
        terms
    }

    fn scores(&self, output: &Tensor<3>, batch: &Batch) -> Vec<Score> {
        let error = (output.clone() - batch.label.clone()) * self.scale;
        let squared: Tensor<1> = (error.clone() * error).sum_dim(2).flatten(0, 2);
        vec![Score {
            name: "rmse",
            unit: UNIT,
            denominator: squared.ones_like(),
            numerator: squared,
            root: true,
        }]
    }
}
