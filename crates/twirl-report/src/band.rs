//! Reference bands: where the curves of a suite are expected to run.
//!
//! At every step a band is `mean - k s .. mean + k s` over the reference seeds. `s` is the
//! standard deviation over seeds at the step or, if larger, the mean times the root mean square of
//! the relative standard deviations over all steps of the curve: from three seeds the spread at
//! one step can be tiny by chance. Before the first step every seed is held to its own figures:
//! see [`Start`].

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use twirl_record::{Evaluation, Manifest, Record, write_whole};

use crate::ReportError;
use crate::comparable::evaluation;
use crate::runs::{ArmRuns, RunSet};
use crate::seeds::FEWEST_SEEDS;
use crate::start::{Start, changed, starts};

/// Half-width of a band in standard deviations. One new run of a normal law lies within
/// `t(2) sqrt(1 + 1/3) = 4.97` estimated standard deviations of the mean of three in 95 % of cases.
pub const BAND_WIDTH: f64 = 5.0;

/// The expected range of a figure at a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandPoint {
    /// Step.
    pub step: u64,
    /// Lowest value expected.
    pub low: f64,
    /// Highest value expected.
    pub high: f64,
}

/// The bands of an arm, and what a run must share with the reference to be held against them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmBand {
    /// Task.
    pub task: String,
    /// Arm.
    pub arm: String,
    /// Whether the arm must be found exactly equivariant; it then has no band of percentages.
    pub exact: bool,
    /// Seeds of the reference.
    pub seeds: Vec<u64>,
    /// Hash of the data.
    pub data_sha256: String,
    /// Settings of the task.
    pub task_config: Value,
    /// Seed of the measurement.
    pub measure_seed: u64,
    /// Settings of the measurement.
    pub evaluation: Evaluation,
    /// Loss.
    pub loss: Vec<BandPoint>,
    /// Percentage of the loss that is imperfect symmetry.
    pub percent_equiv: Vec<BandPoint>,
    /// Settings of the arm, to tell a changed arm from a changed measurement.
    #[serde(default)]
    pub arm_config: Value,
    /// Figures of every seed before the first step.
    #[serde(default)]
    pub start: Vec<Start>,
}

/// A file of reference bands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// How it was made: rule, and program and device of the reference runs.
    pub provenance: BTreeMap<String, String>,
    /// One entry for each arm.
    pub arms: Vec<ArmBand>,
}

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

type Pick = fn(&Record) -> f64;

/// One deviation from a reference band.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Task.
    pub task: String,
    /// Arm.
    pub arm: String,
    /// What is wrong.
    pub kind: FindingKind,
    /// One line with figure, step, value and band.
    pub text: String,
}

impl Band {
    /// Reads a file of bands.
    ///
    /// # Errors
    /// If it cannot be read or is not one.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let text = std::fs::read_to_string(path).map_err(ReportError::file(path))?;
        serde_json::from_str(&text).map_err(|error| ReportError::Band {
            path: path.into(),
            problem: error.to_string(),
        })
    }

    /// Writes it whole.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let problem = |problem: String| ReportError::Band {
            path: path.into(),
            problem,
        };
        let text =
            serde_json::to_string_pretty(self).map_err(|error| problem(error.to_string()))? + "\n";
        write_whole(path, text.as_bytes()).map_err(|error| problem(error.to_string()))
    }
}

/// Makes bands of half-width `k` standard deviations ([`BAND_WIDTH`] is the usual one).
///
/// # Errors
/// [`ReportError::NoBand`] for an arm with fewer than [`FEWEST_SEEDS`] finished runs, or with
/// unfinished ones.
pub fn make_band(set: &RunSet, k: f64) -> Result<Band, ReportError> {
    let arms = set
        .arms()
        .map(|arm| arm_band(arm, k))
        .collect::<Result<Vec<_>, _>>()?;
    let mut provenance = BTreeMap::from([(
        "rule".to_owned(),
        format!(
            "mean +- {k} standard deviations over seeds; at least the mean times the root mean \
             square over steps of the relative standard deviation"
        ),
    )]);
    if let Some(run) = set.arms().flat_map(|arm| &arm.runs).next() {
        let Manifest {
            program,
            device,
            data,
            ..
        } = &run.manifest;
        provenance.extend(
            program
                .iter()
                .map(|(key, value)| (format!("program {key}"), value.clone())),
        );
        provenance.insert(
            "device".into(),
            format!("{} ({}), {}", device.name, device.hardware, device.float),
        );
        provenance.insert("data".into(), data.name.clone());
    }
    Ok(Band { provenance, arms })
}

fn arm_band(arm: &ArmRuns, k: f64) -> Result<ArmBand, ReportError> {
    let refuse = |problem: String| ReportError::NoBand {
        task: arm.task.clone(),
        arm: arm.arm.clone(),
        problem,
    };
    let finished = arm
        .runs
        .iter()
        .filter(|run| run.manifest.status == twirl_record::Status::Ok);
    let count = finished.count();
    if count < FEWEST_SEEDS || count < arm.runs.len() {
        return Err(refuse(format!(
            "{count} of {} runs finished; a reference band needs at least {FEWEST_SEEDS} seeds, all finished",
            arm.runs.len()
        )));
    }
    let exact = arm.is_exact();
    let first = &arm.runs[0].manifest;
    let percent_equiv = if exact {
        Vec::new()
    } else {
        points(arm, k, |record| record.split.percent_equiv)
    };
    Ok(ArmBand {
        task: arm.task.clone(),
        arm: arm.arm.clone(),
        exact,
        seeds: arm.runs.iter().map(|run| run.manifest.job.seed).collect(),
        data_sha256: first.data.sha256.clone(),
        task_config: first.job.task_config.clone(),
        measure_seed: first.job.measure_seed,
        evaluation: evaluation(first),
        loss: points(arm, k, |record| record.split.loss),
        percent_equiv,
        arm_config: first.job.arm_config.clone(),
        start: starts(arm),
    })
}

/// Mean and standard deviation over seeds at the steps that all runs have.
fn moments(arm: &ArmRuns, pick: Pick) -> Vec<(u64, f64, f64)> {
    let runs = arm.counted();
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    let at = |step: u64| {
        let values: Option<Vec<f64>> = runs
            .iter()
            .map(|run| {
                run.records
                    .iter()
                    .find(|record| record.step == step)
                    .map(pick)
            })
            .collect();
        let values = values?;
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some((
            step,
            mean,
            if n > 1.0 {
                (squares / (n - 1.0)).sqrt()
            } else {
                0.0
            },
        ))
    };
    first
        .records
        .iter()
        .filter_map(|record| at(record.step))
        .collect()
}

fn points(arm: &ArmRuns, k: f64, pick: Pick) -> Vec<BandPoint> {
    let moments = moments(arm, pick);
    let relative: Vec<f64> = moments
        .iter()
        .filter(|(_, mean, _)| *mean != 0.0)
        .map(|(_, mean, spread)| (spread / mean).powi(2))
        .collect();
    let pooled = if relative.is_empty() {
        0.0
    } else {
        (relative.iter().sum::<f64>() / relative.len() as f64).sqrt()
    };
    moments
        .into_iter()
        .map(|(step, mean, spread)| {
            let half = k * spread.max(pooled * mean.abs());
            BandPoint {
                step,
                low: mean - half,
                high: mean + half,
            }
        })
        .collect()
}

/// Holds the mean over seeds of each arm against its band, at every step of the band, and each seed
/// against its own figures before the first step. Arms of the
/// runs that the band does not know are not held against anything.
///
/// # Errors
/// [`ReportError::Incomparable`] if data, task settings or measurement differ from the reference.
pub fn check_band(set: &RunSet, band: &Band) -> Result<Vec<Finding>, ReportError> {
    let mut findings = Vec::new();
    for reference in &band.arms {
        let finding = |kind, text: String| Finding {
            task: reference.task.clone(),
            arm: reference.arm.clone(),
            kind,
            text: format!("{}/{}: {text}", reference.task, reference.arm),
        };
        let found = set
            .arms()
            .find(|arm| arm.task == reference.task && arm.arm == reference.arm);
        let Some(arm) = found else {
            findings.push(finding(FindingKind::Missing, "no run".into()));
            continue;
        };
        for run in &arm.runs {
            if run.manifest.status != twirl_record::Status::Ok {
                let text = format!("seed {}: {}", run.manifest.job.seed, run.standing());
                findings.push(finding(FindingKind::Missing, text));
            }
        }
        if let Some(run) = arm.counted().first() {
            agrees(&run.manifest, reference).map_err(|reason| ReportError::Incomparable {
                a: format!("{}/{}", arm.task, arm.arm),
                b: "the reference band".into(),
                reason,
            })?;
        }
        if reference.exact && !arm.is_exact() {
            let text = "is no longer found exactly equivariant".into();
            findings.push(finding(FindingKind::Missing, text));
        }
        let agreeing = arm
            .runs
            .iter()
            .all(|run| run.manifest.job.arm_config == reference.arm_config);
        for (higher, text) in changed(&reference.start, agreeing, &starts(arm), reference.exact) {
            let kind = if higher {
                FindingKind::Worse
            } else {
                FindingKind::SuspiciouslyBetter
            };
            findings.push(finding(kind, text));
        }
        let curves: [(&str, &[BandPoint], Pick); 2] = [
            ("loss", &reference.loss, |record| record.split.loss),
            ("percent_equiv", &reference.percent_equiv, |record| {
                record.split.percent_equiv
            }),
        ];
        for (name, points, pick) in curves {
            let values: BTreeMap<u64, f64> = moments(arm, pick)
                .into_iter()
                .map(|(step, mean, _)| (step, mean))
                .collect();
            for BandPoint { step, low, high } in points {
                let against = format!("band {low:.4e} to {high:.4e}");
                match values.get(step) {
                    None => findings.push(finding(
                        FindingKind::Missing,
                        format!("{name} was not measured at step {step}"),
                    )),
                    Some(value) if value > high => findings.push(finding(
                        FindingKind::Worse,
                        format!("{name} at step {step} is {value:.4e}: worse than the {against}"),
                    )),
                    Some(value) if value < low => findings.push(finding(
                        FindingKind::SuspiciouslyBetter,
                        format!("{name} at step {step} is {value:.4e}: suspiciously better than the {against}"),
                    )),
                    Some(_) => {}
                }
            }
        }
    }
    Ok(findings)
}

fn agrees(manifest: &Manifest, band: &ArmBand) -> Result<(), String> {
    let differ = |name: &str, same: bool| {
        if same {
            Ok(())
        } else {
            Err(format!("{name} is not that of the reference"))
        }
    };
    differ("data sha256", manifest.data.sha256 == band.data_sha256)?;
    differ("task_config", manifest.job.task_config == band.task_config)?;
    differ(
        "measure_seed",
        manifest.job.measure_seed == band.measure_seed,
    )?;
    differ("train.evaluation", evaluation(manifest) == band.evaluation)
}
