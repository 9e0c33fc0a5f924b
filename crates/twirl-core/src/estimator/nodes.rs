//! Rotations with weights: quadrature nodes of one's own, and product rules.

use rand::Rng;

use super::contract::{Coverage, Estimator, Powers};
use crate::error::CoreError;
use crate::rotation::Rotation;
use crate::symmetry::Symmetry;
use crate::wigner::wigner;

/// Largest entry of a node average of Wigner matrices that counts as zero: nodes stored in single
/// precision are off by some 1e-7.
const ZERO: f64 = 1e-5;

/// Largest degree that [`Nodes::new`] looks for.
const LARGEST: usize = 20;

/// A deterministic quadrature rule on the rotations.
///
/// With weights that sum to 1, `L = sum_m w_m l(u_m)`, `ubar = sum_m w_m u_m`, and
/// `L_equiv = L - l(ubar)`, for the squared loss `sum_m w_m |u_m - ubar|^2`. These are exact where the
/// rule integrates the integrands: a rule of degree t gives `L_mean` of predictions up to degree t,
/// and all figures of the squared loss of predictions up to degree t / 2. Nothing is estimated, so
/// there is no error of rotations, and none that an interval could show beyond the degree.
#[derive(Debug, Clone, PartialEq)]
pub struct Nodes {
    rotations: Vec<Rotation>,
    weights: Vec<f64>,
    degree: usize,
}

impl Nodes {
    /// Nodes and their weights, which are divided by their sum. Single weights may be negative, as
    /// in some Lebedev rules. The degree is found by averaging Wigner matrices.
    ///
    /// # Errors
    /// [`CoreError::Shape`] if the lengths differ, [`CoreError::TooFewDraws`] below 2 nodes,
    /// [`CoreError::NodeWeight`] for a weight that is not finite or a sum that is not above zero.
    pub fn new(rotations: Vec<Rotation>, weights: &[f64]) -> Result<Self, CoreError> {
        if rotations.len() != weights.len() {
            return Err(CoreError::Shape {
                what: "weights of the rotations",
                found: weights.len(),
                expected: rotations.len(),
            });
        }
        CoreError::too_few("quadrature", "nodes", rotations.len())?;
        if let Some(node) = weights.iter().position(|weight| !weight.is_finite()) {
            return Err(CoreError::NodeWeight {
                what: format!("weight of rotation {node}"),
                value: weights[node],
            });
        }
        let sum: f64 = weights.iter().sum();
        if !(sum.is_finite() && sum > 0.0) {
            return Err(CoreError::NodeWeight {
                what: "sum of the weights of rotations".into(),
                value: sum,
            });
        }
        let weights: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let degree = resolved(&rotations, &weights);
        Ok(Self {
            rotations,
            weights,
            degree,
        })
    }

    /// The product rule of a degree in the angles `R = R_z(alpha) R_y(beta) R_z(gamma)`: `degree + 1`
    /// equispaced alpha and gamma, and `degree / 2 + 1` Gauss-Legendre nodes in `cos beta`. It
    /// integrates every Wigner matrix up to the degree. Under O(3) the nodes are followed by their
    /// negatives.
    #[must_use]
    pub fn product(degree: usize, symmetry: Symmetry) -> Self {
        let (around, weights) = (degree + 1, product_weights(degree, symmetry));
        let angle = |k: usize| std::f64::consts::TAU * k as f64 / around as f64;
        let about_z = |k| Rotation::about([0.0, 0.0, 1.0], angle(k));
        let mut rotations = Vec::with_capacity(weights.len());
        for (cosine, _) in gauss_legendre(degree / 2 + 1) {
            let tilt = Rotation::about([0.0, 1.0, 0.0], cosine.acos());
            for alpha in 0..around {
                let turned = about_z(alpha) * tilt;
                rotations.extend((0..around).map(|gamma| turned * about_z(gamma)));
            }
        }
        if symmetry == Symmetry::O3 {
            let negatives: Vec<_> = rotations.iter().map(|&rotation| -rotation).collect();
            rotations.extend(negatives);
        }
        Self {
            rotations,
            weights,
            degree,
        }
    }

    /// Largest degree that is integrated exactly.
    #[must_use]
    pub const fn degree(&self) -> usize {
        self.degree
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Rotation] {
        &self.rotations
    }
}

impl Estimator for Nodes {
    fn name(&self) -> &'static str {
        "quadrature"
    }

    fn words(&self) -> String {
        format!("weighted nodes of degree {}", self.degree)
    }

    fn coverage(&self) -> Coverage {
        Coverage::Degree(self.degree)
    }

    fn rotations(&self, _: Symmetry) -> usize {
        self.rotations.len()
    }

    fn validate(&self, _: Symmetry) -> Result<(), CoreError> {
        Ok(())
    }

    fn draw(&self, _: &mut dyn Rng, _: Symmetry) -> Result<Vec<Rotation>, CoreError> {
        Ok(self.rotations.clone())
    }

    fn weights(&self, _: Symmetry) -> Option<Vec<f64>> {
        Some(self.weights.clone())
    }

    fn powers(&self) -> Powers {
        Powers::Nodes {
            degree: self.degree / 2,
        }
    }
}

/// Weights of [`Nodes::product`], in its order.
pub(super) fn product_weights(degree: usize, symmetry: Symmetry) -> Vec<f64> {
    let around = degree + 1;
    let share = (2 * around * around * symmetry.parities()) as f64;
    let tilts = gauss_legendre(degree / 2 + 1).into_iter();
    let weights =
        tilts.flat_map(|(_, weight)| std::iter::repeat_n(weight / share, around * around));
    let proper: Vec<f64> = weights.collect();
    proper.repeat(symmetry.parities())
}

/// Nodes in `[-1, 1]` and weights, by Newton's iteration on the Legendre polynomial.
fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let value = |x: f64| {
        let (mut before, mut now) = (1.0, x);
        for k in 2..=count {
            let k = k as f64;
            (before, now) = (now, ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k);
        }
        // P_n and its derivative.
        (now, count as f64 * (x * now - before) / (x * x - 1.0))
    };
    let node = |place: usize| {
        let angle = std::f64::consts::PI * (place as f64 + 0.75) / (count as f64 + 0.5);
        let mut x = angle.cos();
        // Newton's steps from this start settle within five.
        for _ in 0..8 {
            let (polynomial, slope) = value(x);
            x -= polynomial / slope;
        }
        let (_, slope) = value(x);
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(node).collect()
}

/// Largest degree up to which all averages of Wigner matrices vanish, those of improper rotations in
/// either parity.
fn resolved(rotations: &[Rotation], weights: &[f64]) -> usize {
    let signs: Vec<f64> = rotations.iter().map(Rotation::determinant).collect();
    let both = signs.iter().any(|sign| *sign < 0.0);
    let balance: f64 = signs.iter().zip(weights).map(|(sign, w)| sign * w).sum();
    if both && balance.abs() > ZERO {
        return 0;
    }
    // Degrees one by one: most sets of rotations fail early, and matrices grow.
    let vanishes = |degree: usize| {
        let mut sums = vec![[0.0; 2]; (2 * degree + 1).pow(2)];
        for ((rotation, weight), sign) in rotations.iter().zip(weights).zip(&signs) {
            let matrix = wigner(degree, rotation).pop().unwrap_or_default();
            for (sum, entry) in sums.iter_mut().zip(&matrix) {
                sum[0] += weight * entry;
                sum[1] += sign * weight * entry;
            }
        }
        sums.iter().flatten().all(|entry| entry.abs() <= ZERO)
    };
    (1..=LARGEST).take_while(|&degree| vanishes(degree)).count()
}
