//! Independent draws from the Haar measure.

use rand::{Rng, RngExt};

use super::contract::{Coverage, Estimator, Powers, Units};
use super::rows::{scaled, scatter};
use crate::error::CoreError;
use crate::law::Law;
use crate::rotation::Rotation;
use crate::samples::Samples;
use crate::symmetry::Symmetry;

/// `L_equiv = sum_m |u_m - ubar|^2 / (M - 1)`, unbiased.
pub(crate) struct Iid {
    pub(crate) rotations: usize,
}

impl Estimator for Iid {
    fn name(&self) -> &'static str {
        "iid"
    }

    fn words(&self) -> String {
        "independent".into()
    }

    fn coverage(&self) -> Coverage {
        Coverage::Haar
    }

    fn rotations(&self, _: Symmetry) -> usize {
        self.rotations
    }

    fn validate(&self, _: Symmetry) -> Result<(), CoreError> {
        CoreError::too_few(self.name(), "rotations", self.rotations)
    }

    fn draw(&self, rng: &mut dyn Rng, symmetry: Symmetry) -> Result<Vec<Rotation>, CoreError> {
        self.validate(symmetry)?;
        let mut draw = || {
            let rotation = Law::Haar.draw(rng);
            if symmetry == Symmetry::O3 && rng.random::<bool>() {
                -rotation
            } else {
                rotation
            }
        };
        Ok((0..self.rotations).map(|_| draw()).collect())
    }

    fn equiv(&self, _: Symmetry, samples: &Samples) -> f64 {
        let rows: Vec<&[f64]> = samples.rows().collect();
        scatter(samples, &rows) / (rows.len() as f64 - 1.0)
    }

    fn slope(&self, _: Symmetry, rows: &[&[f64]]) -> Vec<f64> {
        scaled(rows, 1.0 / (rows.len() as f64 - 1.0))
    }

    fn units(&self, _: Symmetry) -> Units {
        Units {
            rows: 1,
            left_out: 1.0,
        }
    }

    fn powers(&self) -> Powers {
        Powers::Pairs { unit: 1 }
    }
}
