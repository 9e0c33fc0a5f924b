//! Draws without replacement from a finite group.

use rand::{Rng, RngExt};

use super::contract::{Coverage, Estimator, Units};
use super::rows::{scaled, scatter};
use crate::error::CoreError;
use crate::group::FiniteGroup;
use crate::rotation::Rotation;
use crate::samples::Samples;
use crate::symmetry::Symmetry;

/// `L_equiv = sum_m |u_m - ubar|^2 / (M - 1) * (H - 1) / H`, unbiased for the group's.
pub(crate) struct Subset {
    pub(crate) group: FiniteGroup,
    pub(crate) rotations: usize,
}

impl Subset {
    fn order(&self, symmetry: Symmetry) -> f64 {
        self.group.order_under(symmetry) as f64
    }
}

impl Estimator for Subset {
    fn name(&self) -> &'static str {
        "subset"
    }

    fn words(&self) -> String {
        format!("part of the {} group", self.group.name())
    }

    fn coverage(&self) -> Coverage {
        Coverage::Finite(self.group)
    }

    fn rotations(&self, _: Symmetry) -> usize {
        self.rotations
    }

    fn validate(&self, symmetry: Symmetry) -> Result<(), CoreError> {
        CoreError::too_few(self.name(), "rotations", self.rotations)?;
        let (found, order) = (self.rotations, self.group.order_under(symmetry));
        if found > order {
            return Err(CoreError::SubsetTooLarge { found, order });
        }
        Ok(())
    }

    fn draw(&self, rng: &mut dyn Rng, symmetry: Symmetry) -> Result<Vec<Rotation>, CoreError> {
        self.validate(symmetry)?;
        let mut elements = self.group.elements_under(symmetry);
        for place in 0..self.rotations {
            let other = rng.random_range(place..elements.len());
            elements.swap(place, other);
        }
        elements.truncate(self.rotations);
        Ok(elements)
    }

    fn equiv(&self, symmetry: Symmetry, samples: &Samples) -> f64 {
        let rows: Vec<&[f64]> = samples.rows().collect();
        let order = self.order(symmetry);
        scatter(samples, &rows) / (rows.len() as f64 - 1.0) * ((order - 1.0) / order)
    }

    fn slope(&self, symmetry: Symmetry, rows: &[&[f64]]) -> Vec<f64> {
        let (order, count) = (self.order(symmetry), rows.len() as f64);
        scaled(rows, (order - 1.0) / (order * (count - 1.0)))
    }

    fn units(&self, symmetry: Symmetry) -> Units {
        Units {
            rows: 1,
            left_out: 1.0 - self.rotations as f64 / self.order(symmetry),
        }
    }
}
