//! What a run is and how it stands: `manifest.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bayes::BayesError;
use crate::device::DeviceIdentity;
use crate::figures::FinalFigures;
use crate::job::{DataIdentity, Job};
use crate::kept::Kept;
use crate::search::SearchReport;
use crate::training::{ExactSymmetry, Training};

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Reached its last step or its time budget.
    Ok,
    /// Stopped by an error, which the manifest holds.
    Failed,
    /// Stopped for want of memory.
    OutOfMemory,
    /// Its process was ended from outside or by a fault: a signal that leaves no time to save.
    Killed,
    /// Stopped by a limit on wall time.
    Timeout,
    /// Not finished: interrupted, or still running. It can be resumed.
    Stopped,
}

impl Status {
    /// As the manifest writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::OutOfMemory => "out-of-memory",
            Self::Killed => "killed",
            Self::Timeout => "timeout",
            Self::Stopped => "stopped",
        }
    }
}

/// Where and why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The last step of the schedule.
    Steps,
    /// The budget of device seconds.
    Budget,
}

/// What a run trains on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingSet {
    /// Samples of an epoch.
    pub items: usize,
    /// Molecules that they belong to.
    pub molecules: usize,
    /// Whether every sample is turned by a fresh random rotation.
    pub augmented: bool,
}

/// What a run is, completely: enough to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// How it stands.
    pub status: Status,
    /// The error, if it failed.
    pub error: Option<String>,
    /// Why it ended, if it did.
    pub stop: Option<Stop>,
    /// Full settings and seed.
    pub job: Job,
    /// How the arm's training data were posed; `None` in some manifests of format 1.
    pub training: Option<Training>,
    /// The arm that this one is a control of, for example the same model trained on rotated data;
    /// absent where it is none, and in manifests of version 0.1.0 before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_of: Option<String>,
    /// The symmetry that the arm declares to have exactly, by construction; absent where it has none,
    /// and in manifests of version 0.1.0 before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symmetry: Option<ExactSymmetry>,
    /// What was trained on; absent in manifests before format 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_set: Option<TrainingSet>,
    /// How far the training loss can fall on the measured molecules; absent before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bayes_error: Option<BayesError>,
    /// Data set and its hash.
    pub data: DataIdentity,
    /// Device.
    pub device: DeviceIdentity,
    /// Device seconds of a turn, where the run took turns on the device with other arms of its task; absent
    /// where it went from its begin to its end alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice_seconds: Option<f64>,
    /// Version, commit and state of the source tree of the program.
    pub program: BTreeMap<String, String>,
    /// Other programs that went on with the run, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed_by: Vec<BTreeMap<String, String>>,
    /// Trainable scalars.
    pub parameters: usize,
    /// Learning rate in use.
    pub learning_rate: f64,
    /// The search that found it.
    pub search: Option<SearchReport>,
    /// Seconds that the first training step took beyond the second: compilation, autotuning, first
    /// allocations, summed over restarts. Off the device clock. Below zero by chance where there is
    /// none.
    pub cold_start_seconds: f64,
    /// Seconds spent on measuring, off the device clock.
    pub measuring_seconds: f64,
    /// Device seconds spent on training.
    pub device_seconds: f64,
    /// Optimiser steps taken.
    pub steps: u64,
    /// The records that it wrote; `None` in manifests of format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Kept>,
    /// Seconds since the Unix epoch when the run began.
    pub started: u64,
    /// Figures of the finished model that are not losses.
    pub closing: FinalFigures,
}
