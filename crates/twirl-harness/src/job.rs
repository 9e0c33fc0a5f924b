//! What a job needs and leaves: the identity of its data, its trained arm.

use serde_json::{Value, json};
use twirl_data::DataSet;
use twirl_record::{DataIdentity, Job, first_difference};

use crate::error::RunError;
use crate::settings::{arm_settings, parse};
use crate::task::{Arm, Task};

/// Describes a data set for the manifest.
pub fn data_identity(data: &DataSet) -> DataIdentity {
    DataIdentity {
        name: data.name().into(),
        sha256: data.sha256().into(),
        level: data.level().map(Into::into),
        split_rule: data.split_rule().into(),
        frames: data.len(),
        molecules: data.molecules().len(),
        left_out: data
            .left_out()
            .iter()
            .map(|(reason, count)| (reason.name().to_owned(), *count))
            .collect(),
    }
}

/// A trained arm, read back from a run folder.
pub struct Restored<T, A> {
    /// The task, opened as the run opened it.
    pub task: T,
    /// The weights that were measured, without autodiff.
    pub model: A,
}

/// Where the settings of two jobs differ once the defaults of today are filled in, so that a key
/// that has come since one of them was written is no difference. Where the data set lies is none
/// either: it is known by its hash.
pub(crate) fn difference<T: Task, A: Arm<T>>(
    before: &Job,
    now: &Job,
) -> Result<Option<String>, RunError> {
    let (before, now) = (completed::<T, A>(before)?, completed::<T, A>(now)?);
    Ok(first_difference("job", &before, &now))
}

fn completed<T: Task, A: Arm<T>>(job: &Job) -> Result<Value, RunError> {
    let task: T::Config = parse(&job.task, &job.task_config)?;
    let arm = arm_settings::<T, A>(&job.arm, &job.arm_config)?;
    let mut value = json!(job);
    value["data"] = Value::Null;
    value["task_config"] = json!(task);
    value["arm_config"] = json!(arm);
    Ok(value)
}
