//! Stochastic Lanczos quadrature: the density of a spectrum from a few random vectors.

use crate::{CONVERGED, LandscapeError, Ritz, lanczos, random_signs};

/// A point of a density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Eigenvalue.
    pub value: f64,
    /// Share of the spectrum.
    pub weight: f64,
}

/// The density of a spectrum, as Gauss quadrature (Ubaru, Chen and Saad, SIAM J. Matrix Anal.
/// Appl. 38, 2017): `1/n sum_i p(lambda_i)` is estimated by `sum_j weight_j p(value_j)`.
///
/// The weight of a single eigenvalue is `1/n`, which a random vector estimates with an error of
/// its own size. So every Ritz value that has converged ([`CONVERGED`]) and is at least that share
/// of the largest in size is given the weight `1/n` of a simple eigenvalue, and the others share
/// what is left in proportion to their quadrature weights. Eigenvalues that large and of higher
/// multiplicity are counted once.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// Points of all vectors; their weights sum to 1 unless all eigenvalues were found.
    pub nodes: Vec<Node>,
    /// Ritz values of the first vector, from the largest down.
    pub ritz: Vec<Ritz>,
}

/// Runs `steps` products from each of `vectors` random sign vectors, functions of `seed`.
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
    let mut density = Density {
        nodes: Vec::new(),
        ritz: Vec::new(),
    };
    for which in 0..vectors {
        let ritz = lanczos(
            &mut apply,
            &random_signs(dimension, seed, which as u64),
            steps,
        )?;
        density.nodes.extend(nodes(&ritz, dimension, vectors));
        if which == 0 {
            density.ritz = ritz;
        }
    }
    if density.nodes.is_empty() {
        return Err(LandscapeError::Zero {
            what: "the number of vectors",
        });
    }
    Ok(density)
}

/// The nodes of one vector.
fn nodes(ritz: &[Ritz], dimension: usize, vectors: usize) -> Vec<Node> {
    let largest = ritz.iter().map(|ritz| ritz.value.abs()).fold(0.0, f64::max);
    let found = |ritz: &Ritz| {
        ritz.residual <= CONVERGED * largest && ritz.value.abs() >= CONVERGED * largest
    };
    let single = 1.0 / dimension as f64;
    let counted = ritz.iter().filter(|ritz| found(ritz)).count() as f64 * single;
    let others: f64 = ritz
        .iter()
        .filter(|ritz| !found(ritz))
        .map(|ritz| ritz.weight)
        .sum();
    let share = if others > 0.0 {
        (1.0 - counted) / others
    } else {
        0.0
    };
    let node = |ritz: &Ritz| Node {
        value: ritz.value,
        weight: if found(ritz) {
            single
        } else {
            ritz.weight * share
        } / vectors as f64,
    };
    ritz.iter().map(node).collect()
}

impl Density {
    /// The density of eigenvalues that are all known.
    pub fn exact(values: &[f64]) -> Self {
        let weight = 1.0 / values.len() as f64;
        let node = |&value: &f64| Node { value, weight };
        Self {
            nodes: values.iter().map(node).collect(),
            ritz: Vec::new(),
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
