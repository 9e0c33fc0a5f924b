//! Stochastic Lanczos quadrature: the density of a spectrum from a few random vectors.

use crate::lanczos::{Krylov, largest};
use crate::vector::{dot, random_probe};
use crate::{LandscapeError, Quadrature, Ritz, Subspace, random_signs};

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
    /// Dimension of the space.
    pub dimension: usize,
    /// Points of the settled values, each of one dimension.
    pub settled: Vec<Node>,
    /// Points of each random vector. Their weights sum to the share that `settled` leaves.
    pub probes: Vec<Vec<Node>>,
    /// The same after each of [`Quadrature::SHARES`] of the steps; empty where no step is missing.
    pub coarse: Vec<Vec<Vec<Node>>>,
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
    apply: impl FnMut(&[f64]) -> Result<Vec<f64>, LandscapeError>,
    dimension: usize,
    steps: usize,
    vectors: usize,
    seed: u64,
) -> Result<Density, LandscapeError> {
    density_within(apply, &Subspace::whole(dimension), steps, vectors, seed)
}

/// [`density`] of an operator restricted to a subspace, `P H P` on the range of the projection `P`:
/// the operator is applied to vectors of the subspace, and what it gives is projected.
///
/// # Errors
/// As [`density`], and [`LandscapeError::Zero`] for a subspace without a dimension.
pub fn density_within(
    mut apply: impl FnMut(&[f64]) -> Result<Vec<f64>, LandscapeError>,
    space: &Subspace<'_>,
    steps: usize,
    vectors: usize,
    seed: u64,
) -> Result<Density, LandscapeError> {
    let (weights, dimension) = (space.weights(), space.dimension());
    if vectors == 0 || dimension == 0 {
        return Err(LandscapeError::Zero {
            what: "the number of vectors or the dimension of the space",
        });
    }
    let mut apply = |direction: &[f64]| -> Result<Vec<f64>, LandscapeError> {
        Ok(space.project(apply(direction)?))
    };
    let start = space.project(random_signs(weights, seed, 0));
    // Signs are of length 1 among all weights.
    let share = dot(&start, &start) * weights as f64 / dimension as f64;
    let first = Krylov::new(&mut apply, &start, steps.min(dimension), &[], 0.0)?;
    let size = largest(&first.ritz);
    let settled = (0..first.ritz.len()).filter(|&index| first.ritz[index].settled(size));
    let settled: Vec<usize> = settled.collect();
    let found: Vec<Vec<f64>> = settled.iter().map(|&index| first.vector(index)).collect();
    let single = 1.0 / dimension as f64;
    let left = dimension - found.len();
    let (mut probes, mut coarse) = (Vec::new(), vec![Vec::new(); Quadrature::SHARES.len()]);
    for which in (0..vectors as u64).filter(|_| left > 0) {
        let start = space.project(random_probe(weights, seed, which));
        let probe = Krylov::new(&mut apply, &start, steps.min(left), &found, first.size)?;
        let node = |ritz: &Ritz| Node {
            value: ritz.value,
            weight: ritz.weight * left as f64 * single,
        };
        probes.push(probe.ritz.iter().map(node).collect());
        for (coarse, share) in coarse.iter_mut().zip(Quadrature::SHARES) {
            let fewer = probe.after((share * steps.min(left) as f64).ceil() as usize);
            coarse.push(fewer.iter().map(node).collect());
        }
    }
    let mean = first.ritz.iter().map(|ritz| ritz.weight * ritz.value);
    Ok(Density {
        dimension,
        settled: settled
            .iter()
            .map(|&index| Node {
                value: first.ritz[index].value,
                weight: single,
            })
            .collect(),
        probes,
        coarse,
        mean: share * mean.sum::<f64>(),
        ritz: first.ritz,
    })
}

impl Density {
    /// The density of eigenvalues that are all known.
    pub fn exact(values: &[f64]) -> Self {
        let weight = 1.0 / values.len() as f64;
        let node = |&value: &f64| Node { value, weight };
        Self {
            dimension: values.len(),
            settled: values.iter().map(node).collect(),
            probes: Vec::new(),
            coarse: Vec::new(),
            ritz: Vec::new(),
            mean: values.iter().sum::<f64>() * weight,
        }
    }

    /// All points. Their weights sum to 1.
    pub fn nodes(&self) -> Vec<Node> {
        self.pooled(&slices(&self.probes))
    }

    /// The settled values, and the mean over some random vectors.
    fn pooled(&self, probes: &[&[Node]]) -> Vec<Node> {
        let mean = |node: &Node| Node {
            value: node.value,
            weight: node.weight / probes.len() as f64,
        };
        let probes = probes.iter().flat_map(|probe| probe.iter().map(mean));
        self.settled.iter().copied().chain(probes).collect()
    }

    /// `1/n sum_i lambda_i^power`.
    pub fn moment(&self, power: i32) -> f64 {
        let nodes = self.nodes().into_iter();
        nodes.map(|node| node.weight * node.value.powi(power)).sum()
    }

    /// The median of `|lambda|` weighted by `|lambda|`: eigenvalues of at least this size hold
    /// half of `sum |lambda|`.
    ///
    /// The share that is held steps at every eigenvalue. Half of an eigenvalue's own share counts as
    /// held at it, and the logarithm is interpolated between neighbours: the median of a few
    /// eigenvalues is then no one of them, and does not jump with the errors of their shares.
    pub fn trace_median(&self) -> f64 {
        self.median(self.nodes())
    }

    /// The same with what quadrature leaves open.
    pub fn trace_median_with_errors(&self) -> Quadrature {
        let of = |probes: &[&[Node]]| self.median(self.pooled(probes));
        let all = slices(&self.probes);
        let several = all.len() > 1;
        let each = 0..if several { all.len() } else { 0 };
        let without = |left_out: usize| {
            let others = all.iter().enumerate();
            let others = others.filter(|(place, _)| *place != left_out);
            of(&others.map(|(_, probe)| *probe).collect::<Vec<_>>())
        };
        Quadrature {
            value: of(&all),
            without: each.clone().map(without).collect(),
            alone: each.map(|place| of(&[all[place]])).collect(),
            coarse: self.coarse.iter().map(|fewer| of(&slices(fewer))).collect(),
            single: all.len() == 1,
        }
    }

    fn median(&self, mut nodes: Vec<Node>) -> f64 {
        nodes.retain(|node| node.weight * node.value != 0.0);
        nodes.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        let share = |node: &Node| node.weight * node.value.abs();
        let half = nodes.iter().map(share).sum::<f64>() / 2.0;
        // Held before the node, and the place and logarithm of the knot before.
        let (mut held, mut before): (f64, Option<[f64; 2]>) = (0.0, None);
        for node in &nodes {
            let size = node.value.abs();
            let end = held + share(node);
            // A node of many eigenvalues is flat but for half of one at either end.
            let rim = share(node).min(size / self.dimension as f64) / 2.0;
            let (first, last) = (held + rim, end - rim);
            if half <= first {
                let Some([place, logarithm]) = before else {
                    return size;
                };
                let part = (half - place) / (first - place);
                return (logarithm + part * (size.ln() - logarithm)).exp();
            }
            if half <= last {
                return size;
            }
            before = Some([last, size.ln()]);
            held = end;
        }
        nodes.last().map_or(0.0, |node| node.value.abs())
    }
}

fn slices(all: &[Vec<Node>]) -> Vec<&[Node]> {
    all.iter().map(Vec::as_slice).collect()
}
