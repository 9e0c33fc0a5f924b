//! Batches, their rotation, and the loss.

use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::Loss;
use twirl_data::{DataSet, Embedded, Split};
use twirl_equivariant::{Cloud, Molecule, NeighbourList};
use twirl_harness::{Draw, Role, Rotations, Score, Task, TaskError, Term};

use crate::{ForceFieldConfig, PainnArm, Scale, scores};

/// Frames from which the typical number of neighbours is taken.
const COUNTED_FRAMES: usize = 64;

/// The force-field task on one data set.
#[derive(Debug)]
pub struct ForceField {
    config: ForceFieldConfig,
    data: DataSet,
    scale: Scale,
    mean_neighbours: f64,
}

impl ForceField {
    /// Settings.
    pub fn config(&self) -> &ForceFieldConfig {
        &self.config
    }

    /// Units in which networks predict.
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Typical number of neighbours of an atom, at least 1: what sums over neighbours are scaled
    /// by.
    pub fn mean_neighbours(&self) -> f64 {
        self.mean_neighbours
    }

    fn neighbours(&self, item: usize) -> Result<NeighbourList, TaskError> {
        let positions = self.data.positions(item);
        NeighbourList::build(positions, self.config.cutoff, self.config.max_neighbours).map_err(
            |error| {
                let problem = format!("frame {item}: {error}");
                TaskError::data(self.data.name(), problem, "remove the frame")
            },
        )
    }

    /// Over the first frames of the training part.
    fn count_neighbours(&self) -> Result<f64, TaskError> {
        let (mut edges, mut atoms) = (0, 0);
        for &item in self.items(Split::Train).iter().take(COUNTED_FRAMES) {
            let list = self.neighbours(item)?;
            atoms += list.atoms();
            edges += (0..list.atoms())
                .map(|atom| list.of(atom).len())
                .sum::<usize>();
        }
        Ok((edges as f64 / f64::max(atoms as f64, 1.0)).max(1.0))
    }
}

/// One molecule of a batch.
#[derive(Debug)]
struct Sample {
    item: usize,
    neighbours: NeighbourList,
}

/// A batch on the host: neighbour lists are made here, before any rotation.
#[derive(Debug)]
pub struct Host(Vec<Sample>);

/// A batch on the device; what is given by molecule and atom is padded to the N atoms of the largest.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Species, positions and neighbours.
    pub cloud: Cloud,
    /// Forces in units of the scale `[batch, N, 3]`, 0 at padding.
    pub force: Tensor<3>,
    /// Energy per atom in units of the scale `[batch, 1, 1]`, if the data have energies.
    pub energy: Option<Tensor<3>>,
    /// `1 / atoms` of the molecule at its atoms, 0 at padding `[batch, N]`.
    pub share: Tensor<2>,
}

/// What an arm predicts, in units of the scale.
#[derive(Debug, Clone)]
pub struct Output {
    /// `[batch, N, 3]`; what it holds at padding is not read.
    pub force: Tensor<3>,
    /// Energy per atom `[batch, 1, 1]`.
    pub energy: Tensor<3>,
}

impl Task for ForceField {
    const NAME: &'static str = "force-field";
    const ABOUT: &'static str = "energy and forces of a molecule, forces predicted directly";
    const EMBEDDED: Embedded = Embedded::Forces;
    type Config = ForceFieldConfig;
    type Host = Host;
    type Batch = Batch;
    type Output = Output;
    type Reference = PainnArm;

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
        let scale = Scale::fit(data)?;
        let mut task = Self {
            config: config.clone(),
            data: data.clone(),
            scale,
            mean_neighbours: 1.0,
        };
        task.mean_neighbours = task.count_neighbours()?;
        Ok(task)
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

    fn load(&self, host: &Host, device: &Device) -> Batch {
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
            .expect("the data set was checked when it was read");
        let (count, atoms) = (cloud.batch, cloud.largest);
        let (mut force, mut share) = (vec![0.0; count * atoms * 3], vec![0.0; count * atoms]);
        let mut energy = Vec::with_capacity(count);
        for (place, sample) in host.0.iter().enumerate() {
            let species = self.data.atomic_numbers(sample.item);
            let forces = self
                .data
                .forces(sample.item)
                .expect("checked when the task was opened");
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
        Batch {
            cloud,
            force: Tensor::from_data(TensorData::new(force, [count, atoms, 3]), device),
            energy,
            share: Tensor::from_data(TensorData::new(share, [count, atoms]), device),
        }
    }

    fn rotate(&self, batch: &Batch, rotations: &Rotations) -> Batch {
        let mut turned = batch.clone();
        turned.cloud = batch.cloud.rotated(rotations.matrices());
        turned.force = rotations.rotate(batch.force.clone());
        turned
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
}
