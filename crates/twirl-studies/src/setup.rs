//! An arm with its settings: what a cell of a study is made of.

use serde_json::{Map, Value};
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

    /// The same in a named size of the arm.
    pub(crate) fn sized(&self, size: &str) -> Result<Self, StudyError> {
        let sizes = self
            .entry
            .sizes()
            .map_err(StudyError::settings(self.place()))?;
        let Some((_, config)) = sizes.iter().find(|(name, _)| *name == size) else {
            let names: Vec<&str> = sizes.iter().map(|(name, _)| *name).collect();
            return Err(StudyError::NoSize {
                place: self.place(),
                size: size.into(),
                known: names.join(", "),
            });
        };
        self.with_config(&self.job.task_config, config)
    }
}
