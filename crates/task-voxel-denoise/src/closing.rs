//! What a finished model is asked: atoms out of held-out grids, molecules out of noise.

use burn::tensor::Device;
use twirl_core::{Law, Purpose, Stream};
use twirl_data::Split;
use twirl_harness::{Arm, Closing, Draw, Rotations, Task, TaskError};

use crate::bonds::{Contacts, Counted};
use crate::figures::{Recovered, bonded, recovered};
use crate::peaks::{Atom, find_atoms};
use crate::walk_jump::{Walk, denoise, split};
use crate::{Batch, VoxelDenoise, pictures};

/// Molecules whose grids are denoised at once.
const TOGETHER: usize = 8;
/// Held-out molecules whose bonds stand beside those of samples, at least.
const HELD_OUT: usize = 64;
/// Ending of the figures of molecules that are jumped to from where the walks start.
const FROM_START: &str = "-jumped-from-start";

pub(crate) fn closing<A: Arm<VoxelDenoise>>(
    task: &VoxelDenoise,
    model: &A,
    seed: u64,
    device: &Device,
) -> Result<Closing, TaskError> {
    let mut closing = Closing::default();
    recovery(task, model, seed, device, &mut closing)?;
    samples(task, model, seed, device, &mut closing);
    Ok(closing)
}

/// Recovered atoms in denoised, noisy and clean grids of held-out molecules in random poses. Atoms
/// beyond the ball cannot be recovered from any of them: they are counted and left out.
fn recovery<A: Arm<VoxelDenoise>>(
    task: &VoxelDenoise,
    model: &A,
    seed: u64,
    device: &Device,
    closing: &mut Closing,
) -> Result<(), TaskError> {
    let items = held_out(task, task.config().closing.molecules);
    let mut counts: [Vec<Recovered>; 3] = Default::default();
    for items in items.chunks(TOGETHER) {
        let host = task.batch(items, Draw::closing(seed))?;
        let batch = posed(task, &task.load(&host, device)?, seed, items, device)?;
        let denoised = denoise(task, model, batch.noisy());
        let all = atoms_of(task, items, &batch);
        let kinds = [denoised.clone(), batch.noisy(), batch.clean()];
        for (counts, grids) in counts.iter_mut().zip(kinds) {
            for ((&item, all), grid) in items.iter().zip(&all).zip(split(grids, items.len())) {
                let found = atoms_in(task, &grid);
                let distance = task.config().closing.distance;
                let holds = |atom: &Atom| task.lattice().holds(atom.position);
                counts.push(Recovered::of(
                    task.data().molecule(item),
                    all,
                    &found,
                    holds,
                    distance,
                ));
            }
        }
        if closing.pictures.is_empty() {
            closing
                .pictures
                .push(pictures::picture(task, &batch, denoised));
        }
    }
    if items.is_empty() {
        return Ok(());
    }
    let [denoised, noisy, clean] = counts.map(|counts| recovered(&counts, seed));
    closing.figures.extend(denoised);
    closing.baselines.insert("noisy grid".into(), noisy);
    closing.baselines.insert("clean grid".into(), clean);
    Ok(())
}

/// Test items, evenly spaced.
fn held_out(task: &VoxelDenoise, wanted: usize) -> Vec<usize> {
    let test = task.items(Split::Test);
    let wanted = wanted.min(test.len());
    (0..wanted)
        .map(|index| test[index * test.len() / wanted])
        .collect()
}

/// The batch in a random pose: an arm that learnt the stored pose is not favoured.
fn posed(
    task: &VoxelDenoise,
    batch: &Batch,
    seed: u64,
    items: &[usize],
    device: &Device,
) -> Result<Batch, TaskError> {
    let draw = |&item: &usize| {
        Law::Haar.draw(&mut Stream::new(
            seed,
            Purpose::Sample,
            [u64::MAX, item as u64],
        ))
    };
    let rotations = Rotations::new(items.iter().map(draw).collect(), device);
    task.rotate(batch, &rotations)
}

fn atoms_of(task: &VoxelDenoise, items: &[usize], batch: &Batch) -> Vec<Vec<Atom>> {
    let positions: Vec<f64> = batch.positions.clone().into_data().iter::<f64>().collect();
    let size = positions.len() / items.len();
    let molecules = items.iter().zip(positions.chunks(size));
    molecules
        .map(|(&item, positions)| {
            let numbers = task.data().atomic_numbers(item).iter();
            numbers
                .zip(positions.chunks(3))
                .map(|(&number, point)| Atom {
                    number,
                    position: [point[0], point[1], point[2]],
                })
                .collect()
        })
        .collect()
}

fn atoms_in(task: &VoxelDenoise, grid: &[f32]) -> Vec<Atom> {
    let peak = task.config().closing.peak;
    find_atoms(grid, task.elements(), task.lattice(), peak)
}

/// Bond lengths in molecules sampled by the model, beside those of held-out molecules.
fn samples<A: Arm<VoxelDenoise>>(
    task: &VoxelDenoise,
    model: &A,
    seed: u64,
    device: &Device,
    closing: &mut Closing,
) {
    let config = &task.config().closing;
    if config.samples == 0 {
        return;
    }
    let known = Contacts::of(task);
    let walk = Walk {
        steps: config.steps,
        step: config.step,
        friction: config.friction,
        seed,
    };
    let judge = |walk: Walk| -> Vec<(usize, Counted)> {
        let sampled = walk.run(task, model, config.samples, device);
        let atoms = sampled.iter().map(|grid| atoms_in(task, grid));
        atoms.map(|atoms| known.count(&atoms)).enumerate().collect()
    };
    closing.figures.extend(bonded(&judge(walk), seed));
    // Of this arm and not a baseline, which stands once for all arms.
    let jumped = bonded(&judge(Walk { steps: 0, ..walk }), seed);
    let named = jumped
        .into_iter()
        .map(|(name, figure)| (format!("{name}{FROM_START}"), figure));
    closing.figures.extend(named);
    let items = held_out(task, config.samples.max(HELD_OUT));
    let molecules = items.into_iter().map(|item| {
        let numbers = task.data().atomic_numbers(item).iter();
        let atoms: Vec<Atom> = numbers
            .zip(task.data().positions(item))
            .map(|(&number, &position)| Atom { number, position })
            .collect();
        (task.data().molecule(item), known.count(&atoms))
    });
    let molecules: Vec<(usize, Counted)> = molecules.collect();
    closing
        .baselines
        .insert("held-out molecules".into(), bonded(&molecules, seed));
}
