//! One model looked at: its curvature at every checkpoint.

use serde::{Deserialize, Serialize};
use twirl_core::{Design, Symmetry};
use twirl_harness::{Lab, Part, Probe};
use twirl_landscape::{
    Condition, Curvature, Density, Kernel, LandscapeError, Objective, density, norm,
    random_direction,
};

use crate::budgets::Section;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::setup::ArmSetup;

/// How much the study does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LandscapeBudget {
    pub(super) seeds: Vec<u64>,
    /// Augmented arms of a task.
    pub(super) plain: usize,
    checkpoints: Vec<u64>,
    items: usize,
    design: Design,
    /// Steps of the Lanczos method.
    lanczos: usize,
    /// Random vectors of the spectral density.
    vectors: usize,
    /// Components of the first molecule's prediction in the Gauss-Newton kernel.
    outputs: usize,
    /// Named size of the arm; that of the suite if absent.
    #[serde(default)]
    pub(super) size: Option<String>,
}

impl Section for LandscapeBudget {
    const NAME: &'static str = "landscape";
}

/// Curvature of one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PartCurvature {
    pub(super) part: String,
    /// Step of the central differences.
    pub(super) step: f64,
    pub(super) disagreement: f64,
    pub(super) asymmetry: f64,
    /// Ritz values and residuals, from the largest down.
    pub(super) ritz: Vec<[f64; 2]>,
    /// `lambda_1 / lambda_k` as far as resolved.
    pub(super) ratios: Vec<f64>,
    pub(super) trace_median: f64,
    pub(super) mean: f64,
    /// Density: eigenvalue and share.
    pub(super) nodes: Vec<[f64; 2]>,
}

impl PartCurvature {
    pub(super) fn largest(&self) -> f64 {
        self.ritz.first().map_or(0.0, |ritz| ritz[0])
    }

    /// The condition number of the verdict.
    pub(super) fn to_median(&self) -> f64 {
        self.damped(0.0)
    }

    pub(super) fn damped(&self, damping: f64) -> f64 {
        (self.largest() + damping) / (self.trace_median + damping)
    }
}

/// Parts of the loss along a direction: distance, `L_mean`, `L_equiv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scan {
    pub(super) direction: String,
    pub(super) points: Vec<[f64; 3]>,
}

/// A model at one step of its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) step: u64,
    pub(super) dimension: usize,
    pub(super) loss: f64,
    pub(super) mean: f64,
    pub(super) equiv: f64,
    pub(super) curvatures: Vec<PartCurvature>,
    /// Eigenvalues of `P K P`.
    pub(super) twirled: Vec<f64>,
    /// Eigenvalues of `(I - P) K (I - P)`.
    pub(super) remaining: Vec<f64>,
    pub(super) scans: Vec<Scan>,
}

impl Checkpoint {
    /// Eigenvalues of a part's Gauss-Newton kernel.
    pub(super) fn kernel(&self, part: &str) -> &[f64] {
        if part == "L_mean" {
            &self.twirled
        } else {
            &self.remaining
        }
    }
}

/// A part of the loss as a function of the weights.
struct PartObjective<'a> {
    lab: &'a dyn Lab,
    probe: &'a Probe,
    part: Part,
    dimension: usize,
}

impl Objective for PartObjective<'_> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn gradient(&mut self, at: &[f64]) -> Result<Vec<f64>, LandscapeError> {
        let gradient = self.lab.gradient(at, self.probe, self.part);
        gradient.map_err(LandscapeError::objective)
    }
}

/// Distances of scans, as shares of the length of the weights.
pub(super) const DISTANCES: [f64; 7] = [-0.1, -0.03, -0.01, 0.0, 0.01, 0.03, 0.1];

/// Trains a model and looks at its checkpoints.
pub(super) fn examine(
    context: &StudyContext<'_>,
    setup: &ArmSetup,
    budget: &LandscapeBudget,
) -> Result<Vec<Checkpoint>, StudyError> {
    let mut lab = context.lab(setup)?;
    let probe = context.probe(&*lab, setup, budget.items, budget.design)?;
    let seed = setup.job.seed;
    let mut checkpoints = Vec::new();
    for &step in &budget.checkpoints {
        lab.advance(step)?;
        let weights = lab.weights();
        let parts = lab.parts(&weights, &probe)?;
        let mut curvatures = Vec::new();
        for part in [Part::Loss, Part::Mean, Part::Equiv] {
            let mut objective = PartObjective {
                lab: &*lab,
                probe: &probe,
                part,
                dimension: weights.len(),
            };
            let mut curvature = Curvature::new(&mut objective, &weights, seed)?;
            let found = density(
                |direction| curvature.apply(direction),
                weights.len(),
                budget.lanczos,
                budget.vectors,
                seed,
            )?;
            let verified = curvature.verification();
            let condition = Condition::of(&found);
            curvatures.push(PartCurvature {
                part: part.name().into(),
                step: verified.step,
                disagreement: verified.disagreement,
                asymmetry: verified.asymmetry,
                ritz: found
                    .ritz
                    .iter()
                    .map(|ritz| [ritz.value, ritz.residual])
                    .collect(),
                ratios: condition.ratios,
                trace_median: condition.trace_median,
                mean: condition.mean,
                nodes: found
                    .nodes
                    .iter()
                    .map(|node| [node.value, node.weight])
                    .collect(),
            });
        }
        let jacobian = lab.jacobian(&weights, &probe, budget.outputs)?;
        let rotations = budget.design.rotations(Symmetry::So3);
        let kernel = Kernel::of(&jacobian.rows, rotations, jacobian.outputs)?;
        checkpoints.push(Checkpoint {
            step,
            dimension: weights.len(),
            loss: parts.loss,
            mean: parts.mean,
            equiv: parts.equiv,
            curvatures,
            twirled: kernel.twirled(),
            remaining: kernel.remaining(),
            scans: scan(&*lab, &weights, &probe, seed)?,
        });
    }
    Ok(checkpoints)
}

/// Scans along a random direction and along the gradients of both parts.
fn scan(lab: &dyn Lab, weights: &[f64], probe: &Probe, seed: u64) -> Result<Vec<Scan>, StudyError> {
    let directions = [
        (
            "a random direction",
            random_direction(weights.len(), seed, 7),
        ),
        (
            "the gradient of L_mean",
            lab.gradient(weights, probe, Part::Mean)?,
        ),
        (
            "the gradient of L_equiv",
            lab.gradient(weights, probe, Part::Equiv)?,
        ),
    ];
    let mut scans = Vec::new();
    for (name, direction) in directions {
        let (length, size) = (norm(weights), norm(&direction));
        let mut points = Vec::new();
        if size > 0.0 {
            for share in DISTANCES {
                let scale = share * length / size;
                let moved = weights.iter().zip(&direction).map(|(w, d)| w + scale * d);
                let parts = lab.parts(&moved.collect::<Vec<f64>>(), probe)?;
                points.push([share, parts.mean, parts.equiv]);
            }
        }
        scans.push(Scan {
            direction: name.into(),
            points,
        });
    }
    Ok(scans)
}

/// `lambda_1` over the trace-weighted median of eigenvalues that are all known.
pub(super) fn kernel_condition(values: &[f64]) -> Option<f64> {
    let largest = *values.first()?;
    (largest > 0.0).then(|| largest / Density::exact(values).trace_median())
}

/// `lambda_1 / lambda_k` of eigenvalues above rounding, for k = 1, 2, ...
pub(super) fn kernel_ratios(values: &[f64]) -> Vec<f64> {
    let largest = values.first().copied().unwrap_or(0.0);
    let above = values.iter().take_while(|value| **value > 1e-9 * largest);
    above.map(|value| largest / value).collect()
}
