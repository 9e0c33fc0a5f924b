//! A figure of a spectrum with what quadrature leaves open of it.

use serde::{Deserialize, Serialize};
use twirl_core::student;

/// A figure of a [`crate::Density`] with its two errors: by chance, from few random vectors, and
/// with a sign, from few steps of Lanczos' method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quadrature {
    /// From all vectors.
    pub value: f64,
    /// From all vectors but one, vector by vector; empty with fewer than two, or where nothing is
    /// left to chance.
    pub without: Vec<f64>,
    /// From each vector alone, of the same length.
    pub alone: Vec<f64>,
    /// From all vectors after fewer steps, [`Quadrature::SHARES`] of them; empty where no step is missing.
    pub coarse: Vec<f64>,
    /// Whether the vectors are too few to tell their error.
    pub single: bool,
}

impl Quadrature {
    /// Shares of the steps after which a figure is looked at too.
    pub const SHARES: [f64; 3] = [1.0 / 2.0, 2.0 / 3.0, 3.0 / 4.0];

    /// A figure without an error of quadrature.
    pub fn exact(value: f64) -> Self {
        Self {
            value,
            without: Vec::new(),
            alone: Vec::new(),
            coarse: Vec::new(),
            single: false,
        }
    }

    /// A function of a figure.
    #[must_use]
    pub fn map(&self, of: impl Fn(f64) -> f64) -> Self {
        self.with(&Self::exact(0.0), |value, _| of(value))
    }

    /// A function of two figures from the same vectors, or of which one is exact. Errors that both
    /// have in common are taken as such: vectors are left out of both at once.
    ///
    /// # Panics
    /// If both have vectors, and not equally many.
    #[must_use]
    pub fn with(&self, other: &Self, of: impl Fn(f64, f64) -> f64) -> Self {
        let both = |own: &[f64], others: &[f64]| -> Vec<f64> {
            let count = own.len().max(others.len());
            let at = |values: &[f64], place: usize, exact: f64| match values {
                [] => exact,
                values => {
                    assert_eq!(
                        values.len(),
                        count,
                        "figures of unequally many vectors or steps"
                    );
                    values[place]
                }
            };
            let pair = |place| of(at(own, place, self.value), at(others, place, other.value));
            (0..count).map(pair).collect()
        };
        Self {
            value: of(self.value, other.value),
            without: both(&self.without, &other.without),
            alone: both(&self.alone, &other.alone),
            coarse: both(&self.coarse, &other.coarse),
            single: self.single || other.single,
        }
    }

    /// Standard error from the random vectors: the larger of the jackknife's and that of the mean of
    /// the figures of single vectors. A figure that hangs on a few eigenvalues can stay the same
    /// whichever vector is left out, and the figures of single vectors then differ still. Nothing
    /// with a single vector, which does not tell it.
    pub fn chance(&self) -> Option<f64> {
        if self.single {
            return None;
        }
        let count = self.without.len() as f64;
        if self.without.is_empty() {
            return Some(0.0);
        }
        let spread = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / count;
            values.iter().map(|x| (x - mean).powi(2)).sum::<f64>()
        };
        let jackknife = (count - 1.0) / count * spread(&self.without);
        let single = spread(&self.alone) / (count * (count - 1.0));
        Some(jackknife.max(single).sqrt())
    }

    /// Error from few steps: the largest change since a share of them. An error that falls as the inverse of
    /// the steps, as that of a cumulative share does where nodes of Gauss quadrature lie densely, is as
    /// large as the change since half of them; a faster one is smaller. One that goes up and down with the
    /// nodes can be back where it was after half of the steps, but less often after each of the shares.
    pub fn steps(&self) -> f64 {
        let changes = self.coarse.iter().map(|coarse| (self.value - coarse).abs());
        changes.fold(0.0, f64::max)
    }

    /// 95 % interval of this one figure: Student's law for the vectors, and the error from few steps
    /// on either side, which is no matter of chance and adds in full. Nothing with a single vector.
    pub fn interval(&self) -> Option<[f64; 2]> {
        let chance = self.chance()?;
        let vectors = self.without.len().max(2) as f64;
        let half = student(vectors - 1.0) * chance + self.steps();
        Some([self.value - half, self.value + half])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(without: [f64; 2]) -> Quadrature {
        Quadrature {
            value: 4.0,
            without: without.into(),
            alone: vec![without[1], without[0]],
            coarse: vec![4.5, 5.0, 4.0],
            single: false,
        }
    }

    #[test]
    fn common_errors_cancel_and_single_vectors_tell_none() {
        let found = figure([2.0, 8.0]);
        // Two vectors: the jackknife's error and that of the mean agree, 6 / 2.
        assert!((found.chance().expect("two vectors") - 3.0).abs() < 1e-12);
        assert!((found.steps() - 1.0).abs() < 1e-12);
        let ratio = found.with(&found.map(|x| 2.0 * x), |a, b| a / b);
        assert_eq!((ratio.chance(), ratio.steps()), (Some(0.0), 0.0));
        let shifted = found.with(&Quadrature::exact(1.0), |a, b| a - b);
        assert_eq!(shifted.chance(), found.chance());
        let lone = Quadrature {
            single: true,
            ..Quadrature::exact(1.0)
        };
        assert_eq!(lone.with(&found, |a, _| a).interval(), None);
        assert_eq!(Quadrature::exact(3.0).interval(), Some([3.0, 3.0]));
    }
}
