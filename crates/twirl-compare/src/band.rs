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
use twirl_record::{Evaluation, Manifest, Record, Status, one_line, write_whole};

use crate::comparable::evaluation;
use crate::error::CompareError;
use crate::estimate::FEWEST_SEEDS;
use crate::percent::at_step;
use crate::run::{ArmRuns, RunSet};
use crate::start::{Start, starts};

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

/// A figure of a record.
pub(crate) type Pick = fn(&Record) -> f64;

impl Band {
    /// Reads a file of bands.
    ///
    /// # Errors
    /// If it cannot be read or is not one.
    pub fn read(path: &Path) -> Result<Self, CompareError> {
        let text = std::fs::read_to_string(path).map_err(CompareError::file(path))?;
        serde_json::from_str(&text).map_err(|error| CompareError::Band {
            path: path.into(),
            problem: one_line(error),
        })
    }

    /// Writes it whole.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CompareError> {
        let problem = |problem: String| CompareError::Band {
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
/// [`CompareError::NoBand`] for an arm with fewer than [`FEWEST_SEEDS`] finished runs, or with
/// unfinished ones.
pub fn make_band(set: &RunSet, k: f64) -> Result<Band, CompareError> {
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

fn arm_band(arm: &ArmRuns, k: f64) -> Result<ArmBand, CompareError> {
    let ok = arm
        .runs
        .iter()
        .filter(|run| run.manifest.status == Status::Ok);
    let (finished, runs) = (ok.count(), arm.runs.len());
    if finished < FEWEST_SEEDS || finished < runs {
        return Err(CompareError::NoBand {
            arm: arm.place(),
            finished,
            runs,
        });
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
pub(crate) fn moments(arm: &ArmRuns, pick: Pick) -> Vec<(u64, f64, f64)> {
    let at = |step: u64| {
        let values: Vec<f64> = at_step(arm, step)?.into_iter().map(pick).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let spread = if n > 1.0 {
            (squares / (n - 1.0)).sqrt()
        } else {
            0.0
        };
        Some((step, mean, spread))
    };
    let runs = arm.counted();
    let records = runs
        .first()
        .iter()
        .flat_map(|run| &run.records)
        .collect::<Vec<_>>();
    records
        .into_iter()
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
