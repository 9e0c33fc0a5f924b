//! What an estimate of the atoms' places leaves of the loss: a figure to hold losses against, no bound.
//!
//! If a molecule's elements were known and nothing else, and its 3 coordinates an atom were read off the noisy
//! grid without bias, their covariance would be at least the inverse of the Fisher matrix `F = J^T J / s^2`
//! (Cramer and Rao), J being the derivatives of all voxels by all coordinates and `s^2` the variance of the
//! noise. To first order the densities made of them err in the ball by
//!
//! `E |error|^2 = tr(F^-1 J_b^T J_b) = s^2 tr((J^T J)^-1 J_b^T J_b)` ,
//!
//! `J_b` being the rows of the voxels in the ball: `3 s^2` for each atom well inside, whether or not atoms
//! overlap. A network can have less, because molecules are not any atoms at any places, and because an
//! estimate may be biased: where noise hides an atom, a smooth guess beats the best place.

use std::ops::Range;

use nalgebra::DMatrix;
use twirl_harness::{BayesError, Draw};

use crate::{Lattice, NoiseLaw, VoxelDenoise};

/// Widths of an atom's density beyond which it is nothing.
const SUPPORT: f64 = 4.5;

/// Least information on a coordinate over the largest: an atom far outside of the box has none.
const NONE: f64 = 1e-12;

/// The reference of the measured samples, in units of their loss.
pub(crate) fn reference(task: &VoxelDenoise, items: &[usize], draws: &[Draw]) -> BayesError {
    let (config, lattice) = (&task.config, &task.lattice);
    let variance = match config.noise {
        NoiseLaw::Iid => config.sigma.powi(2),
        // All of it in a ball inside the cube of wave numbers, where the densities are.
        NoiseLaw::BandLimited if config.band == 1.0 => {
            config.sigma.powi(2) * 6.0 / std::f64::consts::PI
        }
        NoiseLaw::BandLimited => {
            let why = "noise of another band than that of the lattice leaves wave numbers free";
            return BayesError::Unknown { why: why.into() };
        }
    };
    let ball = lattice.in_ball();
    let inside = ball.iter().filter(|inside| **inside).count();
    let mut sum = 0.0;
    for draw in draws {
        for &item in items {
            // A pose of the law of those that are measured, without the noise that is drawn before those.
            let mut stream = draw.stream(item);
            let shift = task.shift(&mut stream);
            let placed = task.placed(item, &task.measured_pose(&mut stream), shift);
            for element in &task.elements {
                let numbers = task.data.atomic_numbers(item);
                let atoms = placed.iter().zip(numbers);
                let atoms = atoms.filter(|(_, number)| *number == element);
                let atoms: Vec<[f64; 3]> = atoms.map(|(place, _)| *place).collect();
                let Some(directions) = directions(lattice, &ball, &atoms) else {
                    let why = format!("frame {item}: atoms of one element at one place");
                    return BayesError::Unknown { why };
                };
                sum += directions;
            }
        }
    }
    let samples = (items.len() * draws.len()) as f64;
    BayesError::Reference {
        loss: variance * sum / (samples * (inside * task.elements.len()) as f64),
        of: "unbiased estimates of the places of single atoms (Cramer and Rao)".into(),
    }
}

/// `tr((J^T J)^-1 J_b^T J_b)` of the atoms of one channel: three for each that lies well inside the ball.
/// Nothing where the matrix has no inverse.
fn directions(lattice: &Lattice, ball: &[bool], atoms: &[[f64; 3]]) -> Option<f64> {
    if atoms.is_empty() {
        return Some(0.0);
    }
    let size = 3 * atoms.len();
    let (mut all, mut inside) = (DMatrix::zeros(size, size), DMatrix::zeros(size, size));
    let along: Vec<Along> = atoms
        .iter()
        .map(|atom| Along::new(lattice, *atom))
        .collect();
    for (first, one) in along.iter().enumerate() {
        for (second, other) in along.iter().enumerate().take(first + 1) {
            let [whole, part] = one.products(other, lattice.size, ball);
            for (row, column) in (0..3).flat_map(|row| (0..3).map(move |column| (row, column))) {
                let place = (3 * first + row, 3 * second + column);
                for (matrix, block) in [(&mut all, &whole), (&mut inside, &part)] {
                    matrix[place] = block[row][column];
                    matrix[(place.1, place.0)] = block[row][column];
                }
            }
        }
    }
    let least = NONE * all.diagonal().iter().copied().fold(0.0, f64::max);
    // A coordinate without information has no derivative in the ball either.
    for place in 0..size {
        all[(place, place)] += least.max(f64::MIN_POSITIVE);
    }
    Some(all.cholesky()?.solve(&inside).trace())
}

/// The density of an atom as a product over the axes.
struct Along {
    /// Voxels along each axis where it is something.
    range: [Range<usize>; 3],
    /// `exp(-(d / w)^2)` and `2 d / w^2` at every voxel of an axis, d its distance from the atom.
    density: [Vec<f64>; 3],
    slope: [Vec<f64>; 3],
}

impl Along {
    fn new(lattice: &Lattice, atom: [f64; 3]) -> Self {
        let width = lattice.width;
        let away = |axis: usize| {
            let at = move |index| lattice.coordinate(index) - atom[axis];
            (0..lattice.size).map(at)
        };
        Self {
            range: std::array::from_fn(|axis| {
                let far = |distance: f64| distance.abs() > SUPPORT * width;
                let start = away(axis).take_while(|d| *d < 0.0 && far(*d)).count();
                let near = away(axis).skip(start).take_while(|d| !far(*d)).count();
                start..start + near
            }),
            density: std::array::from_fn(|axis| {
                away(axis).map(|d| (-(d / width).powi(2)).exp()).collect()
            }),
            slope: std::array::from_fn(|axis| {
                away(axis).map(|d| 2.0 * d / width.powi(2)).collect()
            }),
        }
    }

    /// Sums over all voxels, and over those in the ball, of products of the derivatives of two atoms.
    fn products(&self, other: &Self, n: usize, ball: &[bool]) -> [[[f64; 3]; 3]; 2] {
        let both = |axis: usize| {
            let (a, b) = (&self.range[axis], &other.range[axis]);
            a.start.max(b.start)..a.end.min(b.end)
        };
        let product =
            |axis: usize, index: usize| self.density[axis][index] * other.density[axis][index];
        let mut sums = [[[0.0; 3]; 3]; 2];
        for x in both(0) {
            for y in both(1) {
                let plane = product(0, x) * product(1, y);
                for z in both(2) {
                    let value = plane * product(2, z);
                    let place = [x, y, z];
                    let kept = if ball[(x * n + y) * n + z] { 2 } else { 1 };
                    for row in 0..3 {
                        let left = value * self.slope[row][place[row]];
                        for column in 0..3 {
                            let term = left * other.slope[column][place[column]];
                            for sum in &mut sums[..kept] {
                                sum[row][column] += term;
                            }
                        }
                    }
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests;
