//! What a training step costs, measured.

use std::fs;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use twirl_data::DataSet;
use twirl_record::{Job, Training};

use crate::build::build;
use crate::device::DeviceChoice;
use crate::error::RunError;
use crate::gradients::parameter_count;
use crate::observer::Silent;
use crate::task::{Arm, Task};
use crate::trainer::{Setting, Trainer, Until};

/// Steps that are timed, after one that is not.
const TIMED: u64 = 2;

/// What a training step of an arm costs on a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepCost {
    /// Trainable scalars.
    pub parameters: usize,
    /// Samples of a step: those of the job, or fewer where the data set has fewer.
    pub samples: usize,
    /// Operations of the model in a step, as records count them; 0 where its products are not counted.
    pub flops: f64,
    /// Device seconds of a step: the mean of two, after one that compiles and allocates.
    pub seconds: f64,
    /// Device seconds of that first step.
    pub first_seconds: f64,
    /// Most bytes of this process's memory in use at once beyond those before the arm was built;
    /// `None` where the system does not tell. On a graphics device its own memory is not among them.
    pub peak_bytes: Option<u64>,
    /// The device.
    pub device: String,
}

/// Takes a few steps of a job from its initial weights.
pub(crate) fn step_cost<T: Task, A: Arm<T>>(
    job: &Job,
    training: Training,
    data: &DataSet,
    choice: &DeviceChoice,
) -> Result<StepCost, RunError> {
    job.train.validate()?;
    let before = memory("VmRSS:");
    // The peak begins anew here; where it may not be reset it is too high by what went before.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let device = choice.device.clone().autodiff();
    let (task, model): (T, A) = build(job, data, &device)?;
    let parameters = parameter_count(&model);
    let setting = Arc::new(Setting::of::<A>(task, job, training, device)?);
    let samples = job.train.batch.min(setting.items.len());
    let mut trainer = Trainer::new(&setting, model, setting.course(job.train.learning_rate));
    trainer.advance(Until::step(1), &Silent)?;
    let first = trainer.done;
    trainer.advance(Until::step(1 + TIMED), &Silent)?;
    let last = trainer.done;
    if last.step < 1 + TIMED {
        return Err(RunError::Config(format!(
            "loss or gradient of step {} is not finite at the learning rate {:e}; lower it",
            last.step, job.train.learning_rate
        )));
    }
    let peak = memory("VmHWM:").zip(before);
    Ok(StepCost {
        parameters,
        samples,
        flops: last.model_flops / last.step as f64,
        seconds: (last.clock.seconds() - first.clock.seconds()) / TIMED as f64,
        first_seconds: first.clock.seconds(),
        peak_bytes: peak.map(|(peak, before)| peak.saturating_sub(before)),
        device: choice.identity().to_string(),
    })
}

/// A line of `/proc/self/status`, in bytes.
fn memory(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}
