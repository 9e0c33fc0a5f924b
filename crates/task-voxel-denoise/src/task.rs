//! The task: batches, their rotation, and the loss.

use std::cell::OnceCell;

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use twirl_core::Loss;
use twirl_data::{DataSet, Embedded, elements};
use twirl_harness::{Arm, Closing, Draw, Role, Rotations, Score, Task, TaskError, Term};

use crate::arms::clean::CleanGrid;
use crate::noise::{Drawn, Noise};
use crate::{Batch, Lattice, Output, VoxelDenoiseConfig, closing, scores};

/// The voxel-denoising task on one data set.
#[derive(Debug)]
pub struct VoxelDenoise {
    config: VoxelDenoiseConfig,
    data: DataSet,
    lattice: Lattice,
    elements: Vec<u8>,
}

impl VoxelDenoise {
    /// Settings.
    pub fn config(&self) -> &VoxelDenoiseConfig {
        &self.config
    }

    /// The box.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// Atomic number of every channel.
    pub fn elements(&self) -> &[u8] {
        &self.elements
    }

    /// Positions about the centre of the atoms, angstrom.
    pub(crate) fn centred(&self, item: usize) -> Vec<[f64; 3]> {
        let positions = self.data.positions(item);
        let count = positions.len() as f64;
        let centre: [f64; 3] = std::array::from_fn(|axis| {
            positions.iter().map(|point| point[axis]).sum::<f64>() / count
        });
        let away = |point: &[f64; 3]| std::array::from_fn(|axis| point[axis] - centre[axis]);
        positions.iter().map(away).collect()
    }
}

/// One molecule of a batch.
#[derive(Debug)]
struct Sample {
    item: usize,
    shift: [f64; 3],
    noise: Drawn,
}

/// A batch on the host: everything random is drawn.
#[derive(Debug)]
pub struct Host {
    samples: Vec<Sample>,
    measured: bool,
}

impl Batch {
    /// Values at the voxels in the ball, `[batch, channels, voxels]`.
    pub(crate) fn values_inside(&self, field: Tensor<5>) -> Tensor<3> {
        let [batch, channels, ..] = field.dims();
        let inside = self.inside.clone();
        let values = field.reshape([batch * channels, self.lattice.voxels()]);
        let count = inside.dims()[0];
        values.select(1, inside).reshape([batch, channels, count])
    }
}

impl Task for VoxelDenoise {
    const NAME: &'static str = "voxel-denoise";
    const ABOUT: &'static str = "molecules as densities on a grid, seen through noise";
    const EMBEDDED: Embedded = Embedded::Conformers;
    type Config = VoxelDenoiseConfig;
    type Host = Host;
    type Batch = Batch;
    type Output = Output;
    type Reference = CleanGrid;

    fn open(config: &VoxelDenoiseConfig, data: &DataSet) -> Result<Self, TaskError> {
        config.validate()?;
        Ok(Self {
            config: config.clone(),
            lattice: Lattice::new(config.grid, config.resolution, config.radius),
            elements: channel_elements(config, data)?,
            data: data.clone(),
        })
    }

    fn data(&self) -> &DataSet {
        &self.data
    }

    fn batch(&self, items: &[usize], draw: Draw) -> Result<Host, TaskError> {
        let sample = |&item: &usize| {
            let mut stream = draw.stream(item);
            let shift = self.config.shift;
            Sample {
                item,
                shift: std::array::from_fn(|_| shift * (2.0 * stream.random::<f64>() - 1.0)),
                noise: Drawn::new(
                    &self.config,
                    &self.lattice,
                    self.elements.len(),
                    &mut stream,
                ),
            }
        };
        Ok(Host {
            samples: items.iter().map(sample).collect(),
            measured: draw.is_measuring(),
        })
    }

    fn load(&self, host: &Host, device: &Device) -> Batch {
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
            let centred = self.centred(sample.item);
            for (atom, (point, number)) in centred.iter().zip(species).enumerate() {
                let moved: [f64; 3] = std::array::from_fn(|axis| point[axis] + sample.shift[axis]);
                let row = (place * atoms + atom) * 3;
                positions[row..row + 3].copy_from_slice(&moved);
                let known = self.elements.iter().position(|element| element == number);
                let channel = known.expect("checked when the task was opened");
                kinds[(place * channels + channel) * atoms + atom] = 1.0;
                if !self.lattice.holds(moved) {
                    outside[place] += 1.0;
                }
            }
        }
        let drawn: Vec<&Drawn> = host.samples.iter().map(|sample| &sample.noise).collect();
        let vector =
            |values: Vec<f64>| Tensor::<1>::from_data(TensorData::new(values, [batch]), device);
        Batch {
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
        }
    }

    fn rotate(&self, batch: &Batch, rotations: &Rotations) -> Batch {
        batch.rotate(rotations)
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

    fn closing<A: Arm<Self>>(
        &self,
        model: &A,
        seed: u64,
        device: &Device,
    ) -> Result<Closing, TaskError> {
        closing::closing(self, model, seed, device)
    }
}

/// The atomic numbers of the channels; every element of the data must have one.
fn channel_elements(config: &VoxelDenoiseConfig, data: &DataSet) -> Result<Vec<u8>, TaskError> {
    if config.elements.is_empty() {
        return Ok(data.elements());
    }
    let mut numbers = Vec::new();
    for symbol in &config.elements {
        let number = elements::atomic_number(symbol).ok_or_else(|| {
            let problem = format!("{symbol} is no element");
            TaskError::setting("elements", problem, "give symbols like C or Cl")
        })?;
        if numbers.contains(&number) {
            let problem = format!("{symbol} is given twice");
            return Err(TaskError::setting("elements", problem, "give each once"));
        }
        numbers.push(number);
    }
    let missing = data
        .elements()
        .into_iter()
        .find(|number| !numbers.contains(number));
    match missing {
        None => Ok(numbers),
        Some(number) => {
            let symbol = elements::symbol(number).unwrap_or("?");
            Err(TaskError::data(
                data.name(),
                format!("holds {symbol}, for which there is no channel"),
                format!("add {symbol} to elements, or leave elements empty"),
            ))
        }
    }
}
