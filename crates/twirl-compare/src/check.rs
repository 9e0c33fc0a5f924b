//! Runs held against reference bands.

use std::collections::BTreeMap;

use twirl_record::{Manifest, Status};

use crate::band::{ArmBand, Band, BandPoint, Pick, moments};
use crate::comparable::evaluation;
use crate::error::CompareError;
use crate::refusal::Refusal;
use crate::run::{ArmRuns, RunSet};
use crate::start::{StartChange, changed, starts};
use crate::summary::Standing;

/// What is wrong with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// Above the band.
    Worse,
    /// Below the band.
    SuspiciouslyBetter,
    /// Absent, unfinished or no longer exactly equivariant.
    Missing,
}

/// A deviation from a reference band.
#[derive(Debug, Clone, PartialEq)]
pub enum Deviation {
    /// No run of the arm.
    NoRun,
    /// A run, by its seed, that did not finish.
    Unfinished(u64, Standing),
    /// The arm is no longer found exactly equivariant.
    NotExact,
    /// A figure before the first step is another one.
    Start(StartChange),
    /// A figure was not measured at a step.
    NotMeasured {
        /// Name of the figure.
        figure: &'static str,
        /// The step.
        step: u64,
    },
    /// A figure lies outside of its band.
    Outside {
        /// Name of the figure.
        figure: &'static str,
        /// Mean over seeds.
        value: f64,
        /// The band.
        band: BandPoint,
    },
}

/// One deviation of an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Task.
    pub task: String,
    /// Arm.
    pub arm: String,
    /// What deviates.
    pub deviation: Deviation,
}

impl Finding {
    /// Which way it deviates.
    pub fn kind(&self) -> FindingKind {
        let higher = match &self.deviation {
            Deviation::Start(change) => change.value > change.expected,
            Deviation::Outside { value, band, .. } => *value > band.high,
            _ => return FindingKind::Missing,
        };
        if higher {
            FindingKind::Worse
        } else {
            FindingKind::SuspiciouslyBetter
        }
    }
}

/// Holds the mean over seeds of each arm against its band, at every step of the band, and each seed
/// against its own figures before the first step. Arms of the runs that the band does not know are not
/// held against anything.
///
/// # Errors
/// [`CompareError::Incomparable`] if data, task settings or measurement differ from the reference.
pub fn check_band(set: &RunSet, band: &Band) -> Result<Vec<Finding>, CompareError> {
    let mut findings = Vec::new();
    for reference in &band.arms {
        let named = |arm: &&ArmRuns| arm.task == reference.task && arm.arm == reference.arm;
        let deviations = match set.arms().find(named) {
            None => vec![Deviation::NoRun],
            Some(arm) => deviations(arm, reference)?,
        };
        findings.extend(deviations.into_iter().map(|deviation| Finding {
            task: reference.task.clone(),
            arm: reference.arm.clone(),
            deviation,
        }));
    }
    Ok(findings)
}

fn deviations(arm: &ArmRuns, reference: &ArmBand) -> Result<Vec<Deviation>, CompareError> {
    let unfinished = arm
        .runs
        .iter()
        .filter(|run| run.manifest.status != Status::Ok);
    let mut found: Vec<Deviation> = unfinished
        .map(|run| Deviation::Unfinished(run.manifest.job.seed, Standing::of(run)))
        .collect();
    if let Some(run) = arm.counted().first() {
        agrees(&run.manifest, reference).map_err(|reason| CompareError::Incomparable {
            a: arm.place(),
            b: "the reference band".into(),
            reason,
        })?;
    }
    if reference.exact && !arm.is_exact() {
        found.push(Deviation::NotExact);
    }
    let mut runs = arm.runs.iter();
    let other = runs.any(|run| run.manifest.job.arm_config != reference.arm_config);
    let start = changed(&reference.start, &starts(arm), reference.exact, other);
    found.extend(start.into_iter().map(Deviation::Start));
    let curves: [(&'static str, &[BandPoint], Pick); 2] = [
        ("loss", &reference.loss, |record| record.split.loss),
        ("percent_equiv", &reference.percent_equiv, |record| {
            record.split.percent_equiv
        }),
    ];
    for (figure, points, pick) in curves {
        let moments = moments(arm, pick).into_iter();
        let values: BTreeMap<u64, f64> = moments.map(|(step, mean, _)| (step, mean)).collect();
        for &band in points {
            match values.get(&band.step) {
                None => found.push(Deviation::NotMeasured {
                    figure,
                    step: band.step,
                }),
                Some(&value) if value > band.high || value < band.low => {
                    found.push(Deviation::Outside {
                        figure,
                        value,
                        band,
                    });
                }
                Some(_) => {}
            }
        }
    }
    Ok(found)
}

fn agrees(manifest: &Manifest, band: &ArmBand) -> Result<(), Refusal> {
    let agree = |what, same: bool| same.then_some(()).ok_or(Refusal::NotTheReference(what));
    agree("data sha256", manifest.data.sha256 == band.data_sha256)?;
    agree("task_config", manifest.job.task_config == band.task_config)?;
    agree(
        "measure_seed",
        manifest.job.measure_seed == band.measure_seed,
    )?;
    agree("train.evaluation", evaluation(manifest) == band.evaluation)
}
