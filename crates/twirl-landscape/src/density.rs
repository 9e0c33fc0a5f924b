//! Stochastic Lanczos quadrature: the density of a spectrum from a few random vectors.

use crate::lanczos::{Krylov, largest};
use crate::vector::random_probe;
use crate::{LandscapeError, Ritz, random_signs};

/// A point of a density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Eigenvalue.
    pub value: f64,
    /// Share of the spectrum.
    pub weight: f64,
}

/// The density of a spectrum: `1/n sum_i p(lambda_i)` is estimated by `sum_j weight_j p(value_j)`.
///
/// Gauss quadrature from random vectors (Ubaru, Chen and Saad, SIAM J. Matrix Anal. Appl. 38, 2017)
/// of what deflation leaves (Meyer, Musco, Musco and Woodruff, Hutch++, SOSA 2021):
///
/// ```text
/// 1/n sum_i p(lambda_i)  ~  1/n sum_{l <= k} p(theta_l)
///                           + (1 - k/n) 1/V sum_v sum_j tau_vj p(theta_vj)
/// ```
///
/// `theta_l` are the `k` Ritz values of a first random vector that have settled
/// ([`Ritz::settled`]), with Ritz vectors `Q`. `theta_vj` and `tau_vj` are Ritz values and weights
/// of `P H P`, `P = 1 - Q Q^T`, from `P v`, for `V` further random vectors `v`, independent of `Q`.
///
/// - The weight of a single eigenvalue, `1/n`, is estimated by one random vector with an error of
///   its own size, and a few eigenvalues may hold most of the trace: `Q` has none of that error.
/// - A Ritz vector in `Q` is one dimension, and `P` is all others: nothing is counted twice or
///   lost, and the weights sum to 1. Of an eigenvalue of multiplicity `m`, or of `m` eigenvalues
///   closer together than Lanczos' method tells apart, `Q` holds one and the vectors `v` see the
///   other `m - 1`.
/// - `P v / |P v|` is uniform on its sphere whatever `Q` is. So with `s` steps and for polynomials
///   `p` of degree below `2 s`, the expectation over `v` is `1/n tr p(H')` with
///   `H' = Q Q^T H Q Q^T + P H P`. `tr H' = tr H`: the first moment is unbiased. The eigenvalues of
///   `H'` and of `H`, in order, differ by at most `(sum_l residual_l^2)^(1/2)` (Weyl).
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// Points of the settled values and of all vectors. Their weights sum to 1.
    pub nodes: Vec<Node>,
    /// Ritz values of the first vector, from the largest down.
    pub ritz: Vec<Ritz>,
    /// `<u, H u>` for the first vector `u` (Hutchinson): an unbiased estimate of `tr H / n` and
    /// linear in `H`, so that the means of parts add up to that of their sum to rounding, for the
    /// same seed. `moment(1)` is unbiased too and closer, but `Q` differs between the parts.
    pub mean: f64,
}

/// Runs `steps` products from a random sign vector and from each of `vectors` random directions,
/// functions of `seed`: `steps (1 + vectors)` products, fewer if a Krylov space is exhausted.
///
/// # Errors
/// Those of the operator, and [`LandscapeError::Zero`] without vectors or steps.
pub fn density(
    mut apply: impl FnMut(&[f64]) -> Result<Vec<f64>, LandscapeError>,
    dimension: usize,
    steps: usize,
    vectors: usize,
    seed: u64,
) -> Result<Density, LandscapeError> {
    if vectors == 0 {
        return Err(LandscapeError::Zero {
            what: "the number of vectors",
        });
    }
    let first = Krylov::new(
        &mut apply,
        &random_signs(dimension, seed, 0),
        steps,
        &[],
        0.0,
    )?;
    let size = largest(&first.ritz);
    let settled = (0..first.ritz.len()).filter(|&index| first.ritz[index].settled(size));
    let settled: Vec<usize> = settled.collect();
    let found: Vec<Vec<f64>> = settled.iter().map(|&index| first.vector(index)).collect();
    let single = 1.0 / dimension as f64;
    let mut nodes: Vec<Node> = settled
        .iter()
        .map(|&index| Node {
            value: first.ritz[index].value,
            weight: single,
        })
        .collect();
    let left = dimension - found.len();
    if left > 0 {
        let share = left as f64 * single / vectors as f64;
        for which in 0..vectors {
            let start = random_probe(dimension, seed, which as u64);
            let probe = Krylov::new(&mut apply, &start, steps, &found, first.size)?;
            nodes.extend(probe.ritz.iter().map(|ritz| Node {
                value: ritz.value,
                weight: ritz.weight * share,
            }));
        }
    }
    let mean = first.ritz.iter().map(|ritz| ritz.weight * ritz.value);
    Ok(Density {
        nodes,
        mean: mean.sum(),
        ritz: first.ritz,
    })
}

impl Density {
    /// The density of eigenvalues that are all known.
    pub fn exact(values: &[f64]) -> Self {
        let weight = 1.0 / values.len() as f64;
        let node = |&value: &f64| Node { value, weight };
        Self {
            nodes: values.iter().map(node).collect(),
            ritz: Vec::new(),
            mean: values.iter().sum::<f64>() * weight,
        }
    }

    /// `1/n sum_i lambda_i^power`.
    pub fn moment(&self, power: i32) -> f64 {
        let nodes = self.nodes.iter();
        nodes.map(|node| node.weight * node.value.powi(power)).sum()
    }

    /// The median of `|lambda|` weighted by `|lambda|`: eigenvalues of at least this size hold
    /// half of `sum |lambda|`.
    pub fn trace_median(&self) -> f64 {
        let mut nodes: Vec<Node> = self.nodes.clone();
        nodes.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        let total: f64 = nodes
            .iter()
            .map(|node| node.weight * node.value.abs())
            .sum();
        let mut held = 0.0;
        for node in &nodes {
            held += node.weight * node.value.abs();
            if held >= total / 2.0 {
                return node.value.abs();
            }
        }
        nodes.last().map_or(0.0, |node| node.value.abs())
    }
}
