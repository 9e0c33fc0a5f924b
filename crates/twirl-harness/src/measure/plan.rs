//! Which molecules, rotations and noise a measurement uses.

use std::collections::{BTreeMap, HashMap, HashSet};

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
    /// The block of each item, where molecules are few.
    blocks: Option<HashMap<usize, usize>>,
    pub(super) products: Precision,
}

/// Below this number of molecules, blocks of frames are the units of the bootstrap, as many or a few more.
const FEW_MOLECULES: usize = 10;

impl Plan {
    /// Measures `items` under SO(3) as `evaluation` says; rotations and noise are functions of
    /// `seed` and item alone. The items are thinned evenly to `evaluation.items`.
    pub fn new<T: Task>(task: &T, items: &[usize], evaluation: &Evaluation, seed: u64) -> Self {
        let items = thinned(items, evaluation.items);
        let molecules: Vec<usize> = items
            .iter()
            .map(|&item| task.data().molecule(item))
            .collect();
        let blocks = blocks(&molecules).map(|blocks| items.iter().copied().zip(blocks).collect());
        Self {
            items,
            draws: evaluation.draws,
            batch: evaluation.batch,
            design: evaluation.design,
            symmetry: Symmetry::So3,
            replicates: evaluation.replicates,
            seed,
            blocks,
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

    /// The draws in which each item is measured.
    pub fn draws(&self) -> Vec<Draw> {
        (0..self.draws as u64)
            .map(|draw| self.draw_of(draw))
            .collect()
    }

    fn draw_of(&self, draw: u64) -> Draw {
        Draw::measuring_again(self.seed, draw)
    }

    /// The unit of the bootstrap that an item belongs to: its molecule, or where there are few molecules
    /// a block of its consecutive frames, because those of a trajectory remember each other.
    ///
    /// # Panics
    /// If the item is not measured.
    pub fn unit<T: Task>(&self, task: &T, item: usize) -> usize {
        match &self.blocks {
            Some(blocks) => blocks[&item],
            None => task.data().molecule(item),
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

/// The block of each item from the molecules of all: nothing from ten molecules on. The items of each
/// molecule, in their order, are cut into as many blocks of equal length as make ten or a few more in all.
fn blocks(molecules: &[usize]) -> Option<Vec<usize>> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for &molecule in molecules {
        *counts.entry(molecule).or_default() += 1;
    }
    if counts.len() >= FEW_MOLECULES {
        return None;
    }
    let each = FEW_MOLECULES.div_ceil(counts.len().max(1));
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    let number = |molecule: &usize| {
        let place = seen.entry(*molecule).or_default();
        let block = *place * each / counts[molecule];
        *place += 1;
        molecule * each + block
    };
    Some(molecules.iter().map(number).collect())
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
        let items = items.repeat(self.plan.together(items.len()));
        let host = self.task.batch(&items, self.plan.draw_of(draw))?;
        self.task.load(&host, self.device)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use twirl_core::Tally;

    use super::*;

    #[test]
    fn few_molecules_are_cut_into_blocks_of_consecutive_frames() {
        assert_eq!(blocks(&(0..10).collect::<Vec<_>>()), None);
        let one = blocks(&[7; 25]).expect("one molecule");
        assert_eq!(distinct(one.iter().copied()), 10);
        assert!(
            one.is_sorted() && one[0] == one[2] && one[0] != one[3],
            "{one:?}"
        );
        // Three molecules in turn: four blocks of each, none of two molecules.
        let molecules: Vec<usize> = (0..24).map(|item| item % 3).collect();
        let three = blocks(&molecules).expect("three molecules");
        assert_eq!(distinct(three.iter().copied()), 12);
        assert_eq!(three[0], three[3]);
        assert!(three[0] != three[1] && three[3] != three[6], "{three:?}");
        assert_eq!(distinct(blocks(&[4; 3]).expect("few").into_iter()), 3);
    }

    /// Coverage of the interval of a percentage over one trajectory whose frames remember each other: the
    /// logarithms of loss and symmetry error are autoregressive with the correlation `memory` from one
    /// measured frame to the next.
    fn coverage(memory: f64, unit: impl Fn(usize) -> usize) -> f64 {
        const REPEATS: u64 = 400;
        let mut covered = 0;
        for repeat in 0..REPEATS {
            let mut stream = Stream::new(11, Purpose::Other(3), [repeat, 0]);
            let mut tally = Tally::new(400, repeat, 2).expect("sizes");
            let fresh = (1.0 - memory * memory).sqrt();
            let mut normal = || {
                let [u, v] = [(); 2].map(|()| stream.random::<f64>());
                (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
            };
            let mut state = [normal(), normal()];
            for frame in 0..FRAMES {
                let [loss, share] = state.map(|x: f64| (0.5 * x - 0.125).exp());
                let values = [loss, 0.1 * loss * share];
                tally.add(unit(frame) as u64, 1.0, &values).expect("finite");
                state = state.map(|x| memory * x + fresh * normal());
            }
            let interval = tally.ratio(1, 0).expect("frames");
            covered += u32::from(interval.low <= 0.1 && 0.1 <= interval.high);
        }
        f64::from(covered) / REPEATS as f64
    }

    const FRAMES: usize = 256;

    /// The table of `docs/statistics.md`, with three standard errors of its 400 trajectories.
    #[test]
    fn blocks_of_a_trajectory_cover_what_the_docs_say() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/statistics.md");
        let page = std::fs::read_to_string(page).expect("the page beside the crates");
        let blocks = blocks(&[0; FRAMES]).expect("one molecule");
        let rows = page.lines().filter(|line| line.starts_with("| memory "));
        let mut compared = 0;
        for row in rows {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let memory: f64 = cells[1]["memory ".len()..].parse().expect("a correlation");
            let found = [
                coverage(memory, |frame| frame),
                coverage(memory, |frame| blocks[frame]),
            ];
            println!("memory {memory}: {found:?}");
            for (found, stated) in found.iter().zip(&cells[2..4]) {
                let stated: f64 = stated.parse().expect("a coverage");
                let error = 3.0 * (stated * (1.0 - stated) / 400.0).sqrt();
                assert!((found - stated).abs() < error, "{row}: {found}");
                compared += 1;
            }
        }
        assert_eq!(compared, 8);
    }
}
