//! Which molecules, rotations and noise a measurement uses.

use burn::tensor::Device;
use twirl_core::{CoreError, Design, Purpose, Rotation, Stream, Symmetry};

use crate::{Draw, Evaluation, RunError, Task, TaskError};

/// Which molecules, rotations and noise a measurement uses: the same for every arm and step.
#[derive(Debug, Clone)]
pub struct Plan {
    items: Vec<usize>,
    batch: usize,
    pub(super) design: Design,
    pub(super) symmetry: Symmetry,
    pub(super) replicates: usize,
    pub(super) seed: u64,
    by_item: bool,
}

/// Below this number of molecules, frames are the units of the bootstrap.
const FEW_MOLECULES: usize = 10;

impl Plan {
    /// Measures `items` under SO(3) as `evaluation` says; rotations and noise are functions of
    /// `seed` and item alone. The items are thinned evenly to `evaluation.items`.
    pub fn new<T: Task>(task: &T, items: &[usize], evaluation: &Evaluation, seed: u64) -> Self {
        let wanted = match evaluation.items {
            0 => items.len(),
            wanted => wanted.min(items.len()),
        };
        let items: Vec<usize> = (0..wanted)
            .map(|index| items[index * items.len() / wanted])
            .collect();
        let mut molecules: Vec<usize> = items.iter().map(|&i| task.data().molecule(i)).collect();
        molecules.sort_unstable();
        molecules.dedup();
        Self {
            items,
            batch: evaluation.batch,
            design: evaluation.design,
            symmetry: Symmetry::So3,
            replicates: evaluation.replicates,
            seed,
            by_item: molecules.len() < FEW_MOLECULES,
        }
    }

    /// The same items and noise under other rotations.
    #[must_use]
    pub fn under(&self, design: Design, symmetry: Symmetry) -> Self {
        Self {
            design,
            symmetry,
            ..self.clone()
        }
    }

    /// Rotations of each item.
    pub fn rotations(&self) -> usize {
        self.design.rotations(self.symmetry)
    }

    /// Items measured.
    pub fn items(&self) -> &[usize] {
        &self.items
    }

    /// The unit of the bootstrap that an item belongs to.
    pub(super) fn unit<T: Task>(&self, task: &T, item: usize) -> usize {
        if self.by_item {
            item
        } else {
            task.data().molecule(item)
        }
    }

    /// Number of different units.
    pub(super) fn units<T: Task>(&self, task: &T) -> usize {
        let mut units: Vec<usize> = self.items.iter().map(|&i| self.unit(task, i)).collect();
        units.sort_unstable();
        units.dedup();
        units.len()
    }

    /// The rotations of an item.
    pub(super) fn draw(&self, item: usize) -> Result<Vec<Rotation>, CoreError> {
        rotations_of(&self.design, self.symmetry, self.seed, item)
    }
}

/// The rotations of an item under a design: a function of `(seed, item)` alone.
pub(crate) fn rotations_of(
    design: &Design,
    symmetry: Symmetry,
    seed: u64,
    item: usize,
) -> Result<Vec<Rotation>, CoreError> {
    let mut stream = Stream::new(seed, Purpose::Evaluate, [item as u64, 0]);
    design.draw(&mut stream, symmetry)
}

/// Up to this number of items, their batches stay on the device between measurements.
const KEPT_ITEMS: usize = 1024;

/// A plan with its batches on a device.
///
/// Batches of up to 1,024 items are made once and kept; of more they are made for every
/// measurement, so that memory stays bounded.
pub struct Prepared<'a, T: Task> {
    pub(super) task: &'a T,
    pub(super) plan: &'a Plan,
    pub(super) device: &'a Device,
    kept: Option<Vec<T::Batch>>,
}

impl<'a, T: Task> Prepared<'a, T> {
    /// Makes the batches of a plan.
    ///
    /// # Errors
    /// If there is no item, or an item cannot be made into a batch.
    pub fn new(task: &'a T, plan: &'a Plan, device: &'a Device) -> Result<Self, RunError> {
        if plan.items.is_empty() {
            return Err(RunError::Config(format!(
                "data set {}: no item to measure; give a data set with a test part",
                task.data().name()
            )));
        }
        let mut prepared = Self {
            task,
            plan,
            device,
            kept: None,
        };
        if plan.items.len() <= KEPT_ITEMS {
            let made: Result<_, _> = (0..prepared.groups().len())
                .map(|group| prepared.batch(group))
                .collect();
            prepared.kept = Some(made?);
        }
        Ok(prepared)
    }

    /// The items of each batch.
    pub(super) fn groups(&self) -> Vec<&'a [usize]> {
        self.plan.items.chunks(self.plan.batch).collect()
    }

    /// A batch in its stored pose.
    pub(super) fn batch(&self, group: usize) -> Result<T::Batch, TaskError> {
        if let Some(kept) = &self.kept {
            return Ok(kept[group].clone());
        }
        let items = self.groups()[group];
        let host = self.task.batch(items, Draw::measuring(self.plan.seed))?;
        self.task.load(&host, self.device)
    }
}
