//! Batches, their rotation, and the loss.

use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::{Loss, Symmetry};
use twirl_data::{DataError, DataSet, Embedded};
use twirl_equivariant::{Cloud, Molecule};
use twirl_harness::{
    Arm, BatchPart, Draw, FinalFigures, Role, Rotations, Score, Task, TaskError, Term,
};

use crate::batch::Sample;
use crate::closing::{self, design};
use crate::{Batch, ForceField, ForceFieldConfig, Host, Output, PainnArm, scores};

impl Task for ForceField {
    const NAME: &'static str = "force-field";
    const ABOUT: &'static str = "energy and forces of a molecule, forces predicted directly";
    /// Energies and forces are functions of positions and elements.
    const NOISELESS: bool = true;
    type Config = ForceFieldConfig;
    type Host = Host;
    type Batch = Batch;
    type Output = Output;
    type Reference = PainnArm;

    fn embedded() -> Result<DataSet, DataError> {
        DataSet::embedded(Embedded::Forces)
    }

    fn open(config: &ForceFieldConfig, data: &DataSet) -> Result<Self, TaskError> {
        let positive = [
            ("cutoff", config.cutoff),
            ("force_weight", config.force_weight),
        ];
        for (name, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return Err(TaskError::setting(
                    name,
                    format!("is {value}"),
                    "give a positive number",
                ));
            }
        }
        if !(config.energy_weight.is_finite() && config.energy_weight >= 0.0) {
            let problem = format!("is {}", config.energy_weight);
            return Err(TaskError::setting(
                "energy_weight",
                problem,
                "give 0 or more",
            ));
        }
        config.loss.validate().map_err(|error| {
            TaskError::setting("loss", error.to_string(), "give squared, norm or huber")
        })?;
        if config.closing_frames > 0 {
            let valid = design(config).validate(Symmetry::So3);
            valid.map_err(|error| {
                TaskError::setting(
                    "closing_rotations",
                    error.to_string(),
                    "give 2 or more, or closing_frames = 0",
                )
            })?;
        }
        Self::new(config, data)
    }

    fn data(&self) -> &DataSet {
        &self.data
    }

    fn batch(&self, items: &[usize], _draw: Draw) -> Result<Host, TaskError> {
        let sample = |&item: &usize| {
            let neighbours = self.neighbours(item)?;
            Ok(Sample { item, neighbours })
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
        let (count, atoms) = (cloud.batch, cloud.largest);
        let (mut force, mut share) = (vec![0.0; count * atoms * 3], vec![0.0; count * atoms]);
        let mut energy = Vec::with_capacity(count);
        for (place, sample) in host.0.iter().enumerate() {
            let species = self.data.atomic_numbers(sample.item);
            let forces = self.labels(sample.item)?;
            for (atom, vector) in forces.iter().enumerate() {
                let row = place * atoms + atom;
                share[row] = 1.0 / species.len() as f64;
                for axis in 0..3 {
                    force[row * 3 + axis] = vector[axis] / self.scale.force;
                }
            }
            energy.extend(
                self.data
                    .energy(sample.item)
                    .map(|energy| self.scale.normalised_energy(species, energy)),
            );
        }
        let energy = (self.data.has_energies() && self.config.energy_weight > 0.0)
            .then(|| Tensor::from_data(TensorData::new(energy, [count, 1, 1]), device));
        Ok(Batch {
            cloud,
            force: Tensor::from_data(TensorData::new(force, [count, atoms, 3]), device),
            energy,
            share: Tensor::from_data(TensorData::new(share, [count, atoms]), device),
        })
    }

    fn rotate(&self, batch: &Batch, rotations: &Rotations) -> Result<Batch, TaskError> {
        let mut turned = batch.clone();
        turned.cloud = batch.cloud.rotated(rotations.matrices());
        turned.force = rotations.rotate(batch.force.clone());
        Ok(turned)
    }

    fn turning<'a>(&self, batch: &'a mut Batch) -> Vec<(&'static str, &'a mut dyn BatchPart)> {
        vec![
            ("positions", &mut batch.cloud.positions),
            ("offsets of neighbours", &mut batch.cloud.offsets),
            ("forces", &mut batch.force),
        ]
    }

    fn untwist(&self, output: Output, rotations: &Rotations) -> Output {
        Output {
            force: rotations.unrotate(output.force),
            energy: output.energy,
        }
    }

    fn terms(&self, output: &Output, batch: &Batch) -> Vec<Term> {
        let force = |name, role, loss: Loss, weight: f64| {
            // The squared loss is a mean over components, the others over atoms.
            let share = if loss == Loss::Squared {
                weight / 3.0
            } else {
                weight
            };
            Term {
                name,
                role,
                loss,
                prediction: output.force.clone(),
                target: batch.force.clone(),
                weight: batch.share.clone() * share,
            }
        };
        let loss = self.config.loss;
        let mut terms = vec![force("force", Role::Train, loss, self.config.force_weight)];
        if loss != Loss::Squared {
            terms.push(force("force-squared", Role::Report, Loss::Squared, 1.0));
        }
        if loss != Loss::Norm {
            terms.push(force("force-norm", Role::Report, Loss::Norm, 1.0));
        }
        if let Some(energy) = &batch.energy {
            terms.push(Term {
                name: "energy",
                role: Role::Train,
                loss,
                prediction: output.energy.clone(),
                target: energy.clone(),
                weight: energy.ones_like().squeeze_dim(2) * self.config.energy_weight,
            });
        }
        terms
    }

    fn scores(&self, output: &Output, batch: &Batch) -> Vec<Score> {
        scores::scores(&self.scale, output, batch)
    }
    fn closing<A: Arm<Self>>(
        &self,
        model: &A,
        seed: u64,
        device: &Device,
    ) -> Result<FinalFigures, TaskError> {
        closing::closing(self, model, seed, device)
    }
}
