//! A finite group, enumerated in full after each of several independent Haar rotations.

use rand::Rng;

use super::contract::{Coverage, Estimator, Powers, Units};
use super::rows::{mean_row, plain_mean, scaled, scatter};
use crate::error::CoreError;
use crate::group::FiniteGroup;
use crate::law::Law;
use crate::rotation::Rotation;
use crate::samples::Samples;
use crate::symmetry::Symmetry;

/// `L_equiv`: the mean variance within orbits plus the unbiased variance of their means.
pub(crate) struct Orbits {
    pub(crate) group: FiniteGroup,
    pub(crate) orbits: usize,
}

impl Estimator for Orbits {
    fn name(&self) -> &'static str {
        "orbits"
    }

    fn words(&self) -> String {
        format!("{} orbits", self.group.name())
    }

    fn coverage(&self) -> Coverage {
        Coverage::Haar
    }

    fn rotations(&self, symmetry: Symmetry) -> usize {
        self.orbits.saturating_mul(self.group.order_under(symmetry))
    }

    fn validate(&self, symmetry: Symmetry) -> Result<(), CoreError> {
        CoreError::too_few(self.name(), "orbits", self.orbits)?;
        if self.rotations(symmetry) == usize::MAX {
            return Err(CoreError::TooManyRotations {
                orbits: self.orbits,
            });
        }
        Ok(())
    }

    fn draw(&self, rng: &mut dyn Rng, symmetry: Symmetry) -> Result<Vec<Rotation>, CoreError> {
        self.validate(symmetry)?;
        let elements = self.group.elements_under(symmetry);
        let mut drawn = Vec::with_capacity(self.orbits * elements.len());
        for _ in 0..self.orbits {
            let start = Law::Haar.draw(rng);
            drawn.extend(elements.iter().map(|element| element.compose(&start)));
        }
        Ok(drawn)
    }

    fn equiv(&self, symmetry: Symmetry, samples: &Samples) -> f64 {
        let rows: Vec<&[f64]> = samples.rows().collect();
        let size = self.group.order_under(symmetry);
        let within: f64 = rows
            .chunks_exact(size)
            .map(|orbit| scatter(samples, orbit))
            .sum();
        let means: Vec<_> = rows.chunks_exact(size).map(mean_row).collect();
        within / rows.len() as f64 + scatter(samples, &means) / (self.orbits as f64 - 1.0)
    }

    fn slope(&self, symmetry: Symmetry, rows: &[&[f64]]) -> Vec<f64> {
        let size = self.group.order_under(symmetry);
        let means: Vec<Vec<f64>> = rows.chunks_exact(size).map(plain_mean).collect();
        let between = scaled(&means, 1.0 / ((self.orbits as f64 - 1.0) * size as f64));
        let width = rows[0].len();
        let mut slope = Vec::with_capacity(rows.len() * width);
        for (orbit, between) in rows.chunks_exact(size).zip(between.chunks_exact(width)) {
            let within = scaled(orbit, 1.0 / rows.len() as f64);
            let sum = within.iter().zip(between.iter().cycle());
            slope.extend(sum.map(|(within, between)| within + between));
        }
        slope
    }

    fn units(&self, symmetry: Symmetry) -> Units {
        Units {
            rows: self.group.order_under(symmetry),
            left_out: 1.0,
        }
    }

    fn powers(&self) -> Powers {
        Powers::Pairs {
            unit: self.group.order(),
        }
    }
}
