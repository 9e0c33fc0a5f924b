//! Hessian-vector products by central differences of gradients.

use crate::vector::{add, dot, norm, random_direction, scale};
use crate::{LandscapeError, Objective};

/// Steps that are tried, largest first. The error of a central difference is `h^2 |D^3| / 6` from
/// the next derivative and `epsilon |g| / h` from rounding: in f64 and for weights of size one the
/// best step lies near 1e-5; networks are steep along some directions and want less.
pub const STEPS: [f64; 3] = [3e-5, 4e-6, 5e-7];

/// Largest relative difference between products with two neighbouring steps.
const ALLOWED: f64 = 1e-3;

/// How the step was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verification {
    /// The step, a length in weight space.
    pub step: f64,
    /// Relative difference to the product with the next larger step, the larger of two
    /// directions: a random one and that of the gradient. The error of the product is no larger.
    pub disagreement: f64,
    /// `|<u, H v> - <v, H u>| / (|H u| + |H v|)` for the two directions. A Hessian is symmetric;
    /// what is left is the error of the products.
    pub asymmetry: f64,
}

/// The Hessian of an objective at fixed weights.
pub struct Curvature<'a, F> {
    objective: &'a mut F,
    at: Vec<f64>,
    verification: Verification,
}

impl<'a, F: Objective> Curvature<'a, F> {
    /// Chooses the step by comparing products with neighbouring [`STEPS`] along a random direction
    /// (a function of `seed`) and along the gradient: the smaller step of the pair that agrees
    /// best is taken.
    ///
    /// # Errors
    /// [`LandscapeError::NotResolved`] if no pair agrees to a share of 1e-3, and the objective's.
    pub fn new(objective: &'a mut F, at: &[f64], seed: u64) -> Result<Self, LandscapeError> {
        let expected = objective.dimension();
        if at.len() != expected {
            return Err(LandscapeError::Length {
                what: "the vector of weights",
                found: at.len(),
                expected,
            });
        }
        let random = random_direction(expected, seed, 0);
        let mut slope = objective.gradient(at)?;
        let length = norm(&slope);
        if !length.is_finite() {
            return Err(LandscapeError::NotFinite { what: "a gradient" });
        }
        if length > 0.0 {
            scale(&mut slope, 1.0 / length);
        } else {
            slope = random_direction(expected, seed, 1);
        }
        let mut before: Option<[Vec<f64>; 2]> = None;
        let mut best: Option<Verification> = None;
        for step in STEPS {
            let products = [
                product(objective, at, &random, step)?,
                product(objective, at, &slope, step)?,
            ];
            if let Some(before) = &before {
                let pairs = products.iter().zip(before);
                let disagreement = pairs.map(|(a, b)| difference(a, b)).fold(0.0, f64::max);
                let asymmetry = (dot(&slope, &products[0]) - dot(&random, &products[1])).abs()
                    / (norm(&products[0]) + norm(&products[1])).max(f64::MIN_POSITIVE);
                if best.is_none_or(|best| disagreement < best.disagreement) {
                    best = Some(Verification {
                        step,
                        disagreement,
                        asymmetry,
                    });
                }
            }
            before = Some(products);
        }
        let verification = best.ok_or(LandscapeError::NotFinite { what: "a product" })?;
        if verification.disagreement.is_nan() || verification.disagreement > ALLOWED {
            return Err(LandscapeError::NotResolved {
                disagreement: verification.disagreement,
                allowed: ALLOWED,
            });
        }
        Ok(Self {
            objective,
            at: at.to_vec(),
            verification,
        })
    }

    /// The step and what is known of its error.
    pub fn verification(&self) -> Verification {
        self.verification
    }

    /// Number of weights.
    pub fn dimension(&self) -> usize {
        self.at.len()
    }

    /// `H v`, from two gradients.
    ///
    /// # Errors
    /// [`LandscapeError::Zero`] and [`LandscapeError::Length`] for the direction, and the
    /// objective's.
    pub fn apply(&mut self, direction: &[f64]) -> Result<Vec<f64>, LandscapeError> {
        if direction.len() != self.at.len() {
            return Err(LandscapeError::Length {
                what: "the direction",
                found: direction.len(),
                expected: self.at.len(),
            });
        }
        let length = norm(direction);
        if length == 0.0 {
            return Err(LandscapeError::Zero {
                what: "the direction",
            });
        }
        let unit: Vec<f64> = direction.iter().map(|value| value / length).collect();
        let mut along = product(self.objective, &self.at, &unit, self.verification.step)?;
        scale(&mut along, length);
        Ok(along)
    }
}

/// `(g(x + h v) - g(x - h v)) / 2h` for a unit vector.
fn product<F: Objective>(
    objective: &mut F,
    at: &[f64],
    unit: &[f64],
    step: f64,
) -> Result<Vec<f64>, LandscapeError> {
    let mut place = at.to_vec();
    add(&mut place, step, unit);
    let mut ahead = objective.gradient(&place)?;
    place.copy_from_slice(at);
    add(&mut place, -step, unit);
    let behind = objective.gradient(&place)?;
    add(&mut ahead, -1.0, &behind);
    scale(&mut ahead, 0.5 / step);
    if ahead.iter().all(|value| value.is_finite()) {
        Ok(ahead)
    } else {
        Err(LandscapeError::NotFinite {
            what: "a Hessian-vector product",
        })
    }
}

/// `|a - b| / |a|`; 0 if both are zero.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    let mut apart = a.to_vec();
    add(&mut apart, -1.0, b);
    let (apart, length) = (norm(&apart), norm(a));
    if apart == 0.0 { 0.0 } else { apart / length }
}
