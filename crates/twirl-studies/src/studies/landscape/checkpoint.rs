//! One model looked at: its curvature at every checkpoint.

use serde::{Deserialize, Serialize};
use twirl_core::{Design, Symmetry};
use twirl_harness::{Lab, Part, Probe};
use twirl_landscape::{
    Condition, Curvature, Kernel, LandscapeError, Objective, Quadrature, Subspace, density_within,
    norm, random_direction,
};

use crate::budgets::Section;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::learned::LabLoss;
use crate::setup::ArmSetup;
use crate::studies::landscape::remaining::Remaining;

/// How much the study does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LandscapeBudget {
    pub(super) seeds: Vec<u64>,
    /// Augmented arms of a task.
    pub(super) plain: usize,
    checkpoints: Vec<u64>,
    /// Test items of the Hessians.
    items: usize,
    design: Design,
    /// Steps of the Lanczos method.
    lanczos: usize,
    /// Random vectors of the spectral density.
    vectors: usize,
    /// Test items of the Gauss-Newton kernels.
    kernel_items: usize,
    /// Components of each of their predictions in the kernels.
    outputs: usize,
    /// Named size of the arm; that of the suite if absent.
    #[serde(default)]
    pub(super) size: Option<String>,
}

impl Section for LandscapeBudget {
    const NAME: &'static str = "landscape";
}

impl LandscapeBudget {
    /// Fewest Lanczos steps, random vectors, test items and optimiser steps of a verdict.
    const FEWEST: [(&'static str, u64); 4] = [
        ("Lanczos steps", 30),
        ("random vectors", 4),
        ("test items", 64),
        ("optimiser steps", 1000),
    ];

    /// What makes a sketch of the study; nothing if it is none.
    pub(super) fn sketch(&self, at: &Checkpoint) -> Option<String> {
        let [lanczos, vectors, items] =
            [self.lanczos, self.vectors, at.kernel_items].map(|count| count as u64);
        let own = [lanczos, vectors, items, at.step];
        let short = own.into_iter().zip(Self::FEWEST);
        let short = short.filter(|(own, (_, fewest))| own < fewest);
        let short: Vec<String> = short
            .map(|(own, (what, fewest))| format!("{own} of {fewest} {what}"))
            .collect();
        (!short.is_empty()).then(|| format!("a sketch ({})", short.join(", ")))
    }

    /// What spectra are made of.
    pub(super) fn in_words(&self, at: &Checkpoint) -> String {
        format!(
            "Gauss-Newton kernels of {} outputs of each of {} test items; Hessians on {} test items, {} \
             Lanczos steps from each of {} random vectors",
            self.outputs, at.kernel_items, at.items, self.lanczos, self.vectors
        )
    }
}

/// Which weights a Hessian is restricted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Weights {
    All,
    /// Equivariant parts of split layers, and all other layers.
    Equivariant,
    /// What is left of split layers.
    Remaining,
}

impl Weights {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Equivariant => "theta_e",
            Self::Remaining => "theta_n",
        }
    }
}

/// Curvature of one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PartCurvature {
    pub(super) part: String,
    pub(super) weights: Weights,
    /// Dimension of the weights.
    pub(super) dimension: usize,
    /// Step of the central differences.
    pub(super) step: f64,
    pub(super) disagreement: f64,
    pub(super) asymmetry: f64,
    /// Ritz values and residuals, from the largest down.
    pub(super) ritz: Vec<[f64; 2]>,
    /// `lambda_1 / lambda_k` as far as resolved.
    pub(super) ratios: Vec<f64>,
    pub(super) trace_median: Quadrature,
    pub(super) mean: f64,
    /// Density: eigenvalue and share.
    pub(super) nodes: Vec<[f64; 2]>,
}

impl PartCurvature {
    pub(super) fn largest(&self) -> f64 {
        self.ritz.first().map_or(0.0, |ritz| ritz[0])
    }

    /// `(lambda_1 + damping) / (trace median + damping)`.
    pub(super) fn to_median(&self, damping: f64) -> Quadrature {
        let largest = self.largest();
        let of = |median| (largest + damping) / (median + damping);
        self.trace_median.map(of)
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
    /// Test items of the Hessians.
    pub(super) items: usize,
    /// Test items of the kernels.
    pub(super) kernel_items: usize,
    pub(super) loss: LabLoss,
    pub(super) mean: f64,
    pub(super) equiv: f64,
    pub(super) curvatures: Vec<PartCurvature>,
    /// Eigenvalues of `P K P`.
    pub(super) twirled: Vec<f64>,
    /// Eigenvalues of `(I - P) K (I - P)`.
    pub(super) remaining: Vec<f64>,
    /// Those of its compressions to the rank of `P K P`.
    pub(super) compressed: Vec<Vec<f64>>,
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

    pub(super) fn hessian(&self, part: Part, weights: Weights) -> Option<&PartCurvature> {
        let mut all = self.curvatures.iter();
        all.find(|of| of.part == part.name() && of.weights == weights)
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
    let probe = |items| context.probe(&*lab, setup, items, budget.design);
    let (probe, of_kernels) = (probe(budget.items)?, probe(budget.kernel_items)?);
    let remaining = Remaining::of(&*lab)?;
    let seed = setup.job.seed;
    let mut checkpoints = Vec::new();
    for &step in &budget.checkpoints {
        lab.advance(step)?;
        let weights = lab.weights();
        let parts = lab.parts(&weights, &probe)?;
        let mut curvatures = Vec::new();
        for part in [Part::Mean, Part::Equiv] {
            let mut objective = PartObjective {
                lab: &*lab,
                probe: &probe,
                part,
                dimension: weights.len(),
            };
            let mut curvature = Curvature::new(&mut objective, &weights, seed)?;
            let mut spaces = vec![(Weights::All, Subspace::whole(weights.len()))];
            // Near the equivariant set L_equiv is quadratic in what is left of the split layers.
            spaces.extend(match (&remaining, part) {
                (None, _) => None,
                (Some(left), Part::Equiv) => Some((Weights::Remaining, left.itself())),
                (Some(left), _) => Some((Weights::Equivariant, left.others())),
            });
            for (which, space) in spaces {
                let of = (part, which);
                curvatures.push(look(&mut curvature, of, &space, budget, seed)?);
            }
        }
        let jacobian = lab.jacobian(&weights, &of_kernels, budget.outputs)?;
        let rotations = budget.design.rotations(Symmetry::So3);
        let kernel = Kernel::of(&jacobian.rows, rotations, jacobian.outputs)?;
        checkpoints.push(Checkpoint {
            step,
            items: probe.items.len(),
            kernel_items: of_kernels.items.len(),
            loss: LabLoss::of(&parts),
            mean: parts.mean,
            equiv: parts.equiv,
            curvatures,
            twirled: kernel.twirled(),
            remaining: kernel.remaining(),
            compressed: kernel.remaining_at_rank_of_twirled(seed),
            scans: scan(&*lab, &weights, &probe, seed)?,
        });
    }
    Ok(checkpoints)
}

/// The spectrum of a Hessian on some of the weights.
fn look(
    curvature: &mut Curvature<'_, PartObjective<'_>>,
    (part, weights): (Part, Weights),
    space: &Subspace<'_>,
    budget: &LandscapeBudget,
    seed: u64,
) -> Result<PartCurvature, StudyError> {
    let apply = |direction: &[f64]| curvature.apply(direction);
    let found = density_within(apply, space, budget.lanczos, budget.vectors, seed)?;
    let verified = curvature.verification();
    let pairs = found.nodes().into_iter();
    Ok(PartCurvature {
        part: part.name().into(),
        weights,
        dimension: space.dimension(),
        step: verified.step,
        disagreement: verified.disagreement,
        asymmetry: verified.asymmetry,
        ritz: found
            .ritz
            .iter()
            .map(|ritz| [ritz.value, ritz.residual])
            .collect(),
        ratios: Condition::of(&found).ratios,
        trace_median: found.trace_median_with_errors(),
        mean: found.mean,
        nodes: pairs.map(|node| [node.value, node.weight]).collect(),
    })
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
