//! Energies per atom far from what the composition of a molecule lets expect.

use crate::error::DataError;
use crate::frames::{Frames, median, sample};

/// Fewest frames from which something is said.
const FEWEST: usize = 10;
/// Molecules that enter the fit, evenly spaced.
const MOST: usize = 20_000;
/// eV per atom that no chemistry gives: the atoms of tungsten, the most strongly bound solid, are
/// bound by 8.9 (Kittel, Introduction to Solid State Physics, table of cohesive energies).
const NEVER: f64 = 10.0;
/// eV per atom that is suspicious where the other frames scatter much less: taking all bonds of a
/// small molecule apart costs 3 to 6.
const SUSPICIOUS: f64 = 2.0;
/// How much less: standard deviations, from the median of the distances.
const DEVIATIONS: f64 = 50.0;
/// Rounds of reweighting.
const ROUNDS: usize = 40;

/// Energies of the elements that explain most energies, whatever a few of them are: the sum of the
/// absolute distances per atom is least.
#[derive(Debug)]
pub(crate) struct Fit {
    /// Place of each element in `reference`.
    place: [usize; 256],
    /// eV.
    reference: Vec<f64>,
    bound: f64,
}

impl Fit {
    /// `None` without energies or with too few frames.
    pub(crate) fn of(set: &Frames<'_>) -> Option<Self> {
        let energies = set.energies?;
        if set.len() < FEWEST {
            return None;
        }
        let mut place = [usize::MAX; 256];
        let mut elements = 0;
        for &number in set.numbers {
            let place = &mut place[usize::from(number)];
            if *place == usize::MAX {
                *place = elements;
                elements += 1;
            }
        }
        let mut fit = Self {
            place,
            reference: vec![0.0; elements],
            bound: NEVER,
        };
        // One row a molecule, with the median of its frames.
        let mut frames_of = vec![Vec::new(); set.molecules.len()];
        for (frame, &molecule) in set.molecule.iter().enumerate() {
            frames_of[molecule].push(frame);
        }
        let rows: Vec<(Vec<f64>, f64)> = sample(frames_of.len(), MOST)
            .filter_map(|molecule| {
                let frames = &frames_of[molecule];
                let numbers = set.numbers(*frames.first()?);
                let energies = frames.iter().map(|&frame| energies[frame]).collect();
                let per_atom = median(energies)? / numbers.len() as f64;
                Some((fit.shares(numbers), per_atom))
            })
            .collect();
        fit.reference = least_absolute(&rows, elements);
        let residuals = sample(set.len(), 5 * MOST).map(|frame| fit.residual(set, frame).abs());
        let spread = 1.4826 * median(residuals.collect())?;
        fit.bound = (DEVIATIONS * spread).clamp(SUSPICIOUS, NEVER);
        Some(fit)
    }

    /// Part of each element in a molecule.
    fn shares(&self, numbers: &[u8]) -> Vec<f64> {
        let mut shares = vec![0.0; self.reference.len()];
        for &number in numbers {
            shares[self.place[usize::from(number)]] += 1.0 / numbers.len() as f64;
        }
        shares
    }

    /// eV per atom beyond the fit.
    fn residual(&self, set: &Frames<'_>, frame: usize) -> f64 {
        let numbers = set.numbers(frame);
        let energy = set.energies.map_or(f64::NAN, |energies| energies[frame]);
        let expected: f64 = numbers
            .iter()
            .map(|&number| self.reference[self.place[usize::from(number)]])
            .sum();
        (energy - expected) / numbers.len() as f64
    }

    /// An energy beyond the bound.
    pub(crate) fn check(&self, set: &Frames<'_>, frame: usize) -> Option<DataError> {
        let energy = set.energies?[frame];
        let residual = self.residual(set, frame);
        (residual.abs() > self.bound).then(|| {
            let what = format!(
                "an energy of {energy} eV, {residual:+.1} eV an atom from a robust fit of all \
                 energies by element (plausible up to {:.1})",
                self.bound
            );
            set.site(frame).implausible(what)
        })
    }
}

/// The coefficients with the least sum of absolute distances, by reweighted least squares.
fn least_absolute(rows: &[(Vec<f64>, f64)], unknowns: usize) -> Vec<f64> {
    /// Distances below this (eV) count as equal.
    const SMALL: f64 = 1e-3;
    let centre = median(rows.iter().map(|(_, value)| *value).collect()).unwrap_or(0.0);
    let mut found = vec![centre; unknowns];
    for _ in 0..ROUNDS {
        let mut matrix = vec![vec![0.0; unknowns + 1]; unknowns];
        for (shares, value) in rows {
            let fitted: f64 = shares.iter().zip(&found).map(|(a, b)| a * b).sum();
            let weight = 1.0 / (value - fitted).abs().max(SMALL);
            for (i, row) in matrix.iter_mut().enumerate() {
                if shares[i] != 0.0 {
                    let scaled = weight * shares[i];
                    for (entry, share) in row.iter_mut().zip(shares) {
                        *entry += scaled * share;
                    }
                    row[unknowns] += scaled * (value - centre);
                }
            }
        }
        found = solve(matrix).iter().map(|x| x + centre).collect();
    }
    found
}

/// Solves a symmetric system, last column right-hand side. Directions that the rows leave open are
/// held near zero by a small ridge.
fn solve(mut matrix: Vec<Vec<f64>>) -> Vec<f64> {
    const RIDGE: f64 = 1e-10;
    let n = matrix.len();
    let trace: f64 = (0..n).map(|i| matrix[i][i]).sum();
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += RIDGE * trace + f64::MIN_POSITIVE;
    }
    for pivot in 0..n {
        let top = matrix[pivot].clone();
        for row in &mut matrix[pivot + 1..] {
            let factor = row[pivot] / top[pivot];
            for (entry, above) in row.iter_mut().zip(&top).skip(pivot) {
                *entry -= factor * above;
            }
        }
    }
    let mut out = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| matrix[i][j] * out[j]).sum();
        out[i] = (matrix[i][n] - known) / matrix[i][i];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compositions of two elements with energies -13.6 and -1000 eV; a tenth are far off, which
    /// least squares would follow and least absolute distances do not.
    #[test]
    fn a_tenth_of_wrong_energies_does_not_move_the_fit() {
        let row = |k: usize| {
            let share = (k % 7 + 1) as f64 / 8.0;
            let true_value = -13.6 * share - 1000.0 * (1.0 - share);
            let wrong = if k % 10 == 3 { 1e5 } else { 0.0 };
            (vec![share, 1.0 - share], true_value + wrong)
        };
        let rows: Vec<_> = (0..200).map(row).collect();
        let found = least_absolute(&rows, 2);
        assert!((found[0] + 13.6).abs() < 0.05, "{found:?}");
        assert!((found[1] + 1000.0).abs() < 0.05, "{found:?}");
    }

    /// One composition leaves the split between elements open; the sum is right all the same.
    #[test]
    fn one_composition_is_fitted_as_a_whole() {
        let rows = vec![(vec![1.0 / 3.0, 2.0 / 3.0], -693.0); 5];
        let found = least_absolute(&rows, 2);
        let sum = found[0] / 3.0 + found[1] * 2.0 / 3.0;
        assert!((sum + 693.0).abs() < 1e-4, "{found:?}");
    }
}
