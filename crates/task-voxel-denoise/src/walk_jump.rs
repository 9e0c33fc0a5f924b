//! Walk-jump sampling: Langevin steps between noisy grids, then one step to a clean one.
//!
//! A denoiser that minimises the squared error is the posterior mean `x(y)`. With Gaussian noise of
//! covariance C the score of the density of noisy grids is `C^-1 (x(y) - y)` (Miyasawa 1961;
//! Saremi and Hyvarinen, arXiv 1903.02334). With C as the inverse mass matrix the drift is
//! `x(y) - y` and the random force has the law of the noise: no inverse of C is needed.
//!
//! Noise of independent voxels is Gaussian. Band-limited noise is so given its wave vectors, which
//! are drawn anew with every grid: it is a mixture, and the identity is an approximation that gets
//! better as `waves` grows. With few waves the noise of a grid spans few directions.
//!
//! A walk starts from noise and, in the ball, a number from U(0, 1) at every voxel and channel, as
//! in `VoxMol` (arXiv 2306.07473, there in the whole box): from noise alone, walks stay near the
//! empty grid. Speeds start from their law and not, as there, from 0.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{Purpose, Stream};
use twirl_harness::Arm;

use crate::noise::{Drawn, Noise};
use crate::{Batch, VoxelDenoise};

/// Grids that are walked at once.
const TOGETHER: usize = 8;

/// Course of a walk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Walk {
    /// Langevin steps before the jump.
    pub(crate) steps: usize,
    /// Length of a step.
    pub(crate) step: f64,
    /// Friction.
    pub(crate) friction: f64,
    /// Seed of everything random.
    pub(crate) seed: u64,
}

impl Walk {
    /// Denoised grids `[channels * n^3]` at the ends of `count` independent walks.
    pub(crate) fn run<A: Arm<VoxelDenoise>>(
        &self,
        task: &VoxelDenoise,
        model: &A,
        count: usize,
        device: &Device,
    ) -> Vec<Vec<f32>> {
        let chains: Vec<usize> = (0..count).collect();
        let groups = chains.chunks(TOGETHER);
        groups
            .flat_map(|chains| {
                let (_, jumped) = self.walk(task, model, chains, device);
                split(jumped, chains.len())
            })
            .collect()
    }

    /// Noisy grids `[chains, channels, n, n, n]` at the ends of walks, and the jumps from there.
    ///
    /// Underdamped Langevin dynamics, each step half a kick, half a drift, friction and noise, half
    /// a drift, half a kick (Leimkuhler and Matthews, doi 10.1093/amrx/abs010).
    fn walk<A: Arm<VoxelDenoise>>(
        &self,
        task: &VoxelDenoise,
        model: &A,
        chains: &[usize],
        device: &Device,
    ) -> (Tensor<5>, Tensor<5>) {
        let sigma = task.config().sigma;
        let kept = (-self.friction * self.step).exp();
        let renewed = (1.0 - kept * kept).sqrt() * sigma;
        let half = self.step / 2.0;
        let noise = |step: usize| self.noise(task, chains, step, device);
        let mut grid = noise(0) * sigma + self.uniform(task, chains, device);
        let mut speed = noise(1) * sigma;
        let mut drift = denoise(task, model, grid.clone()) - grid.clone();
        for step in 0..self.steps {
            speed = speed + drift * half;
            grid = grid + speed.clone() * half;
            speed = speed * kept + noise(step + 2) * renewed;
            grid = grid + speed.clone() * half;
            drift = denoise(task, model, grid.clone()) - grid.clone();
            speed = speed + drift.clone() * half;
        }
        (grid.clone(), drift + grid)
    }

    /// Numbers from U(0, 1) in the ball, 0 outside: `[chains, channels, n, n, n]`.
    fn uniform(&self, task: &VoxelDenoise, chains: &[usize], device: &Device) -> Tensor<5> {
        let (channels, n) = (task.elements().len(), task.lattice().size);
        let mut values = Vec::with_capacity(chains.len() * channels * task.lattice().voxels());
        for &chain in chains {
            // No step has the last number.
            let words = [chain as u64, u64::MAX];
            let mut stream = Stream::new(self.seed, Purpose::Sample, words);
            let count = channels * task.lattice().voxels();
            values.extend((0..count).map(|_| stream.random::<f32>()));
        }
        let shape = [chains.len(), channels, n, n, n];
        Tensor::from_data(TensorData::new(values, shape), device) * task.lattice().mask(device)
    }

    fn noise(
        &self,
        task: &VoxelDenoise,
        chains: &[usize],
        step: usize,
        device: &Device,
    ) -> Tensor<5> {
        let channels = task.elements().len();
        let drawn = chains.iter().map(|&chain| {
            let words = [chain as u64, step as u64];
            let mut stream = Stream::new(self.seed, Purpose::Sample, words);
            Drawn::new(task.config(), task.lattice(), channels, &mut stream)
        });
        let drawn: Vec<Drawn> = drawn.collect();
        let drawn: Vec<&Drawn> = drawn.iter().collect();
        Noise::load(&drawn, channels, task.lattice(), device).values(task.lattice())
    }
}

/// The clean grid that a model sees in a noisy one, empty outside the ball.
pub(crate) fn denoise<A: Arm<VoxelDenoise>>(
    task: &VoxelDenoise,
    model: &A,
    noisy: Tensor<5>,
) -> Tensor<5> {
    let mask = task.lattice().mask(&noisy.device());
    let batch = Batch::of_noisy(noisy, *task.lattice(), task.config().sigma);
    model.predict(&batch).density * mask
}

/// A grid per molecule, on the host.
pub(crate) fn split(grids: Tensor<5>, count: usize) -> Vec<Vec<f32>> {
    let values: Vec<f32> = grids.into_data().iter::<f32>().collect();
    let size = values.len() / count;
    values.chunks(size).map(<[f32]>::to_vec).collect()
}

#[cfg(test)]
mod tests;
