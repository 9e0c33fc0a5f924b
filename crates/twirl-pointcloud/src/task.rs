//! Batches, their rotation, and the loss.

use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::Loss;
use twirl_data::{DataError, DataSet};
use twirl_equivariant::{Cloud, Molecule};
use twirl_harness::{BatchPart, Draw, Role, Rotations, Score, Task, TaskError, Term};

use crate::arms::painn::PainnArm;
use crate::batch::{Batch, Host};
use crate::config::PointCloudConfig;
use crate::label::{Kind, Label, Labels, Per};
use crate::point_cloud::PointCloud;

impl<L: Labels> Task for PointCloud<L> {
    const NAME: &'static str = L::NAME;
    const ABOUT: &'static str = L::ABOUT;
    type Config = PointCloudConfig;
    type Host = Host;
    type Batch = Batch;
    /// Of every label, normalised, `[batch, N or 1, 3 or 1]`; what it holds at padding is not read.
    type Output = Vec<Tensor<3>>;
    type Reference = PainnArm;

    fn embedded() -> Result<DataSet, DataError> {
        L::embedded()
    }

    fn open(config: &PointCloudConfig, data: &DataSet) -> Result<Self, TaskError> {
        Self::new(config, data)
    }

    fn data(&self) -> &DataSet {
        &self.data
    }

    fn batch(&self, items: &[usize], _draw: Draw) -> Result<Host, TaskError> {
        let samples = items.iter().map(|&item| self.sample(item));
        samples.collect::<Result<_, _>>().map(Host)
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
        let (count, atoms) = (cloud.batch, cloud.largest);
        let mut share = vec![0.0; count * atoms];
        for (place, molecule) in molecules.iter().enumerate() {
            let size = molecule.species.len();
            share[place * atoms..place * atoms + size].fill(1.0 / size as f64);
        }
        let target = |(index, label): (usize, &Label)| -> Tensor<3> {
            let blocks = match label.per {
                Per::Atom => atoms,
                Per::Molecule => 1,
            };
            let width = blocks * label.kind.components();
            let mut values = vec![0.0; count * width];
            for (row, sample) in values.chunks_exact_mut(width).zip(&host.0) {
                let own = &sample.values[index];
                row[..own.len()].copy_from_slice(own);
            }
            let extent = [count, blocks, label.kind.components()];
            Tensor::from_data(TensorData::new(values, extent), device)
        };
        Ok(Batch {
            cloud,
            labels: L::LABELS,
            targets: L::LABELS.iter().enumerate().map(target).collect(),
            share: Tensor::from_data(TensorData::new(share, [count, atoms]), device),
        })
    }

    fn rotate(&self, batch: &Batch, rotations: &Rotations) -> Result<Batch, TaskError> {
        let mut turned = batch.clone();
        turned.cloud = batch.cloud.rotated(rotations.matrices());
        for (_, vectors) in turned.vectors_mut() {
            *vectors = rotations.rotate(vectors.clone());
        }
        Ok(turned)
    }

    fn turning<'a>(&self, batch: &'a mut Batch) -> Vec<(&'static str, &'a mut dyn BatchPart)> {
        let Batch {
            cloud,
            labels,
            targets,
            ..
        } = batch;
        let mut parts: Vec<(&'static str, &'a mut dyn BatchPart)> = vec![
            ("positions", &mut cloud.positions),
            ("offsets of neighbours", &mut cloud.offsets),
        ];
        for (label, target) in labels.iter().zip(targets) {
            if label.kind == Kind::Vector {
                parts.push((label.name, target));
            }
        }
        parts
    }

    fn untwist(&self, output: Vec<Tensor<3>>, rotations: &Rotations) -> Vec<Tensor<3>> {
        let back = |(values, label): (Tensor<3>, &Label)| match label.kind {
            Kind::Scalar => values,
            Kind::Vector => rotations.unrotate(values),
        };
        output.into_iter().zip(L::LABELS).map(back).collect()
    }

    fn terms(&self, output: &Vec<Tensor<3>>, batch: &Batch) -> Vec<Term> {
        let trained = self.config.loss;
        let mut terms = Vec::new();
        for ((label, prediction), target) in L::LABELS.iter().zip(output).zip(&batch.targets) {
            let mut add = |name, role, loss: Loss| {
                // The squared loss is a mean over components, the others are of the length.
                let share = match loss {
                    Loss::Squared => 1.0 / label.kind.components() as f64,
                    _ => 1.0,
                };
                terms.push(Term {
                    name,
                    role,
                    loss,
                    prediction: prediction.clone(),
                    target: target.clone(),
                    weight: batch.weight(label) * share,
                });
            };
            add(label.name, Role::Train, trained);
            if trained != Loss::Squared {
                add(label.squared, Role::Report, Loss::Squared);
            }
            if trained != Loss::Norm {
                add(label.norm, Role::Report, Loss::Norm);
            }
        }
        terms
    }

    fn scores(&self, output: &Vec<Tensor<3>>, batch: &Batch) -> Vec<Score> {
        let all = L::LABELS.iter().zip(output).zip(&batch.targets);
        let scores = all
            .zip(&self.scales)
            .map(|(((label, output), target), scale)| {
                let error = (output.clone() - target.clone()) * scale.scale;
                let squared: Tensor<2> = (error.clone() * error).sum_dim(2).squeeze_dim(2);
                let seen = batch.weight(label).not_equal_elem(0.0).float();
                Score {
                    name: label.rmse,
                    unit: label.unit,
                    numerator: (squared * seen.clone()).sum_dim(1).squeeze_dim(1),
                    denominator: seen.sum_dim(1).squeeze_dim(1),
                    root: true,
                }
            });
        scores.collect()
    }
}
