//! One run to be done: an arm of a task, a data set, a seed, all settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::settings::TrainConfig;

/// Everything that decides a run's records, except the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Task name.
    pub task: String,
    /// Arm name.
    pub arm: String,
    /// `embedded` or a path.
    pub data: String,
    /// How the file is read, where not by default: the fields of `twirl_data::OpenOptions`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data_options: Map<String, Value>,
    /// Seed of initial weights, order, augmentation and noise.
    pub seed: u64,
    /// Seed of the measurement: the same for all arms and seeds, so that they meet the same
    /// molecules, rotations and noise.
    pub measure_seed: u64,
    /// Settings of the task, complete.
    pub task_config: Value,
    /// Settings of the arm, complete.
    pub arm_config: Value,
    /// Settings of training and measuring.
    pub train: TrainConfig,
}

/// Which data a run used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataIdentity {
    /// Name of the data set.
    pub name: String,
    /// Hash of the file.
    pub sha256: String,
    /// Level of theory, if known.
    pub level: Option<String>,
    /// How train, validation and test parts came about.
    pub split_rule: String,
    /// Frames in all.
    pub frames: usize,
    /// Molecules in all.
    pub molecules: usize,
    /// Frames that were left out, by reason; absent where none was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, usize>,
}
