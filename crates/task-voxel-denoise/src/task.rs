//! The task: batches, their rotation, and the loss.

use std::cell::OnceCell;

use burn::tensor::{Device, Tensor, TensorData};
use twirl_core::{Design, Loss, Rotation, Symmetry};
use twirl_data::{DataError, DataSet, Embedded};
use twirl_harness::{
    Arm, BatchPart, BayesError, Draw, FinalFigures, Role, Rotations, Score, Task, TaskError, Term,
};

use crate::arms::clean::CleanGrid;
use crate::batch::{Sample, off_the_lattice, stays_on_the_lattice};
use crate::noise::{Drawn, Noise};
use crate::{
    Batch, Host, NoiseLaw, Output, VoxelDenoise, VoxelDenoiseConfig, closing, cramer_rao, scores,
};

impl Task for VoxelDenoise {
    const NAME: &'static str = "voxel-denoise";
    const ABOUT: &'static str = "molecules as densities on a grid, seen through noise";
    type Config = VoxelDenoiseConfig;
    type Host = Host;
    type Batch = Batch;
    type Output = Output;
    type Reference = CleanGrid;

    fn embedded() -> Result<DataSet, DataError> {
        DataSet::embedded(Embedded::Conformers)
    }

    fn carries(
        config: &VoxelDenoiseConfig,
        design: &Design,
        symmetry: Symmetry,
    ) -> Result<(), TaskError> {
        match config.noise {
            NoiseLaw::Iid if !stays_on_the_lattice(design, symmetry) => Err(off_the_lattice()),
            NoiseLaw::Iid | NoiseLaw::BandLimited => Ok(()),
        }
    }

    fn open(config: &VoxelDenoiseConfig, data: &DataSet) -> Result<Self, TaskError> {
        Self::new(config, data)
    }

    fn data(&self) -> &DataSet {
        &self.data
    }

    fn batch(&self, items: &[usize], draw: Draw) -> Result<Host, TaskError> {
        let sample = |&item: &usize| {
            let mut stream = draw.stream(item);
            let shift = self.shift(&mut stream);
            let (lattice, elements) = (&self.lattice, self.elements.len());
            let noise = Drawn::new(&self.config, lattice, elements, &mut stream);
            let pose = if draw.is_measuring() {
                self.measured_pose(&mut stream)
            } else {
                Rotation::identity()
            };
            Sample {
                item,
                pose,
                shift,
                noise,
            }
        };
        Ok(Host {
            samples: items.iter().map(sample).collect(),
            measured: draw.is_measuring(),
        })
    }

    fn load(&self, host: &Host, device: &Device) -> Result<Batch, TaskError> {
        let batch = host.samples.len();
        let channels = self.elements.len();
        let numbers = |sample: &Sample| self.data.atomic_numbers(sample.item);
        let atoms = host.samples.iter().map(|sample| numbers(sample).len());
        let atoms = atoms.max().unwrap_or(1);
        let mut positions = vec![0.0; batch * atoms * 3];
        let mut kinds = vec![0.0_f32; batch * channels * atoms];
        let (mut counts, mut outside) = (vec![0.0; batch], vec![0.0; batch]);
        for (place, sample) in host.samples.iter().enumerate() {
            let species = numbers(sample);
            counts[place] = species.len() as f64;
            let placed = self.placed(sample.item, &sample.pose, sample.shift);
            for (atom, (moved, number)) in placed.into_iter().zip(species).enumerate() {
                let row = (place * atoms + atom) * 3;
                positions[row..row + 3].copy_from_slice(&moved);
                let known = self.elements.iter().position(|element| element == number);
                let channel = known.ok_or_else(|| {
                    let problem = format!("frame {}: no channel of element {number}", sample.item);
                    TaskError::data(self.data.name(), problem, "add it to elements")
                })?;
                kinds[(place * channels + channel) * atoms + atom] = 1.0;
                if !self.lattice.holds(moved) {
                    outside[place] += 1.0;
                }
            }
        }
        let drawn: Vec<&Drawn> = host.samples.iter().map(|sample| &sample.noise).collect();
        let vector =
            |values: Vec<f64>| Tensor::<1>::from_data(TensorData::new(values, [batch]), device);
        Ok(Batch {
            lattice: self.lattice,
            positions: Tensor::from_data(TensorData::new(positions, [batch, atoms, 3]), device),
            channels: Tensor::from_data(TensorData::new(kinds, [batch, channels, atoms]), device),
            atoms: vector(counts),
            outside: vector(outside),
            noise: Noise::load(&drawn, channels, &self.lattice, device),
            sigma: self.config.sigma,
            inside: self.lattice.inside_on(device),
            measured: host.measured,
            grids: OnceCell::new(),
        })
    }

    fn rotate(&self, batch: &Batch, rotations: &Rotations) -> Result<Batch, TaskError> {
        batch.rotate(rotations)
    }

    fn turning<'a>(&self, batch: &'a mut Batch) -> Vec<(&'static str, &'a mut dyn BatchPart)> {
        batch.turning()
    }

    fn untwist(&self, output: Output, rotations: &Rotations) -> Output {
        output.unrotate(rotations)
    }

    fn terms(&self, output: &Output, batch: &Batch) -> Vec<Term> {
        let flat = |field: Tensor<5>| {
            let values = batch.values_inside(field);
            let [batch, channels, voxels] = values.dims();
            values.reshape([batch, 1, channels * voxels])
        };
        let prediction = flat(output.density.clone());
        let target = flat(batch.clean());
        let [count, _, values] = target.dims();
        vec![Term {
            name: "density",
            role: Role::Train,
            loss: Loss::Squared,
            weight: Tensor::ones([count, 1], &target.device()) / values as f64,
            prediction,
            target,
        }]
    }

    fn scores(&self, output: &Output, batch: &Batch) -> Vec<Score> {
        scores::scores(output, batch)
    }

    fn bayes_error(&self, items: &[usize], draws: &[Draw]) -> Result<BayesError, TaskError> {
        Ok(cramer_rao::reference(self, items, draws))
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
