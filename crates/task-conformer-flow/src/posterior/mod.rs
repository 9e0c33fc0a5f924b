//! What can be known of a conformer from a state of the flow, if the molecule's conformers are known.
//!
//! One of K conformers X, in a uniformly random pose R, is seen as `x_t = (1 - t) x0 + t R X + s z`.
//! Everything but K and R is normal, and the exponent is linear in R, so that the posterior is a mixture
//! over conformers of matrix Fisher laws ([`MatrixFisher`]). Its mean is what no model has less squared
//! error than, whether it knows the conformers or not.
//!
//! A source that is aligned with the conformer is no longer normal, but it is given its overlap
//! `S = sum_i x0_i X_i^T` with the conformer, in the pose in which they are aligned: `x0 = Q a`, Q uniform
//! and S symmetric, has the density of a normal x0 with `sum_i x0_i X_i^T = Q S` times a factor that only S
//! is in. The posterior mean given these six numbers too has no more error than that without them, so it
//! bounds all models as well. Conformers are superposed, so that S says little of which it is.

mod fisher;
#[cfg(test)]
mod tests;

use nalgebra::{DMatrix, Matrix3, MatrixXx3};

use self::fisher::MatrixFisher;
use crate::Topology;
use crate::geometry::aligning;
use crate::schedule::{Flow, Target};

/// Least extent of a conformer along an axis over its size, squared: flat molecules have none along one.
const FLAT: f64 = 1e-9;

/// The conformers of a molecule, and what the flow makes of them.
pub(crate) struct Known<'a> {
    flow: &'a Flow,
    /// Covariance of a coordinate of the source, `[atoms, atoms]`.
    source: DMatrix<f64>,
    conformers: Vec<Conformer>,
}

/// A conformer that is superposed on the first.
struct Conformer {
    positions: MatrixXx3<f64>,
    /// From the stored pose.
    turn: Matrix3<f64>,
    overlapping: Option<Overlapping>,
}

/// What the overlap of an aligned source with a conformer says.
struct Overlapping {
    /// Inverse of the covariance of a row of the overlap.
    precision: Matrix3<f64>,
    log_determinant: f64,
    /// The source that is expected with an overlap S is this times S.
    slope: MatrixXx3<f64>,
    /// Covariance of a coordinate of the source around it.
    left: DMatrix<f64>,
}

/// A point of the flow of which a guess is made.
pub(crate) struct Seen<'a> {
    pub(crate) time: f64,
    pub(crate) state: &'a [[f64; 3]],
    /// Place of the conformer among those that are known, and the overlap with its stored pose.
    pub(crate) overlap: Option<(usize, Matrix3<f64>)>,
}

/// What is guessed of a target.
pub(crate) struct Guess {
    /// Posterior mean, `[atoms]`.
    pub(crate) mean: Vec<[f64; 3]>,
    /// Posterior probability of every conformer.
    #[cfg(test)]
    weights: Vec<f64>,
}

impl<'a> Known<'a> {
    /// `conformers` are `[K][atoms]`, centred, of one molecule. Nothing if their positions are not finite.
    pub(crate) fn new(
        flow: &'a Flow,
        topology: &Topology,
        conformers: &[Vec<[f64; 3]>],
    ) -> Option<Self> {
        let source = topology.covariance(flow.prior, flow.prior_scale);
        let conformer = |points: &Vec<[f64; 3]>| {
            let turn = aligning(points, &conformers[0]);
            let stored = matrix(points);
            let positions = stored * turn.transpose();
            let overlapping = if flow.align {
                Some(Overlapping::of(&source, &positions)?)
            } else {
                None
            };
            Some(Conformer {
                positions,
                turn,
                overlapping,
            })
        };
        Some(Self {
            flow,
            conformers: conformers.iter().map(conformer).collect::<Option<_>>()?,
            source,
        })
    }

    /// The posterior mean of the target. Nothing for a state without noise, from which nothing is guessed.
    pub(crate) fn guess(&self, seen: &Seen<'_>) -> Option<Guess> {
        let (time, rest) = (seen.time, 1.0 - seen.time);
        let (noise, rate) = (self.flow.noise(time), self.flow.noise_rate(time));
        let state = matrix(seen.state);
        let atoms = state.nrows();
        let overlap = seen.overlap.map(|(place, overlap)| {
            let turn = self.conformers[place].turn;
            turn * overlap * turn.transpose()
        });
        // All is centred: what is added along the mean of the atoms makes covariances invertible, the
        // same for every conformer.
        let size = rest * rest * self.source.trace() / atoms as f64 + noise * noise;
        let mean_mode = DMatrix::from_element(atoms, atoms, size / atoms as f64);
        let noises = DMatrix::identity(atoms, atoms) * (noise * noise);
        let mut parts = Vec::with_capacity(self.conformers.len());
        for known in &self.conformers {
            let (expected, left, mut log) = match (&known.overlapping, &overlap) {
                (Some(of), Some(overlap)) => {
                    let square = (overlap * of.precision * overlap).trace();
                    let log = -0.5 * square - 1.5 * of.log_determinant;
                    (&of.slope * overlap, &of.left, log)
                }
                _ => (MatrixXx3::zeros(atoms), &self.source, 0.0),
            };
            let law = (left * (rest * rest) + &noises + &mean_mode).cholesky()?;
            let seen_at = &expected * rest + &known.positions * time;
            let weighted = law.solve(&seen_at);
            let squares = state.dot(&law.solve(&state)) + seen_at.dot(&weighted);
            log -= 0.5 * squares + 3.0 * law.l_dirty().diagonal().map(f64::ln).sum();
            let pose = MatrixFisher::of(&(state.transpose() * weighted));
            let turned = |points: &MatrixXx3<f64>| points * pose.mean.transpose();
            let mean = match self.flow.target {
                Target::X1 => turned(&known.positions),
                Target::Velocity => {
                    let surprise = law.solve(&(&state - turned(&seen_at)));
                    turned(&(&known.positions - expected)) - left * &surprise * rest
                        + surprise * (noise * rate)
                }
            };
            parts.push((log + pose.log_normaliser, mean));
        }
        let most = parts.iter().map(|part| part.0).fold(f64::MIN, f64::max);
        let weights: Vec<f64> = parts.iter().map(|part| (part.0 - most).exp()).collect();
        let all: f64 = weights.iter().sum();
        let zero = MatrixXx3::zeros(atoms);
        let weighted = parts.iter().zip(&weights);
        let mean = weighted.fold(zero, |mean, ((_, part), weight)| mean + part * *weight) / all;
        let row = |atom| std::array::from_fn(|axis| mean[(atom, axis)]);
        let finite = mean.iter().all(|value| value.is_finite());
        finite.then(|| Guess {
            mean: (0..atoms).map(row).collect(),
            #[cfg(test)]
            weights: weights.iter().map(|weight| weight / all).collect(),
        })
    }
}

impl Overlapping {
    fn of(source: &DMatrix<f64>, positions: &MatrixXx3<f64>) -> Option<Self> {
        let with = source * positions;
        let mut rows = positions.transpose() * &with;
        rows += Matrix3::identity() * (FLAT * rows.trace());
        let law = rows.cholesky()?;
        let slope = &with * law.inverse();
        Some(Self {
            precision: law.inverse(),
            log_determinant: 2.0 * law.l_dirty().diagonal().map(f64::ln).sum(),
            left: source - &slope * with.transpose(),
            slope,
        })
    }
}

fn matrix(points: &[[f64; 3]]) -> MatrixXx3<f64> {
    MatrixXx3::from_fn(points.len(), |atom, axis| points[atom][axis])
}
