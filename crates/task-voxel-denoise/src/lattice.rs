//! The box: a cubic lattice of voxel centres around the origin, and the ball inside it.

use burn::tensor::{Device, Int, Tensor, TensorData};
use twirl_layers::{gaussian, matmul};

/// Density of an atom of radius R at distance r: `exp(-(r / (0.93 R))^2)` (arXiv 2306.07473).
const WIDTH_OVER_RADIUS: f64 = 0.93;

/// A cubic lattice of voxel centres, symmetric about the origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lattice {
    /// Voxels along an edge.
    pub size: usize,
    /// Distance of neighbouring voxels, angstrom.
    pub step: f64,
    /// `w` in the density `exp(-(r / w)^2)` of an atom, angstrom.
    pub width: f64,
}

impl Lattice {
    /// A lattice for atoms of the given radius.
    #[must_use]
    pub fn new(size: usize, step: f64, radius: f64) -> Self {
        Self {
            size,
            step,
            width: WIDTH_OVER_RADIUS * radius,
        }
    }

    /// Coordinate of voxel `index` along an axis, angstrom.
    #[must_use]
    pub fn coordinate(&self, index: usize) -> f64 {
        (index as f64 - (self.size as f64 - 1.0) / 2.0) * self.step
    }

    /// Radius of the ball in which the loss is taken, angstrom: one voxel less than the lattice
    /// reaches, so that the interpolation of a rotated grid stays on the lattice.
    #[must_use]
    pub fn ball(&self) -> f64 {
        ((self.size as f64 - 1.0) / 2.0 - 1.0) * self.step
    }

    /// Number of voxels.
    #[must_use]
    pub fn voxels(&self) -> usize {
        self.size.pow(3)
    }

    /// Position of a voxel by its number, angstrom; the last axis is fastest.
    #[must_use]
    pub fn position(&self, voxel: usize) -> [f64; 3] {
        let n = self.size;
        [voxel / (n * n), voxel / n % n, voxel % n].map(|index| self.coordinate(index))
    }

    /// Whether a point lies in the ball.
    #[must_use]
    pub fn holds(&self, point: [f64; 3]) -> bool {
        point.iter().map(|entry| entry * entry).sum::<f64>().sqrt() <= self.ball()
    }

    /// Whether a voxel lies in the ball, voxel by voxel.
    pub(crate) fn in_ball(&self) -> Vec<bool> {
        (0..self.voxels())
            .map(|voxel| self.holds(self.position(voxel)))
            .collect()
    }

    /// Numbers of the voxels in the ball.
    #[must_use]
    pub fn inside(&self) -> Vec<usize> {
        let in_ball = self.in_ball();
        (0..self.voxels()).filter(|&voxel| in_ball[voxel]).collect()
    }

    /// The same on the device.
    pub(crate) fn inside_on(&self, device: &Device) -> Tensor<1, Int> {
        let inside: Vec<i64> = self
            .inside()
            .into_iter()
            .map(|voxel| voxel as i64)
            .collect();
        let count = inside.len();
        Tensor::from_data(TensorData::new(inside, [count]), device)
    }

    /// 1 in the ball and 0 outside, `[1, 1, n, n, n]`.
    pub(crate) fn mask(&self, device: &Device) -> Tensor<5> {
        let values: Vec<f32> = (0..self.voxels())
            .map(|voxel| f32::from(u8::from(self.holds(self.position(voxel)))))
            .collect();
        let n = self.size;
        Tensor::from_data(TensorData::new(values, [1, 1, n, n, n]), device)
    }

    /// Coordinates along an axis, `[n]`.
    pub(crate) fn axis(&self, device: &Device) -> Tensor<1> {
        let values: Vec<f64> = (0..self.size).map(|index| self.coordinate(index)).collect();
        Tensor::from_data(TensorData::new(values, [self.size]), device)
    }
}

/// Densities of atoms on a lattice: `[batch, channels, n, n, n]` from positions `[batch, atoms, 3]`
/// in angstrom and the weight of every atom in every channel `[batch, channels, atoms]` (0 at
/// padding).
///
/// A Gaussian is a product over the axes, so the whole grid is one matrix product per molecule.
/// Densities of atoms add up.
#[must_use]
pub fn voxelise(lattice: &Lattice, positions: Tensor<3>, channels: Tensor<3>) -> Tensor<5> {
    let n = lattice.size;
    let [batch, kinds, atoms] = channels.dims();
    let axis: Tensor<4> = lattice.axis(&positions.device()).reshape([1, 1, 1, n]);
    let away = positions.reshape([batch, atoms, 3, 1]) - axis;
    let gauss = gaussian(away * (std::f64::consts::SQRT_2 / lattice.width));
    let along = |axis: usize| gauss.clone().narrow(2, axis, 1);
    let left = channels.reshape([batch, kinds, atoms, 1]) * along(0).reshape([batch, 1, atoms, n]);
    let left = left.swap_dims(2, 3).reshape([batch, kinds * n, atoms]);
    let right = along(1).reshape([batch, atoms, n, 1]) * along(2);
    matmul(left, right.reshape([batch, atoms, n * n])).reshape([batch, kinds, n, n, n])
}
