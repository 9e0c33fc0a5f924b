//! Noise on a grid: on the host as it is drawn, on the device as it is carried by rotations.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use twirl_harness::Rotations;
use twirl_layers::{cosine, matmul, sine};

use crate::{Lattice, NoiseLaw, VoxelDenoiseConfig};

/// The noise of one grid, of unit variance at every voxel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Drawn {
    /// `[channels, n, n, n]`.
    Lattice(Vec<f32>),
    /// Wave vectors `[waves, 3]` in 1/angstrom, amplitudes of cosine and sine
    /// `[2, channels, waves]`.
    Waves(Vec<f32>, Vec<f32>),
}

impl Drawn {
    /// Draws as the settings say.
    pub(crate) fn new<R: Rng>(
        config: &VoxelDenoiseConfig,
        lattice: &Lattice,
        channels: usize,
        stream: &mut R,
    ) -> Self {
        let normal = |stream: &mut R| stream.sample::<f32, _>(StandardNormal);
        match config.noise {
            NoiseLaw::Iid => {
                let count = channels * lattice.voxels();
                Self::Lattice((0..count).map(|_| normal(stream)).collect())
            }
            NoiseLaw::BandLimited => {
                let waves = config.waves;
                let largest = config.band * std::f64::consts::PI / lattice.step;
                let vectors = (0..waves)
                    .flat_map(|_| in_ball(stream))
                    .collect::<Vec<f64>>();
                let vectors = vectors
                    .iter()
                    .map(|entry| (entry * largest) as f32)
                    .collect();
                let scale = 1.0 / (waves as f32).sqrt();
                let count = 2 * channels * waves;
                let amplitudes = (0..count).map(|_| scale * normal(stream)).collect();
                Self::Waves(vectors, amplitudes)
            }
        }
    }
}

/// A point uniform in the unit ball.
fn in_ball<R: Rng>(stream: &mut R) -> [f64; 3] {
    loop {
        let point: [f64; 3] = std::array::from_fn(|_| stream.random_range(-1.0..1.0));
        if point.iter().map(|entry| entry * entry).sum::<f64>() <= 1.0 {
            return point;
        }
    }
}

/// The noise of a batch on the device.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "one value per batch: an allocation would save nothing"
)]
pub(crate) enum Noise {
    /// Values at the voxels `[batch, channels, n, n, n]`.
    Lattice(Tensor<5>),
    /// A field that is known everywhere.
    Waves(Waves),
}

/// `sum_k a_ck cos(k x) + b_ck sin(k x)` per channel c.
///
/// With a and b independent and normal the variance is the sum of their variances at every point,
/// and the law does not change under rotations, because that of the wave vectors does not.
#[derive(Debug, Clone)]
pub(crate) struct Waves {
    /// `[batch, waves, 3]`.
    vectors: Tensor<3>,
    /// Amplitudes of the cosines `[batch, channels, waves]`.
    cosine: Tensor<3>,
    /// Amplitudes of the sines.
    sine: Tensor<3>,
}

impl Noise {
    /// Copies the noise of a batch, all of one law, to the device.
    pub(crate) fn load(
        drawn: &[&Drawn],
        channels: usize,
        lattice: &Lattice,
        device: &Device,
    ) -> Self {
        let (batch, n) = (drawn.len(), lattice.size);
        let (mut on_lattice, mut vectors, mut amplitudes) = (Vec::new(), Vec::new(), Vec::new());
        for drawn in drawn {
            match drawn {
                Drawn::Lattice(values) => on_lattice.extend_from_slice(values),
                Drawn::Waves(wave, amplitude) => {
                    vectors.extend_from_slice(wave);
                    amplitudes.extend_from_slice(amplitude);
                }
            }
        }
        if vectors.is_empty() {
            let data = TensorData::new(on_lattice, [batch, channels, n, n, n]);
            return Self::Lattice(Tensor::from_data(data, device));
        }
        let waves = vectors.len() / (3 * batch);
        let amplitudes = TensorData::new(amplitudes, [batch, 2, channels * waves]);
        let amplitudes = Tensor::<3>::from_data(amplitudes, device);
        let part = |index| {
            let part = amplitudes.clone().narrow(1, index, 1);
            part.reshape([batch, channels, waves])
        };
        Self::Waves(Waves {
            vectors: Tensor::from_data(TensorData::new(vectors, [batch, waves, 3]), device),
            cosine: part(0),
            sine: part(1),
        })
    }

    /// Values at the voxels `[batch, channels, n, n, n]`.
    pub(crate) fn values(&self, lattice: &Lattice) -> Tensor<5> {
        match self {
            Self::Lattice(values) => values.clone(),
            Self::Waves(waves) => waves.values(lattice),
        }
    }
}

impl Waves {
    /// The field `x -> f(R^-1 x)`: waves turn with the molecule.
    pub(crate) fn rotate(&self, rotations: &Rotations) -> Self {
        Self {
            vectors: rotations.rotate(self.vectors.clone()),
            cosine: self.cosine.clone(),
            sine: self.sine.clone(),
        }
    }

    /// Wave vectors `[batch, waves, 3]`, which turn.
    pub(crate) fn vectors_mut(&mut self) -> &mut Tensor<3> {
        &mut self.vectors
    }

    /// A wave is a product over the axes in complex numbers: one matrix product per grid.
    fn values(&self, lattice: &Lattice) -> Tensor<5> {
        let n = lattice.size;
        let [batch, channels, waves] = self.cosine.dims();
        let axis: Tensor<4> = lattice.axis(&self.vectors.device()).reshape([1, 1, 1, n]);
        let phase = self.vectors.clone().reshape([batch, waves, 3, 1]) * axis;
        let (cosine, sine) = (cosine(phase.clone()), sine(phase));
        let along = |part: &Tensor<4>, axis, shape: [usize; 4]| {
            part.clone().narrow(2, axis, 1).reshape(shape)
        };
        let (row, column) = ([batch, waves, n, 1], [batch, waves, 1, n]);
        let (cos_y, sin_y) = (along(&cosine, 1, row), along(&sine, 1, row));
        let (cos_z, sin_z) = (along(&cosine, 2, column), along(&sine, 2, column));
        let cos_yz = cos_y.clone() * cos_z.clone() - sin_y.clone() * sin_z.clone();
        let sin_yz = sin_y * cos_z + cos_y * sin_z;
        let right = Tensor::cat(vec![cos_yz, sin_yz], 1).reshape([batch, 2 * waves, n * n]);

        let wide = [batch, 1, waves, n];
        let (cos_x, sin_x) = (along(&cosine, 0, wide), along(&sine, 0, wide));
        let amplitude = |part: &Tensor<3>| part.clone().reshape([batch, channels, waves, 1]);
        let (a, b) = (amplitude(&self.cosine), amplitude(&self.sine));
        let of_cos = a.clone() * cos_x.clone() + b.clone() * sin_x.clone();
        let of_sin = b * cos_x - a * sin_x;
        let left = Tensor::cat(vec![of_cos, of_sin], 2)
            .swap_dims(2, 3)
            .reshape([batch, channels * n, 2 * waves]);
        matmul(left, right).reshape([batch, channels, n, n, n])
    }
}
