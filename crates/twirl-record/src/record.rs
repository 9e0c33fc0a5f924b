//! What a run measures: one line of figures each time.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use twirl_core::tolerance;

use crate::error::RecordError;
use crate::settings::ExtraMeasurement;

/// A loss and its two parts, for the whole or for one term.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// `L`, mean over molecules.
    pub loss: f64,
    /// `L_mean`: loss of the twirled predictor. Unbiased, so it can be negative by chance.
    pub loss_mean: f64,
    /// `L_equiv = L - L_mean`.
    pub loss_equiv: f64,
    /// `100 L_equiv / L`.
    pub percent_equiv: f64,
    /// Lower end of the 95 % interval of the percentage, over molecules; absent with too few of
    /// them for an interval.
    pub percent_low: Option<f64>,
    /// Upper end.
    pub percent_high: Option<f64>,
    /// Percentage that rounding alone would be of this loss: the relative error of the exactly
    /// equivariant reference times the squared size of this arm's predictions, over the loss.
    pub floor: f64,
}

impl Split {
    /// The 95 % interval of the percentage over molecules, if there is one.
    pub fn interval(&self) -> Option<[f64; 2]> {
        Some([self.percent_low?, self.percent_high?])
    }
}

/// One term of the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TermRecord {
    /// Its decomposition.
    #[serde(flatten)]
    pub split: Split,
    /// Equivariance error relative to the mean squared size of the untwisted predictions, in the
    /// squared measure whatever the loss; absent where every prediction is zero.
    pub relative_equiv: Option<f64>,
    /// Whether the term is trained on.
    pub trained: bool,
    /// Power of the untwisted predictions by rotation degree, `S_0, S_1, ...`, over their mean
    /// squared size; empty where the design does not give it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spectrum: Vec<f64>,
    /// Parity error over the same size; only where every rotation was measured with its negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parity: Option<f64>,
}

/// A further measurement of the last weights, under rotations of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtraRecord {
    /// Which rotations.
    pub companion: ExtraMeasurement,
    /// The training loss and its parts under them.
    #[serde(flatten)]
    pub split: Split,
    /// The same per loss term.
    pub terms: BTreeMap<String, TermRecord>,
    /// Rotations of each molecule.
    pub rotations: usize,
}

/// Operations of a training step over those of its forward pass, as `twirl_layers::count_flops`
/// counts them: the backward pass takes two products for every one, for the gradients of both
/// factors. It is the usual convention, and a little more than what is done where a factor needs no
/// gradient.
pub const TRAINING_PASSES: f64 = 3.0;

/// Largest relative symmetry error (squared error over mean squared prediction) of an arm that
/// counts as exactly equivariant: 100 times the numerical floor of single precision.
pub const EXACT: f64 = 100.0 * tolerance::F32.floor;

/// One measurement: a line of `records.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Optimiser steps taken.
    pub step: u64,
    /// Training samples seen.
    pub samples: u64,
    /// Device seconds spent on training so far.
    pub device_seconds: f64,
    /// Processor seconds of the whole process in that time, its loading thread included. Fewer than the
    /// device seconds of a processor: other work took it. Absent before format 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    /// Operations of the model in training so far: see [`TRAINING_PASSES`]. Absent where the arm's
    /// products are not counted, and in records of version 0.1.0 before it was added.
    #[serde(default)]
    pub model_flops: Option<f64>,
    /// Seconds since the run began, those in which it waited for its turn included, summed over restarts.
    pub wall_seconds: f64,
    /// The training loss on held-out molecules and its parts.
    #[serde(flatten)]
    pub split: Split,
    /// Mean loss of the batches trained on since the record before, each before its step was taken and in
    /// the pose in which it was seen. Absent before the first step, and before format 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_loss: Option<f64>,
    /// The training loss of predicting zero for the same molecules: a model near it has learned
    /// little, whatever its percentage. Absent in records of version 0.1.0 before it was added.
    #[serde(default)]
    pub loss_zero: Option<f64>,
    /// Rotations of each molecule.
    pub rotations: usize,
    /// Independent molecules (or blocks of frames, where molecules are few) behind the interval.
    pub molecules: usize,
    /// Gradient norm of the last step, before clipping; absent before the first.
    pub grad_norm: Option<f64>,
    /// Learning rate of the last step; absent before the first.
    pub learning_rate: Option<f64>,
    /// The same per loss term.
    pub terms: BTreeMap<String, TermRecord>,
    /// The training loss under the first 100 bootstrap resamples of molecules, to six digits. The
    /// same resamples serve every arm, seed and step, so that losses can be compared resample by
    /// resample. Empty with too few molecules for an interval.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loss_replicates: Vec<f64>,
    /// Figures beside the loss, as `name (unit)`; one that is not defined for the predictions, like
    /// a cosine of zeros, is absent.
    pub scores: BTreeMap<String, f64>,
    /// Further measurements, by name; on the last record of a run only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub companions: BTreeMap<String, ExtraRecord>,
}

/// Reads `records.jsonl`.
///
/// # Errors
/// If the file cannot be read or a line is not a record.
pub fn read_records(path: &Path) -> Result<Vec<Record>, RecordError> {
    let text = std::fs::read_to_string(path).map_err(RecordError::file(path))?;
    text.lines()
        .enumerate()
        .map(|(line, text)| {
            serde_json::from_str(text).map_err(|error| {
                RecordError::content(
                    path,
                    format!("line {}: {error}", line + 1),
                    "resume the run to rewrite its tail, or delete the line",
                )
            })
        })
        .collect()
}
