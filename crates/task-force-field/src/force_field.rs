//! The task on one data set.

use twirl_data::{DataSet, Split};
use twirl_equivariant::NeighbourList;
use twirl_harness::TaskError;

use crate::{ForceFieldConfig, Scale};

/// The force-field task on one data set.
#[derive(Debug)]
pub struct ForceField {
    pub(crate) config: ForceFieldConfig,
    pub(crate) data: DataSet,
    pub(crate) scale: Scale,
    mean_neighbours: f64,
}

impl ForceField {
    pub(crate) fn new(config: &ForceFieldConfig, data: &DataSet) -> Result<Self, TaskError> {
        let mut task = Self {
            config: config.clone(),
            data: data.clone(),
            scale: Scale::fit(data)?,
            mean_neighbours: 1.0,
        };
        task.mean_neighbours = task.count_neighbours()?;
        Ok(task)
    }

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

    /// Forces of a frame, eV/A.
    pub(crate) fn labels(&self, item: usize) -> Result<&[[f64; 3]], TaskError> {
        self.data.forces(item).ok_or_else(|| {
            let problem = format!("frame {item} has no forces");
            TaskError::data(self.data.name(), problem, "remove it")
        })
    }

    pub(crate) fn neighbours(&self, item: usize) -> Result<NeighbourList, TaskError> {
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
        let items = self.data.split(Split::Train);
        let count = match self.config.counted_frames {
            0 => items.len(),
            wanted => wanted,
        };
        for &item in items.iter().take(count) {
            let list = self.neighbours(item)?;
            atoms += list.atoms();
            edges += (0..list.atoms())
                .map(|atom| list.of(atom).len())
                .sum::<usize>();
        }
        Ok((edges as f64 / f64::max(atoms as f64, 1.0)).max(1.0))
    }
}
