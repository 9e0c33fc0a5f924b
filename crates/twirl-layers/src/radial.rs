//! Functions of a distance.

use burn::tensor::{Int, Tensor};

use crate::pointwise::{gaussian, sine};

/// `exp(-(r - c_n)^2 / (2 w^2))` with centres evenly spaced from 0 to the cutoff and `w` their
/// spacing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianBasis {
    count: usize,
    cutoff: f64,
}

impl GaussianBasis {
    /// `count` functions up to `cutoff`, in the unit of the distances.
    ///
    /// # Panics
    /// If there are fewer than 2 functions or the cutoff is not above zero.
    #[must_use]
    pub fn new(count: usize, cutoff: f64) -> Self {
        assert!(
            count >= 2 && cutoff > 0.0,
            "GaussianBasis: {count} functions up to {cutoff}"
        );
        Self { count, cutoff }
    }

    /// Number of functions.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Distances `[edges, 1]` to `[edges, count]`.
    #[must_use]
    pub fn forward(&self, distance: Tensor<2>) -> Tensor<2> {
        let spacing = self.cutoff / (self.count - 1) as f64;
        let centres = numbers(0, self.count, &distance);
        gaussian(distance * (1.0 / spacing) - centres)
    }

    /// The factor that brings the mean square of the values to one, `sqrt(count / sqrt(pi))`: at any
    /// distance two spacings or more inside the range the squares add up to `sqrt(pi)`.
    ///
    /// Layers are initialised for inputs of mean square one. Without the factor a dense layer after
    /// many functions passes distances on at a fraction of the size of everything else.
    #[must_use]
    pub fn gain(&self) -> f64 {
        (self.count as f64 / std::f64::consts::PI.sqrt()).sqrt()
    }
}

/// `sqrt(2 / c) sin(n pi r / c) / r` for n from 1 to the count, orthonormal on the ball of radius
/// c (Gasteiger et al., arXiv 2003.03123). Distances must be above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BesselBasis {
    count: usize,
    cutoff: f64,
}

impl BesselBasis {
    /// `count` functions up to `cutoff`, in the unit of the distances.
    ///
    /// # Panics
    /// If there is no function or the cutoff is not above zero.
    #[must_use]
    pub fn new(count: usize, cutoff: f64) -> Self {
        assert!(
            count >= 1 && cutoff > 0.0,
            "BesselBasis: {count} functions up to {cutoff}"
        );
        Self { count, cutoff }
    }

    /// Number of functions.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Distances `[edges, 1]`, above zero, to `[edges, count]`.
    #[must_use]
    pub fn forward(&self, distance: Tensor<2>) -> Tensor<2> {
        let orders = numbers(1, self.count, &distance);
        let angle = distance.clone() * (std::f64::consts::PI / self.cutoff) * orders;
        sine(angle) * (2.0 / self.cutoff).sqrt() / distance
    }
}

/// Smooth envelope of a distance: 1 at 0, and 0 from the cutoff on, with two continuous
/// derivatives everywhere.
///
/// It is `1 - 28 x^6 + 48 x^7 - 21 x^8` with `x = r / c` (arXiv 2003.03123 with p = 6), computed as
/// `(1 - x)^3 (1 + 3 x + 6 x^2 + 10 x^3 + 15 x^4 + 21 x^5)`, which keeps its digits near the
/// cutoff. Any shape is kept.
#[must_use]
pub fn cutoff<const D: usize>(distance: Tensor<D>, cutoff: f64) -> Tensor<D> {
    let x = (distance * (1.0 / cutoff)).clamp_max(1.0);
    let series = [15.0, 10.0, 6.0, 3.0, 1.0]
        .into_iter()
        .fold(x.clone() * 21.0, |sum, term| {
            if term == 1.0 {
                sum + term
            } else {
                (sum + term) * x.clone()
            }
        });
    let rest = -x + 1.0;
    rest.clone() * rest.clone() * rest * series
}

/// `[1, count]`: `first, first + 1, ..` in the float type of `like`.
fn numbers(first: i64, count: usize, like: &Tensor<2>) -> Tensor<2> {
    Tensor::<1, Int>::arange(first..first + count as i64, &like.device())
        .float()
        .cast(like.dtype())
        .unsqueeze()
}
