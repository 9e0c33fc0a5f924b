//! Which molecules, rotations and noise a measurement uses.

use std::collections::HashSet;

use burn::tensor::Device;
use twirl_core::{CoreError, Design, Precision, Purpose, Rotation, Stream, Symmetry};

use crate::{Draw, Evaluation, RunError, Task, TaskError};

/// Which molecules, rotations and noise a measurement uses: the same for every arm and step.
#[derive(Debug, Clone)]
pub struct Plan {
    items: Vec<usize>,
    draws: usize,
    batch: usize,
    pub(super) design: Design,
    pub(super) symmetry: Symmetry,
    pub(super) replicates: usize,
    pub(super) seed: u64,
    by_item: bool,
    pub(super) products: Precision,
}

/// Below this number of molecules, frames are the units of the bootstrap.
const FEW_MOLECULES: usize = 10;

impl Plan {
    /// Measures `items` under SO(3) as `evaluation` says; rotations and noise are functions of
    /// `seed` and item alone. The items are thinned evenly to `evaluation.items`.
    pub fn new<T: Task>(task: &T, items: &[usize], evaluation: &Evaluation, seed: u64) -> Self {
        let items = thinned(items, evaluation.items);
        let molecules = distinct(items.iter().map(|&item| task.data().molecule(item)));
        Self {
            items,
            draws: evaluation.draws,
            batch: evaluation.batch,
            design: evaluation.design,
            symmetry: Symmetry::So3,
            replicates: evaluation.replicates,
            seed,
            by_item: molecules < FEW_MOLECULES,
            products: Precision::default(),
        }
    }

    /// The same of models whose products round their operands.
    #[must_use]
    pub fn rounding(self, products: Precision) -> Self {
        Self { products, ..self }
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

    /// The unit of the bootstrap that an item belongs to: its molecule, or where there are few molecules
    /// the item itself.
    pub fn unit<T: Task>(&self, task: &T, item: usize) -> usize {
        if self.by_item {
            item
        } else {
            task.data().molecule(item)
        }
    }

    /// Rotations of `items` items that one pass evaluates together: as many as a batch has room for, the
    /// same number in every pass.
    pub(super) fn together(&self, items: usize) -> usize {
        let rotations = self.rotations();
        let most = (self.batch / items).clamp(1, rotations);
        let equal = |together: &usize| rotations.is_multiple_of(*together);
        (1..=most).rev().find(equal).expect("1 divides all")
    }

    /// Number of different units.
    pub(super) fn units<T: Task>(&self, task: &T) -> usize {
        distinct(self.items.iter().map(|&item| self.unit(task, item)))
    }

    /// The rotations of an item in a draw: a function of the seed, the item and the draw alone.
    ///
    /// # Errors
    /// Those of [`Design::validate`].
    pub fn draw(&self, item: usize, draw: u64) -> Result<Vec<Rotation>, CoreError> {
        rotations_of(&self.design, self.symmetry, self.seed, [item as u64, draw])
    }
}

/// At most `wanted` items, evenly over all, and so over the molecules whose frames follow one another.
/// 0: all.
pub(crate) fn thinned(items: &[usize], wanted: usize) -> Vec<usize> {
    let all = items.len();
    let wanted = if wanted == 0 { all } else { wanted.min(all) };
    (0..wanted)
        .map(|index| items[index * all / wanted])
        .collect()
}

/// How many different numbers there are.
pub(crate) fn distinct(numbers: impl Iterator<Item = usize>) -> usize {
    numbers.collect::<HashSet<_>>().len()
}

/// The rotations of an item in a draw under a design: a function of the seed and both alone.
pub(crate) fn rotations_of(
    design: &Design,
    symmetry: Symmetry,
    seed: u64,
    item_and_draw: [u64; 2],
) -> Result<Vec<Rotation>, CoreError> {
    let mut stream = Stream::new(seed, Purpose::Evaluate, item_and_draw);
    design.draw(&mut stream, symmetry)
}

/// Up to this number of poses, their batches stay on the device between measurements.
const KEPT: usize = 1024;

/// A plan with its batches on a device.
///
/// Batches of up to 1,024 poses are made once and kept; of more they are made for every
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
        let groups = prepared.groups();
        let poses = groups.iter();
        let poses = poses.map(|(_, items)| items.len() * plan.together(items.len()));
        if poses.sum::<usize>() <= KEPT {
            let made: Result<_, _> = (0..groups.len())
                .map(|group| prepared.batch(group))
                .collect();
            prepared.kept = Some(made?);
        }
        Ok(prepared)
    }

    /// The draw and the items of each batch.
    pub(super) fn groups(&self) -> Vec<(u64, &'a [usize])> {
        let of_draw = |draw| {
            let chunks = self.plan.items.chunks(self.plan.batch);
            chunks.map(move |items| (draw, items))
        };
        (0..self.plan.draws as u64).flat_map(of_draw).collect()
    }

    /// A batch in its stored pose: its items, one after the other, once for every rotation of a pass.
    pub(super) fn batch(&self, group: usize) -> Result<T::Batch, TaskError> {
        if let Some(kept) = &self.kept {
            return Ok(kept[group].clone());
        }
        let (draw, items) = self.groups()[group];
        let draw = Draw::measuring_again(self.plan.seed, draw);
        let items = items.repeat(self.plan.together(items.len()));
        let host = self.task.batch(&items, draw)?;
        self.task.load(&host, self.device)
    }
}
