//! A model with several degrees and a part that only the inversion sees.

use rand::Rng;
use twirl_core::{Rotation, Symmetry};

use crate::models::{LinearMap, Model, Points, distance, points, residuals};

/// A linear map, plus `cube` times the element-wise cube of each point, plus `pseudo` times
/// `x_i` cross `x_{i+1}`: degrees 0, 1, 2 and 4, and a part that only the inversion can see.
///
/// For the cube: `E_g g^-1 (g x)^3 = 3/5 |x|^2 x` and `E |(g x)^3|^2 = 3/7 |x|^6`, so its degree 4
/// holds `(3/7 - 9/25) |x|^6 = 12/175 |x|^6`.
#[derive(Debug, Clone)]
pub(crate) struct Mixed {
    pub(crate) linear: LinearMap,
    pub(crate) cube: f64,
    pub(crate) pseudo: f64,
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3])
}

fn length_squared(a: [f64; 3]) -> f64 {
    a.iter().map(|v| v * v).sum()
}

impl Mixed {
    fn pseudovector(x: &[[f64; 3]], i: usize) -> [f64; 3] {
        cross(x[i], x[(i + 1) % x.len()])
    }

    pub(crate) fn twirl(&self, x: &[[f64; 3]], symmetry: Symmetry) -> Points {
        let pseudo = if symmetry == Symmetry::O3 {
            0.0
        } else {
            self.pseudo
        };
        let mut twirl = self.linear.twirl().predict(x);
        for (i, out) in twirl.iter_mut().enumerate() {
            let odd = Self::pseudovector(x, i);
            let size = 0.6 * self.cube * length_squared(x[i]);
            (0..3).for_each(|k| out[k] += size * x[i][k] + pseudo * odd[k]);
        }
        twirl
    }

    /// Powers of degrees 1 to 4 under SO(3).
    pub(crate) fn powers(&self, x: &[[f64; 3]], weights: &[f64]) -> [f64; 4] {
        let sixth: f64 = x
            .iter()
            .zip(weights)
            .map(|(&v, w)| w * length_squared(v).powi(3))
            .sum();
        let linear = [-1.0, 1.0].map(|sign| self.linear.degree_part(sign).power(x, weights));
        [
            linear[0],
            linear[1],
            0.0,
            self.cube.powi(2) * 12.0 / 175.0 * sixth,
        ]
    }

    /// What the inversion alone sees.
    pub(crate) fn parity(&self, x: &[[f64; 3]], weights: &[f64]) -> f64 {
        let odd = |i: usize| length_squared(Self::pseudovector(x, i));
        self.pseudo.powi(2)
            * weights
                .iter()
                .enumerate()
                .map(|(i, w)| w * odd(i))
                .sum::<f64>()
    }

    pub(crate) fn equiv(&self, x: &[[f64; 3]], weights: &[f64], symmetry: Symmetry) -> f64 {
        let parity = if symmetry == Symmetry::O3 {
            self.parity(x, weights)
        } else {
            0.0
        };
        self.powers(x, weights).iter().sum::<f64>() + parity
    }
}

impl Model for Mixed {
    fn predict(&self, x: &[[f64; 3]]) -> Points {
        let mut output = self.linear.predict(x);
        for (i, out) in output.iter_mut().enumerate() {
            let odd = Self::pseudovector(x, i);
            (0..3).for_each(|k| out[k] += self.cube * x[i][k].powi(3) + self.pseudo * odd[k]);
        }
        output
    }
}

/// A [`Mixed`] model with an input, a target and weights.
pub(crate) struct Scene {
    pub(crate) model: Mixed,
    pub(crate) x: Points,
    pub(crate) y: Points,
    pub(crate) weights: [f64; 3],
}

impl Scene {
    pub(crate) fn new(rng: &mut impl Rng) -> Self {
        let model = Mixed {
            linear: LinearMap::new(3, rng),
            cube: 0.8,
            pseudo: 0.9,
        };
        Self {
            model,
            x: points(3, rng),
            y: points(3, rng),
            weights: [1.0, 0.5, 2.0],
        }
    }

    pub(crate) fn rows(&self, rotations: &[Rotation]) -> Vec<f64> {
        residuals(&self.model, &self.x, &self.y, rotations)
    }

    pub(crate) fn predictions(&self, rotations: &[Rotation]) -> Vec<f64> {
        residuals(&self.model, &self.x, &[[0.0; 3]; 3], rotations)
    }

    pub(crate) fn mean(&self, symmetry: Symmetry) -> f64 {
        distance(
            &self.model.twirl(&self.x, symmetry),
            &self.y,
            &self.weights,
            |r| r,
        )
    }

    pub(crate) fn equiv(&self, symmetry: Symmetry) -> f64 {
        self.model.equiv(&self.x, &self.weights, symmetry)
    }
}
