//! The task and the arm of a job.

use burn::tensor::Device;
use twirl_core::{Design, Symmetry};
use twirl_data::DataSet;
use twirl_record::Job;

use crate::error::RunError;
use crate::settings::{arm_settings, parse};
use crate::task::{Arm, Task};

/// Opens the task of a job, and its arm with initial weights.
pub(crate) fn build<T: Task, A: Arm<T>>(
    job: &Job,
    data: &DataSet,
    device: &Device,
) -> Result<(T, A), RunError> {
    let task = T::open(&parse(&job.task, &job.task_config)?, data)?;
    let config = arm_settings::<T, A>(&job.arm, &job.arm_config)?;
    let model = A::init(&config, &task, job.seed, device)?;
    Ok((task, model))
}

/// Checks all settings of a job, and whether its batches can be turned by the rotations at which it
/// is to be measured.
pub(crate) fn check<T: Task, A: Arm<T>>(job: &Job) -> Result<(), RunError> {
    job.train.validate()?;
    arm_settings::<T, A>(&job.arm, &job.arm_config)?;
    let evaluation = &job.train.evaluation;
    carries::<T>(job, "design", &evaluation.design, Symmetry::So3)?;
    for (name, companion) in &evaluation.companions {
        let place = format!("companions.{name}");
        carries::<T>(job, &place, &companion.design, companion.symmetry)?;
    }
    Ok(())
}

/// Refuses a design by which the batches of a job cannot be turned; `place` is its key.
pub(crate) fn carries<T: Task>(
    job: &Job,
    place: &str,
    design: &Design,
    symmetry: Symmetry,
) -> Result<(), RunError> {
    let config = parse(&job.task, &job.task_config)?;
    T::carries(&config, design, symmetry)
        .map_err(|error| RunError::Config(format!("train.evaluation.{place}: {error}")))
}
