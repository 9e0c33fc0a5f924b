//! What a training step costs, measured.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use twirl_data::{DataSet, Split};
use twirl_layers::own::on_host;
use twirl_layers::with_precision;
use twirl_record::{Job, Training};

use crate::build::build;
use crate::device::{DeviceChoice, autodiff, product_rate};
use crate::draw::Draw;
use crate::error::RunError;
use crate::gradients::parameter_count;
use crate::measure::{host_values, thinned};
use crate::observer::Silent;
use crate::setting::Setting;
use crate::task::{Arm, Task};
use crate::trainer::{Done, Halt, Trainer, Until};

/// What is timed on the CPU: steps, after one that is not.
const TIMED: u64 = 2;
/// The same on another device, whose kernels are compiled and chosen in the steps before.
const TIMED_ON_DEVICE: u64 = 32;
/// Steps before those, on another device.
const WARM_UP: u64 = 24;
/// Parts of the timed steps, of which the median counts: a kernel that is chosen in one of them, seconds
/// for one step, does not.
const PARTS: u64 = 4;
/// Wall seconds after which only the step that is under way is taken, before and while timing.
const PATIENCE: Duration = Duration::from_secs(4);
/// Predictions are repeated for so long.
const PREDICTING: Duration = Duration::from_millis(300);

/// What a training step of an arm costs on a device, and a prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepCost {
    /// Trainable scalars.
    pub parameters: usize,
    /// Samples of a step: those of the job, or fewer where the data set has fewer.
    pub samples: usize,
    /// Held-out items of a measurement.
    pub held_out: usize,
    /// Operations of the model in a step, as records count them; 0 where its products are not counted.
    pub flops: f64,
    /// Device seconds of a step: the median over parts of some, after those that compile and allocate.
    pub seconds: f64,
    /// Device seconds of the first step.
    pub first_seconds: f64,
    /// Operations a second of a large product on the device, by the kernels of the model.
    pub product_rate: f64,
    /// Steps that `seconds` is of.
    pub timed: u64,
    /// Seconds from one sample on the device to its predictions on the host.
    pub single_seconds: f64,
    /// The same for a batch of `samples`, by sample.
    pub sample_seconds: f64,
    /// Most bytes of this process's memory in use at once beyond those before the arm was built, with
    /// those of the device where it is not the host's; `None` where the system does not tell.
    pub peak_bytes: Option<u64>,
    /// Bytes that a device's allocator holds after the steps, of a device with memory of its own. It
    /// keeps what it has held, so they bound what a step needs from above.
    pub device_bytes: Option<u64>,
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
    let device = autodiff(&choice.device, &job.train);
    let (task, model): (T, A) = build(job, data, &device)?;
    let parameters = parameter_count(&model);
    let setting = Arc::new(Setting::of::<A>(task, job, training, device)?);
    let samples = job.train.batch.min(setting.items.len());
    let (warm, timed) = if on_host(&setting.device) {
        (1, TIMED)
    } else {
        (WARM_UP, TIMED_ON_DEVICE)
    };
    let mut trainer = Trainer::new(&setting, model, setting.course(job.train.learning_rate));
    let first = advanced(&mut trainer, 1)?;
    let warmed = advanced(&mut trainer, warm)?;
    let parts = if timed < PARTS { timed } else { PARTS };
    let (mut last, mut paces) = (warmed, Vec::new());
    for _ in 0..parts {
        let now = advanced(&mut trainer, last.step + timed / parts)?;
        let steps = (now.step - last.step) as f64;
        paces.push((now.clock.seconds() - last.clock.seconds()) / steps);
        last = now;
    }
    paces.sort_by(f64::total_cmp);
    let peak = memory("VmHWM:").zip(before);
    let own = choice.device.memory_pool_usage();
    let device_bytes = own.filter(|_| !on_host(&choice.device));
    let model = trainer.measured();
    let predict = |count| {
        with_precision(job.train.products, || {
            prediction_seconds(
                &setting.task,
                &model,
                &setting.items[..count],
                &choice.device,
            )
        })
    };
    Ok(StepCost {
        parameters,
        samples,
        held_out: thinned(setting.task.items(Split::Test), job.train.evaluation.items).len(),
        flops: last.model_flops / last.step as f64,
        seconds: f64::midpoint(paces[paces.len() / 2], paces[(paces.len() - 1) / 2]),
        first_seconds: first.clock.seconds(),
        product_rate: product_rate(&choice.device),
        timed: last.step - warmed.step,
        single_seconds: predict(1)?,
        sample_seconds: predict(samples)? / samples as f64,
        peak_bytes: peak.map(|(peak, before)| peak.saturating_sub(before)),
        device_bytes: device_bytes.map(|usage| usage.bytes_reserved),
        device: choice.identity().to_string(),
    })
}

/// Steps up to the given one, or fewer where they take long.
fn advanced<T: Task, A: Arm<T>>(trainer: &mut Trainer<T, A>, step: u64) -> Result<Done, RunError> {
    let until = Until {
        wall: Some(Instant::now() + PATIENCE),
        ..Until::step(step)
    };
    match trainer.advance(until, &Silent)? {
        Halt::NotFinite(cause) => Err(RunError::Config(format!(
            "{} of step {} is not finite at the learning rate {:e}; lower it",
            cause.what, trainer.done.step, cause.rate
        ))),
        Halt::Step | Halt::Seconds | Halt::Wall | Halt::Asked => Ok(trainer.done),
    }
}

/// Seconds from a batch on the device to its predictions on the host, after two passes.
pub(crate) fn prediction_seconds<T: Task, A: Arm<T>>(
    task: &T,
    model: &A,
    items: &[usize],
    device: &Device,
) -> Result<f64, RunError> {
    let host = task.batch(items, Draw::measuring(0))?;
    let batch = task.load(&host, device)?;
    let predict = || {
        let terms = task.terms(&model.predict(&batch), &batch);
        let last = terms.into_iter().last().expect("a task has terms");
        host_values(last.prediction);
    };
    predict();
    predict();
    let (begun, mut passes) = (Instant::now(), 0);
    while passes < 3 || begun.elapsed() < PREDICTING {
        predict();
        passes += 1;
    }
    Ok(begun.elapsed().as_secs_f64() / f64::from(passes))
}

/// A line of `/proc/self/status`, in bytes.
fn memory(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}
