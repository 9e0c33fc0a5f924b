//! Condition numbers of singular Hessians.

use crate::Density;
use crate::lanczos::largest;

/// Condition numbers of a Hessian, with their definitions.
///
/// A Hessian of a network is singular (parameters that change nothing) and away from a minimum
/// indefinite, so that `lambda_max / lambda_min` does not exist. `lambda_1 >= lambda_2 >= ...` are
/// its eigenvalues.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// `lambda_1`.
    pub largest: f64,
    /// `lambda_1 / lambda_k` for k = 1, 2, ..., as far as Lanczos' method has settled every value
    /// down to `lambda_k` ([`crate::Ritz::settled`]) and `lambda_k` is positive. Eigenvalues that
    /// it does not tell apart count once, so that the ratio lies above rather than below: the k-th
    /// Ritz value is at most `lambda_k` (Cauchy).
    pub ratios: Vec<f64>,
    /// The median of `|lambda|` weighted by `|lambda|`: [`Density::trace_median`].
    pub trace_median: f64,
    /// Mean eigenvalue, trace over dimension, from one vector: [`Density::mean`].
    pub mean: f64,
}

impl Condition {
    /// Reads them from a density.
    pub fn of(density: &Density) -> Self {
        let first = density.ritz.first().map_or(0.0, |ritz| ritz.value);
        let size = largest(&density.ritz);
        let settled = density.ritz.iter();
        let settled = settled.take_while(|ritz| ritz.value > 0.0 && ritz.settled(size));
        Self {
            largest: first,
            ratios: settled.map(|ritz| first / ritz.value).collect(),
            trace_median: density.trace_median(),
            mean: density.mean,
        }
    }

    /// `(lambda_1 + damping) / (trace median + damping)`: with damping 0, the largest eigenvalue
    /// over the one at which half of the trace is reached.
    pub fn to_median(&self, damping: f64) -> f64 {
        (self.largest + damping) / (self.trace_median + damping)
    }

    /// `lambda_1 / lambda_k`, from k = 1, if resolved.
    pub fn to_kth(&self, k: usize) -> Option<f64> {
        self.ratios.get(k.checked_sub(1)?).copied()
    }
}
