//! What a finished model is asked: atoms out of held-out grids, molecules out of noise.

use std::collections::BTreeMap;

use burn::tensor::Device;
use twirl_core::{Law, Purpose, Stream, Tally};
use twirl_data::Split;
use twirl_harness::{Arm, Closing, Draw, Figure, Rotations, Task, TaskError};

use crate::bonds::{Contacts, Counted};
use crate::peaks::{Atom, Matched, find_atoms, match_atoms};
use crate::walk_jump::{Walk, denoise, split};
use crate::{Batch, VoxelDenoise, pictures};

/// Molecules whose grids are denoised at once.
const TOGETHER: usize = 8;

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

/// Recovered atoms in denoised, noisy and clean grids of held-out molecules in random poses.
fn recovery<A: Arm<VoxelDenoise>>(
    task: &VoxelDenoise,
    model: &A,
    seed: u64,
    device: &Device,
    closing: &mut Closing,
) -> Result<(), TaskError> {
    let test = task.items(Split::Test);
    let wanted = task.config().closing.molecules.min(test.len());
    let items: Vec<usize> = (0..wanted)
        .map(|index| test[index * test.len() / wanted])
        .collect();
    let mut counts: [Vec<(usize, Matched)>; 3] = Default::default();
    for items in items.chunks(TOGETHER) {
        // A training draw of a step that no training takes: the same for every arm.
        let host = task.batch(items, Draw::training(seed, u64::MAX - 1))?;
        let batch = posed(task, &task.load(&host, device), seed, items, device);
        let denoised = denoise(task, model, batch.noisy());
        let truth = atoms_of(task, items, &batch);
        let kinds = [denoised.clone(), batch.noisy(), batch.clean()];
        for (counts, grids) in counts.iter_mut().zip(kinds) {
            for ((&item, truth), grid) in items.iter().zip(&truth).zip(split(grids, items.len())) {
                let found = atoms_in(task, &grid);
                let distance = task.config().closing.distance;
                counts.push((
                    task.data().molecule(item),
                    match_atoms(truth, &found, distance),
                ));
            }
        }
        if closing.pictures.is_empty() {
            closing
                .pictures
                .push(pictures::picture(task, &batch, denoised));
        }
    }
    if wanted == 0 {
        return Ok(());
    }
    let [denoised, noisy, clean] = counts.map(|counts| recovered(&counts, seed));
    closing.figures.extend(denoised);
    closing.baselines.insert("noisy grid".into(), noisy);
    closing.baselines.insert("clean grid".into(), clean);
    Ok(())
}

/// The batch in a random pose: an arm that learnt the stored pose is not favoured.
fn posed(task: &VoxelDenoise, batch: &Batch, seed: u64, items: &[usize], device: &Device) -> Batch {
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
    let sampled = walk.run(task, model, config.samples, device);
    let atoms = sampled
        .iter()
        .map(|grid| known.count(&atoms_in(task, grid)));
    closing.figures.extend(bonded(atoms, seed));
    let jumped = Walk { steps: 0, ..walk }.run(task, model, config.samples, device);
    let atoms = jumped.iter().map(|grid| known.count(&atoms_in(task, grid)));
    closing
        .baselines
        .insert("jump without a walk".into(), bonded(atoms, seed));
    let test = task.items(Split::Test).iter().take(config.samples.max(64));
    let molecules = test.map(|&item| {
        let numbers = task.data().atomic_numbers(item).iter();
        let atoms: Vec<Atom> = numbers
            .zip(task.data().positions(item))
            .map(|(&number, &position)| Atom { number, position })
            .collect();
        known.count(&atoms)
    });
    closing
        .baselines
        .insert("held-out molecules".into(), bonded(molecules, seed));
}

fn recovered(counts: &[(usize, Matched)], seed: u64) -> BTreeMap<String, Figure> {
    let rows = counts.iter().map(|(molecule, count)| {
        (
            *molecule,
            [
                count.pairs,
                count.truth,
                count.found - count.pairs,
                count.found,
            ],
        )
    });
    ratios(rows, ["recovered-atoms", "spurious-atoms"], seed)
}

fn bonded(counts: impl Iterator<Item = Counted>, seed: u64) -> BTreeMap<String, Figure> {
    let counts: Vec<Counted> = counts.collect();
    let rows = counts.iter().enumerate().map(|(sample, count)| {
        (
            sample,
            [count.valid, count.contacts, count.alone, count.atoms],
        )
    });
    let mut figures = ratios(rows, ["valid-bonds", "unbonded-atoms"], seed);
    let atoms: usize = counts.iter().map(|count| count.atoms).sum();
    figures.insert(
        "atoms-per-molecule".into(),
        Figure {
            value: atoms as f64 / counts.len() as f64,
            low: None,
            high: None,
            unit: "atoms".into(),
        },
    );
    figures
}

/// Two ratios of sums over molecules with bootstrap intervals; a ratio of nothing is left out.
fn ratios(
    rows: impl Iterator<Item = (usize, [usize; 4])>,
    names: [&str; 2],
    seed: u64,
) -> BTreeMap<String, Figure> {
    let mut tally = Tally::new(Tally::REPLICATES, seed, 4).expect("a size that is allowed");
    let mut sums = [0.0; 4];
    for (unit, counts) in rows {
        let values = counts.map(|count| count as f64);
        tally.add(unit as u64, 1.0, &values).expect("finite counts");
        sums.iter_mut()
            .zip(values)
            .for_each(|(sum, value)| *sum += value);
    }
    let mut figures = BTreeMap::new();
    for (index, name) in names.into_iter().enumerate() {
        if sums[2 * index + 1] == 0.0 {
            continue;
        }
        let interval = tally.ratio(2 * index, 2 * index + 1).ok();
        let figure = Figure {
            value: sums[2 * index] / sums[2 * index + 1],
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            unit: "fraction".into(),
        };
        figures.insert(name.into(), figure);
    }
    figures
}
