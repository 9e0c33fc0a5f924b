//! A small network whose Hessian is known in closed form and formed densely.

use nalgebra::{DMatrix, SymmetricEigen};
use twirl_landscape::{Curvature, LandscapeError, Objective, density, random_direction};

const SEED: u64 = 23;
const INPUTS: usize = 3;
const HIDDEN: usize = 5;
const SIZE: usize = HIDDEN * (INPUTS + 1);

/// `1/2 mean_n (sum_i a_i tanh(w_i . x_n) - y_n)^2` over fixed samples.
struct Network {
    samples: Vec<([f64; INPUTS], f64)>,
}

impl Network {
    fn new() -> Self {
        let sample = |which| {
            let x = random_direction(INPUTS + 1, SEED, which);
            ([2.0 * x[0], 2.0 * x[1], 2.0 * x[2]], x[3])
        };
        Self {
            samples: (0..12).map(sample).collect(),
        }
    }

    /// Residual, its gradient `[SIZE]` and its Hessian `[SIZE, SIZE]` at one sample.
    fn residual(at: &[f64], (x, y): &([f64; INPUTS], f64)) -> (f64, Vec<f64>, DMatrix<f64>) {
        let (outer, inner) = at.split_at(HIDDEN);
        let mut value = -y;
        let mut slope = vec![0.0; SIZE];
        let mut bend = DMatrix::zeros(SIZE, SIZE);
        for i in 0..HIDDEN {
            let weights = &inner[i * INPUTS..(i + 1) * INPUTS];
            let wave = weights
                .iter()
                .zip(x)
                .map(|(w, x)| w * x)
                .sum::<f64>()
                .tanh();
            let rise = 1.0 - wave * wave;
            value += outer[i] * wave;
            slope[i] = wave;
            for j in 0..INPUTS {
                let place = HIDDEN + i * INPUTS + j;
                slope[place] = outer[i] * rise * x[j];
                bend[(i, place)] = rise * x[j];
                bend[(place, i)] = rise * x[j];
                for k in 0..INPUTS {
                    let other = HIDDEN + i * INPUTS + k;
                    bend[(place, other)] = -2.0 * outer[i] * wave * rise * x[j] * x[k];
                }
            }
        }
        (value, slope, bend)
    }

    fn hessian(&self, at: &[f64]) -> DMatrix<f64> {
        let mut sum = DMatrix::zeros(SIZE, SIZE);
        for sample in &self.samples {
            let (value, slope, bend) = Self::residual(at, sample);
            let slope = DMatrix::from_vec(SIZE, 1, slope);
            sum += (&slope * slope.transpose() + bend * value) / self.samples.len() as f64;
        }
        sum
    }
}

impl Objective for Network {
    fn dimension(&self) -> usize {
        SIZE
    }

    fn gradient(&mut self, at: &[f64]) -> Result<Vec<f64>, LandscapeError> {
        let mut sum = vec![0.0; SIZE];
        for sample in &self.samples {
            let (value, slope, _) = Self::residual(at, sample);
            for (sum, slope) in sum.iter_mut().zip(slope) {
                *sum += value * slope / self.samples.len() as f64;
            }
        }
        Ok(sum)
    }
}

#[test]
fn spectrum_is_that_of_the_dense_hessian() {
    let mut network = Network::new();
    let at: Vec<f64> = random_direction(SIZE, SEED, 50)
        .iter()
        .map(|x| 4.0 * x)
        .collect();
    let dense = network.hessian(&at);
    let mut exact: Vec<f64> = SymmetricEigen::new(dense.clone())
        .eigenvalues
        .iter()
        .copied()
        .collect();
    exact.sort_by(|a, b| b.total_cmp(a));
    let mut curvature = Curvature::new(&mut network, &at, SEED).expect("resolved");
    let direction = random_direction(SIZE, SEED, 51);
    let product = curvature.apply(&direction).expect("a product");
    let wanted = &dense * DMatrix::from_vec(SIZE, 1, direction);
    for (found, wanted) in product.iter().zip(wanted.iter()) {
        assert!(
            (found - wanted).abs() < 1e-8,
            "{found} and {wanted}; random seed {SEED}"
        );
    }
    let found = density(|v| curvature.apply(v), SIZE, SIZE, 1, SEED).expect("a density");
    for k in [0, 1, 2] {
        let error = (found.ritz[k].value - exact[k]).abs();
        assert!(error < 1e-7, "eigenvalue {k}: {error}; random seed {SEED}");
    }
    let smallest = found.ritz.last().expect("values").value;
    assert!((smallest - exact[SIZE - 1]).abs() < 1e-7);
    assert!(
        exact[SIZE - 1] < 0.0,
        "the test should see an indefinite Hessian"
    );
}
