//! Models whose twirl and equivariance error are known in closed form.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use twirl_core::{Rotation, Samples};

pub(crate) type Points = Vec<[f64; 3]>;

/// Channels `c_ij` and difference vectors `d_ij` of one atom's neighbours.
type Pairs = Vec<([f64; 3], [f64; 3])>;

/// Normal points in three dimensions.
pub(crate) fn points(count: usize, rng: &mut impl Rng) -> Points {
    (0..count)
        .map(|_| std::array::from_fn(|_| rng.sample(StandardNormal)))
        .collect()
}

/// A vector for every input point.
pub(crate) trait Model {
    fn predict(&self, x: &[[f64; 3]]) -> Points;
}

/// `g^-1 f(g x) - y` at every rotation, `[rotations][points][3]`.
pub(crate) fn residuals(
    model: &impl Model,
    x: &[[f64; 3]],
    y: &[[f64; 3]],
    rotations: &[Rotation],
) -> Vec<f64> {
    let mut rows = Vec::with_capacity(rotations.len() * x.len() * 3);
    for rotation in rotations {
        let turned: Points = x.iter().map(|&point| rotation.apply(point)).collect();
        let back = rotation.inverse();
        for (vector, target) in model.predict(&turned).into_iter().zip(y) {
            let untwisted = back.apply(vector);
            rows.extend((0..3).map(|k| untwisted[k] - target[k]));
        }
    }
    rows
}

/// Samples of three-component blocks.
pub(crate) fn samples<'a>(rows: &'a [f64], weights: &'a [f64]) -> Samples<'a> {
    Samples::new(
        rows.len() / (3 * weights.len()),
        weights.len(),
        3,
        rows,
        weights,
    )
    .unwrap()
}

/// `sum_b w_b l(|a_b - b_b|^2)`.
pub(crate) fn distance(
    a: &[[f64; 3]],
    b: &[[f64; 3]],
    weights: &[f64],
    loss: impl Fn(f64) -> f64,
) -> f64 {
    let squared = |p: &[f64; 3], q: &[f64; 3]| (0..3).map(|k| (p[k] - q[k]).powi(2)).sum::<f64>();
    a.iter()
        .zip(b)
        .zip(weights)
        .map(|((p, q), w)| w * loss(squared(p, q)))
        .sum()
}

/// The direct-force head of `EScAIP`: `F_i = m_i sum_j c_ij * d_ij`, element-wise in the three
/// channels of `c_ij`, all features invariant functions of distances.
#[derive(Debug, Clone)]
pub(crate) struct DirectHead {
    /// Frequency and phase of each channel.
    channels: [[f64; 2]; 3],
    /// Share of the channel differences: 0 makes the head equivariant.
    pub(crate) spread: f64,
}

impl DirectHead {
    pub(crate) fn new(spread: f64, rng: &mut impl Rng) -> Self {
        let channels =
            std::array::from_fn(|_| [rng.random_range(0.5..2.0), rng.random_range(0.0..6.0)]);
        Self { channels, spread }
    }

    /// Per atom `i`: `m_i` and, per neighbour, `c_ij` and `d_ij`.
    fn features(&self, x: &[[f64; 3]]) -> Vec<(f64, Pairs)> {
        let atom = |i: usize| {
            let mut size = 1.0;
            let mut pairs = Vec::new();
            for j in (0..x.len()).filter(|&j| j != i) {
                let d: [f64; 3] = std::array::from_fn(|k| x[j][k] - x[i][k]);
                let length = d.iter().map(|v| v * v).sum::<f64>().sqrt();
                size += (-length).exp();
                let raw = self
                    .channels
                    .map(|[rate, phase]| (rate * length + phase).sin());
                let mean = raw.iter().sum::<f64>() / 3.0;
                pairs.push((raw.map(|c| mean + self.spread * (c - mean)), d));
            }
            (size, pairs)
        };
        (0..x.len()).map(atom).collect()
    }

    /// The twirl: channels replaced by their average.
    pub(crate) fn twirl(&self, x: &[[f64; 3]]) -> Points {
        Self {
            spread: 0.0,
            ..self.clone()
        }
        .predict(x)
    }

    /// `L_equiv,i = m_i^2 / 3 |sum_j ctil_ij d_ij^T|_F^2`, summed with weights.
    pub(crate) fn equiv(&self, x: &[[f64; 3]], weights: &[f64]) -> f64 {
        let frobenius = |pairs: &Pairs| {
            let mut outer = [[0.0; 3]; 3];
            for (c, d) in pairs {
                let mean = c.iter().sum::<f64>() / 3.0;
                for (row, channel) in outer.iter_mut().zip(c) {
                    for (entry, component) in row.iter_mut().zip(d) {
                        *entry += (channel - mean) * component;
                    }
                }
            }
            outer
                .iter()
                .flatten()
                .map(|entry| entry * entry)
                .sum::<f64>()
        };
        let atoms = self.features(x).into_iter().zip(weights);
        atoms
            .map(|((m, pairs), w)| w * m * m / 3.0 * frobenius(&pairs))
            .sum()
    }
}

impl Model for DirectHead {
    fn predict(&self, x: &[[f64; 3]]) -> Points {
        let force = |(m, pairs): (f64, Pairs)| {
            std::array::from_fn(|k| m * pairs.iter().map(|(c, d)| c[k] * d[k]).sum::<f64>())
        };
        self.features(x).into_iter().map(force).collect()
    }
}

/// `f(x)_i = sum_j A_ij x_j` with arbitrary 3x3 matrices `A_ij = a_ij I + B_ij`, `tr B_ij = 0`.
#[derive(Debug, Clone)]
pub(crate) struct LinearMap {
    count: usize,
    /// `[count * count]` matrices.
    matrices: Vec<[[f64; 3]; 3]>,
}

impl LinearMap {
    pub(crate) fn new(count: usize, rng: &mut impl Rng) -> Self {
        let mut matrix =
            || std::array::from_fn(|_| std::array::from_fn(|_| rng.sample(StandardNormal)));
        Self {
            count,
            matrices: (0..count * count).map(|_| matrix()).collect(),
        }
    }

    fn map(&self, part: impl Fn([[f64; 3]; 3]) -> [[f64; 3]; 3]) -> Self {
        Self {
            count: self.count,
            matrices: self.matrices.iter().map(|&a| part(a)).collect(),
        }
    }

    /// The twirl: every `A_ij` replaced by `tr(A_ij) / 3` times the identity.
    pub(crate) fn twirl(&self) -> Self {
        self.map(|a| {
            let mean = (a[0][0] + a[1][1] + a[2][2]) / 3.0;
            std::array::from_fn(|r| std::array::from_fn(|c| if r == c { mean } else { 0.0 }))
        })
    }

    /// The traceless part with the given symmetry: degree 1 for `sign = -1`, 2 for `sign = 1`.
    pub(crate) fn degree_part(&self, sign: f64) -> Self {
        let twirl = self.twirl();
        let mut part = self.map(|a| {
            std::array::from_fn(|r| std::array::from_fn(|c| 0.5 * (a[r][c] + sign * a[c][r])))
        });
        if sign > 0.0 {
            for (b, mean) in part.matrices.iter_mut().zip(&twirl.matrices) {
                (0..3).for_each(|k| b[k][k] -= mean[k][k]);
            }
        }
        part
    }

    /// `E_g |g^-1 B(g x)|^2 = 1/3 sum_i sum_jk <B_ij, B_ik>_F x_j . x_k` for traceless blocks.
    pub(crate) fn power(&self, x: &[[f64; 3]], weights: &[f64]) -> f64 {
        let mut total = 0.0;
        for (row, weight) in self.matrices.chunks_exact(self.count).zip(weights) {
            for (b_j, x_j) in row.iter().zip(x) {
                for (b_k, x_k) in row.iter().zip(x) {
                    let product: f64 = b_j
                        .iter()
                        .flatten()
                        .zip(b_k.iter().flatten())
                        .map(|(p, q)| p * q)
                        .sum();
                    let inner: f64 = x_j.iter().zip(x_k).map(|(p, q)| p * q).sum();
                    total += weight * product * inner / 3.0;
                }
            }
        }
        total
    }
}

impl Model for LinearMap {
    fn predict(&self, x: &[[f64; 3]]) -> Points {
        let output = |row: &[[[f64; 3]; 3]]| {
            std::array::from_fn(|r| {
                row.iter()
                    .zip(x)
                    .map(|(a, v)| a[r].iter().zip(v).map(|(p, q)| p * q).sum::<f64>())
                    .sum()
            })
        };
        self.matrices.chunks_exact(self.count).map(output).collect()
    }
}
