//! An arm with its settings: what a cell of a study is made of.

use serde_json::{Map, Value, json};
use twirl_harness::Entry;
use twirl_record::Job;

use crate::error::StudyError;
use crate::settings::merge;

/// An arm with the settings, the data set and the seed of one training.
#[derive(Debug, Clone)]
pub(crate) struct ArmSetup {
    /// The arm.
    pub(crate) entry: Entry,
    /// Its settings.
    pub(crate) job: Job,
}

impl ArmSetup {
    /// `task/arm`.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.job.task, self.job.arm)
    }

    /// The same with another seed.
    #[must_use]
    pub(crate) fn seeded(&self, seed: u64) -> Self {
        let mut other = self.clone();
        other.job.seed = seed;
        other
    }

    /// The same with other settings of the task or the arm, checked and completed.
    pub(crate) fn with_config(&self, task: &Value, arm: &Value) -> Result<Self, StudyError> {
        let complete = self.entry.complete(task, arm);
        let complete = complete.map_err(StudyError::settings(self.place()))?;
        let mut other = self.clone();
        other.job.task_config = complete.task_config;
        other.job.arm_config = complete.arm_config;
        Ok(other)
    }

    /// The same with settings of the task on top of those that it has.
    pub(crate) fn on_top(&self, over: &Map<String, Value>) -> Result<Self, StudyError> {
        let mut task = self.job.task_config.clone();
        merge(&mut task, &Value::Object(over.clone()));
        self.with_config(&task, &self.job.arm_config)
    }

    /// The same with `width` multiplied.
    pub(crate) fn wider(&self, factor: f64) -> Result<Self, StudyError> {
        if factor == 1.0 {
            return Ok(self.clone());
        }
        let mut config = self.job.arm_config.clone();
        let Some(width) = config["width"].as_u64() else {
            return Err(StudyError::NoSetting {
                place: self.place(),
                setting: "width",
                remedy: "give presets",
            });
        };
        config["width"] = json!((width as f64 * factor).round() as u64);
        self.with_config(&self.job.task_config, &config)
    }
}
