//! The task on one data set.

use rand::RngExt;
use twirl_core::{Law, Rotation, Stream};
use twirl_data::{DataSet, elements};
use twirl_harness::TaskError;

use crate::{Lattice, Poses, VoxelDenoiseConfig};

/// The voxel-denoising task on one data set.
#[derive(Debug)]
pub struct VoxelDenoise {
    pub(crate) config: VoxelDenoiseConfig,
    pub(crate) data: DataSet,
    pub(crate) lattice: Lattice,
    pub(crate) elements: Vec<u8>,
}

impl VoxelDenoise {
    pub(crate) fn new(config: &VoxelDenoiseConfig, data: &DataSet) -> Result<Self, TaskError> {
        config.validate()?;
        Ok(Self {
            config: config.clone(),
            lattice: Lattice::new(config.grid, config.resolution, config.radius),
            elements: channel_elements(config, data)?,
            data: data.clone(),
        })
    }

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

    /// How far the centre of a molecule is moved, angstrom.
    pub(crate) fn shift(&self, stream: &mut Stream) -> [f64; 3] {
        let most = self.config.shift;
        std::array::from_fn(|_| most * (2.0 * stream.random::<f64>() - 1.0))
    }

    /// The pose of a molecule that is measured.
    pub(crate) fn measured_pose(&self, stream: &mut Stream) -> Rotation {
        match self.config.poses {
            Poses::Haar => Law::Haar.draw(stream),
            Poses::Stored => Rotation::identity(),
        }
    }

    /// Where the atoms of an item are in the box, angstrom.
    pub(crate) fn placed(&self, item: usize, pose: &Rotation, shift: [f64; 3]) -> Vec<[f64; 3]> {
        let place = |point: [f64; 3]| {
            let posed = pose.apply(point);
            std::array::from_fn(|axis| posed[axis] + shift[axis])
        };
        self.centred(item).into_iter().map(place).collect()
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
