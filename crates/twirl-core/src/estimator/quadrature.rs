//! The product rule of a degree.

use rand::Rng;

use super::contract::{Coverage, Estimator, Powers};
use super::nodes::{Nodes, product_weights};
use crate::error::CoreError;
use crate::rotation::Rotation;
use crate::symmetry::Symmetry;

/// Largest degree: 35,301 nodes.
const LARGEST: usize = 40;

/// [`Nodes::product`], which is exact up to a degree.
pub(crate) struct Quadrature {
    pub(crate) degree: usize,
}

impl Estimator for Quadrature {
    fn name(&self) -> &'static str {
        "quadrature"
    }

    fn words(&self) -> String {
        format!("quadrature of degree {}", self.degree)
    }

    fn coverage(&self) -> Coverage {
        Coverage::Degree(self.degree)
    }

    fn rotations(&self, symmetry: Symmetry) -> usize {
        let around = self.degree.saturating_add(1);
        let nodes = around
            .saturating_mul(around)
            .saturating_mul(self.degree / 2 + 1);
        nodes.saturating_mul(symmetry.parities())
    }

    fn validate(&self, _: Symmetry) -> Result<(), CoreError> {
        if (1..=LARGEST).contains(&self.degree) {
            return Ok(());
        }
        Err(CoreError::QuadratureDegree {
            found: self.degree,
            largest: LARGEST,
        })
    }

    fn draw(&self, _: &mut dyn Rng, symmetry: Symmetry) -> Result<Vec<Rotation>, CoreError> {
        self.validate(symmetry)?;
        Ok(Nodes::product(self.degree, symmetry).nodes().to_vec())
    }

    fn weights(&self, symmetry: Symmetry) -> Option<Vec<f64>> {
        Some(product_weights(self.degree, symmetry))
    }

    fn powers(&self) -> Powers {
        Powers::Nodes {
            degree: self.degree / 2,
        }
    }
}
