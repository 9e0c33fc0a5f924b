//! Walks whose ends are known, because the denoiser knows the molecules.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use serde_json::{Value, json};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Draw, ExactSymmetry, Generate, GenerateRequest, Task, TaskError};
use twirl_layers::matmul;

use super::Walk;
use crate::{Atom, Batch, Output, VoxelDenoise, find_atoms, match_atoms};

const SEED: u64 = 20_261_124;

/// The exact posterior mean where the data are a few molecules in one pose each, equally likely,
/// and the noise is that of independent voxels.
#[derive(Module, Debug)]
struct Oracle {
    #[module(skip)]
    items: Vec<usize>,
    #[module(skip)]
    clean: Vec<f32>,
}

impl Oracle {
    fn new(task: &VoxelDenoise, items: &[usize]) -> Self {
        let host = task.batch(items, Draw::measuring(1)).expect("a batch");
        let clean = task
            .load(&host, &Device::flex())
            .expect("a batch on the device")
            .clean()
            .into_data();
        Self {
            items: items.to_vec(),
            clean: clean.iter::<f32>().collect(),
        }
    }

    /// Atoms in the pose that the oracle knows, in the ball.
    fn atoms(&self, task: &VoxelDenoise) -> Vec<Vec<Atom>> {
        let size = self.clean.len() / self.items.len();
        let peak = task.config().closing.peak;
        let grids = self.clean.chunks(size);
        grids
            .map(|grid| find_atoms(grid, task.elements(), task.lattice(), peak))
            .collect()
    }
}

impl Arm<VoxelDenoise> for Oracle {
    type Config = ();

    fn symmetry((): &()) -> Option<ExactSymmetry> {
        None
    }

    fn init((): &(), task: &VoxelDenoise, _: u64, _: &Device) -> Result<Self, TaskError> {
        Ok(Self::new(task, &task.items(Split::Test)[..1]))
    }

    fn predict(&self, batch: &Batch) -> Output {
        let noisy = batch.noisy();
        let shape = noisy.dims();
        let count = self.items.len();
        let size = shape[1..].iter().product::<usize>();
        let clean = TensorData::new(self.clean.clone(), [count, size]);
        let clean = Tensor::<2>::from_data(clean, &noisy.device());
        let seen = noisy.reshape([shape[0], 1, size]);
        let away = seen - clean.clone().reshape([1, count, size]);
        let squared = (away.clone() * away).sum_dim(2).reshape([shape[0], count]);
        let weights = burn::tensor::activation::softmax(squared * (-0.5 / batch.sigma.powi(2)), 1);
        Output::of(batch, matmul(weights, clean).reshape(shape))
    }
}

fn task(config: Value) -> VoxelDenoise {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let config = serde_json::from_value(config).expect("settings");
    VoxelDenoise::open(&config, &data).expect("the task")
}

fn walk(steps: usize, seed: u64) -> Walk {
    Walk {
        steps,
        step: 0.5,
        friction: 1.0,
        seed,
    }
}

fn values(tensor: Tensor<5>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn mean_and_variance(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance)
}

/// Numbers in [0, 1) with the mean and the variance of U(0, 1), in the ball and nowhere else, the
/// same for a seed and a chain whatever chains are beside it.
#[test]
fn a_walk_starts_from_uniform_numbers_in_the_ball() {
    let task = task(json!({}));
    let device = Device::flex();
    let two = values(walk(0, SEED).uniform(&task, &[0, 1], &device));
    let size = task.elements().len() * task.lattice().voxels();
    let mut inside = Vec::new();
    for (place, value) in two.iter().enumerate() {
        let voxel = place % task.lattice().voxels();
        if task.lattice().holds(task.lattice().position(voxel)) {
            assert!((0.0..1.0).contains(value), "{value} at {voxel}");
            inside.push(*value);
        } else {
            assert_eq!(*value, 0.0, "outside the ball at {voxel}");
        }
    }
    let (mean, variance) = mean_and_variance(inside.iter().copied());
    // Five standard errors of the mean of some 20,000 numbers; three more for the variance.
    let error = (12.0 * inside.len() as f64).sqrt().recip();
    assert!((mean - 0.5).abs() < 5.0 * error, "{mean} (seed {SEED})");
    assert!(
        (variance * 12.0 - 1.0).abs() < 0.05,
        "{variance} (seed {SEED})"
    );

    let second = values(walk(0, SEED).uniform(&task, &[1], &device));
    assert_eq!(second, two[size..], "chain 1 alone and beside chain 0");
    assert_ne!(second, two[..size], "chains differ");
    let other = values(walk(0, SEED + 1).uniform(&task, &[1], &device));
    assert_ne!(second, other, "seeds differ");

    // The oracle is not asked before the end of a walk of no steps.
    let oracle = Oracle::new(&task, &task.items(Split::Test)[..1]);
    let (start, _) = walk(0, SEED).walk(&task, &oracle, &[1], &device);
    let noise = walk(0, SEED).noise(&task, &[1], 0, &device) * task.config().sigma;
    for ((start, noise), uniform) in values(start).iter().zip(values(noise)).zip(&second) {
        assert!((start - noise - uniform).abs() < 1e-6);
    }
}

/// With one known molecule the drift is linear and the noisy grids are normal about it, at every
/// voxel with the variance of the noise: the scheme has this law without error of the step.
#[test]
fn walks_of_one_molecule_end_normal_about_it() {
    let device = Device::flex();
    for noise in ["iid", "band-limited"] {
        let task = task(json!({"noise": noise, "waves": 64}));
        let oracle = Oracle::new(&task, &task.items(Split::Test)[..1]);
        let (noisy, jumped) = walk(40, SEED).walk(&task, &oracle, &[0, 1, 2], &device);
        let n = task.lattice().size;
        let clean = TensorData::new(oracle.clean.clone(), [1, task.elements().len(), n, n, n]);
        let clean = Tensor::<5>::from_data(clean, &device);
        let masked = clean * task.lattice().mask(&device);
        let away = values(noisy - masked.clone());
        let (mean, variance) = mean_and_variance(away.iter().copied());
        let sigma = task.config().sigma;
        assert!(mean.abs() < 0.05 * sigma, "{noise}: {mean} (seed {SEED})");
        let ratio = variance / sigma.powi(2);
        // The variance of 64 waves a step, some steps remembered, in 21 fields: about 2 %.
        assert!((ratio - 1.0).abs() < 0.1, "{noise}: {ratio} (seed {SEED})");
        for error in values(jumped - masked) {
            assert!(error.abs() < 1e-5, "{noise}: {error} (seed {SEED})");
        }
    }
}

fn generated(task: &VoxelDenoise, oracle: &Oracle, seed: u64, count: usize) -> Vec<Vec<Atom>> {
    let request = GenerateRequest {
        smiles: None,
        count,
        seed,
        method: None,
        steps: Some(20),
    };
    let made = task.generate(oracle, &request, &Device::flex());
    let molecules = made.expect("molecules").into_iter().map(|molecule| {
        let numbers = molecule.atomic_numbers.into_iter();
        let atoms = numbers.zip(molecule.positions);
        atoms
            .map(|(number, position)| Atom { number, position })
            .collect()
    });
    molecules.collect()
}

/// With two known molecules every walk ends at one of them, atom for atom, and both are found.
#[test]
fn walks_of_two_molecules_end_at_either() {
    let task = task(json!({}));
    let test = task.items(Split::Test);
    let oracle = Oracle::new(&task, &[test[0], test[test.len() / 2]]);
    let known = oracle.atoms(&task);
    let made = generated(&task, &oracle, SEED, 12);
    assert_eq!(made.len(), 12);
    let mut ends = [0, 0];
    for atoms in &made {
        let same = |known: &Vec<Atom>| {
            let matched = match_atoms(known, atoms, 0.05);
            matched.pairs == matched.truth && matched.pairs == matched.found
        };
        let end = known.iter().position(same);
        ends[end.expect("one of the molecules")] += 1;
    }
    println!("ends: {ends:?} (seed {SEED})");
    assert!(
        ends.iter().all(|&count| count > 0),
        "{ends:?} (seed {SEED})"
    );
}

#[test]
fn samples_are_a_function_of_the_seed() {
    let task = task(json!({}));
    let test = task.items(Split::Test);
    let oracle = Oracle::new(&task, &[test[0], test[test.len() / 2]]);
    let first = generated(&task, &oracle, SEED, 10);
    assert_eq!(first, generated(&task, &oracle, SEED, 10));
    // Fewer are the first of more, though they are walked in other groups.
    let fewer = generated(&task, &oracle, SEED, 2);
    for (a, b) in fewer.iter().zip(&first) {
        let matched = match_atoms(a, b, 1e-3);
        assert_eq!((matched.pairs, matched.found), (a.len(), a.len()));
    }
    let ends = |seed| -> Vec<usize> {
        let made = generated(&task, &oracle, seed, 10);
        made.iter().map(Vec::len).collect()
    };
    assert!(
        (1..4).any(|other| ends(SEED + other) != ends(SEED)),
        "other seeds end elsewhere (seed {SEED})"
    );
}

#[test]
fn requests_that_mean_nothing_are_refused_in_one_line() {
    let task = task(json!({}));
    let oracle = Oracle::new(&task, &task.items(Split::Test)[..1]);
    let refused = |smiles: Option<&str>, method: Option<&str>| {
        let request = GenerateRequest {
            smiles: smiles.map(Into::into),
            count: 1,
            seed: 0,
            method: method.map(Into::into),
            steps: Some(1),
        };
        let made = task.generate(&oracle, &request, &Device::flex());
        made.expect_err("refused").to_string()
    };
    assert_eq!(
        refused(Some("CCO"), None),
        "setting smiles: CCO is given, but the model makes molecules of its own; leave it out"
    );
    assert_eq!(
        refused(None, Some("heun")),
        "setting method: heun is not a sampler of this task; give walk-jump"
    );
}
