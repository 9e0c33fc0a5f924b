//! Walk-jump sampling: Langevin steps between noisy grids, then one step to a clean one.
//!
//! A denoiser that minimises the squared error is the posterior mean `x(y)`, and with noise of
//! covariance C the score of the density of noisy grids is `C^-1 (x(y) - y)` (Miyasawa 1961;
//! Saremi and Hyvarinen, arXiv 1903.02334). With C as the inverse mass matrix the drift is
//! `x(y) - y` and the random force has the law of the noise, whatever that is: no inverse of C is
//! needed for band-limited noise.

use burn::tensor::{Device, Tensor};
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
    /// Denoised grids `[channels * n^3]` at the ends of `count` independent walks from pure noise.
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
                let grids = self.walk(task, model, chains, device);
                split(grids, chains.len())
            })
            .collect()
    }

    /// Underdamped Langevin dynamics, each step half a kick, half a drift, friction and noise, half
    /// a drift, half a kick (Leimkuhler and Matthews, doi 10.1093/amrx/abs010).
    fn walk<A: Arm<VoxelDenoise>>(
        &self,
        task: &VoxelDenoise,
        model: &A,
        chains: &[usize],
        device: &Device,
    ) -> Tensor<5> {
        let sigma = task.config().sigma;
        let kept = (-self.friction * self.step).exp();
        let renewed = (1.0 - kept * kept).sqrt() * sigma;
        let half = self.step / 2.0;
        let noise = |step: usize| self.noise(task, chains, step, device);
        let mut grid = noise(0) * sigma;
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
        drift + grid
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
