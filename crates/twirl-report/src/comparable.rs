//! Which runs may be compared.

use serde_json::Value;
use twirl_record::{Evaluation, Manifest, first_difference};

/// Whether the losses and percentages of two runs may be compared: same task, data, task
/// settings, seed of the measurement, and evaluation.
///
/// # Errors
/// The first setting that differs, with both values.
pub fn comparable(a: &Manifest, b: &Manifest) -> Result<(), String> {
    differ("task", &a.job.task, &b.job.task)?;
    differ("data sha256", &a.data.sha256, &b.data.sha256)?;
    differ_value("task_config", &a.job.task_config, &b.job.task_config)?;
    differ(
        "measure_seed",
        &a.job.measure_seed.to_string(),
        &b.job.measure_seed.to_string(),
    )?;
    let settings = |manifest| plain(&evaluation(manifest));
    differ_value("train.evaluation", &settings(a), &settings(b))
}

/// The settings of a measurement, with the weights that it took: without an average the raw ones,
/// whatever the settings ask for.
pub(crate) fn evaluation(manifest: &Manifest) -> Evaluation {
    let train = &manifest.job.train;
    Evaluation {
        weights: train.measured_weights(),
        ..train.evaluation.clone()
    }
}

/// Whether device seconds of two runs may be compared: same hardware, threads and float type.
///
/// # Errors
/// What differs, with both values.
pub fn same_clock(a: &Manifest, b: &Manifest) -> Result<(), String> {
    differ("device", &a.device.name, &b.device.name)?;
    differ("hardware", &a.device.hardware, &b.device.hardware)?;
    differ(
        "threads",
        &a.device.threads.to_string(),
        &b.device.threads.to_string(),
    )?;
    differ("float type", &a.device.float, &b.device.float)
}

/// Whether two runs of an arm differ in their seed only.
pub(crate) fn same_settings(a: &Manifest, b: &Manifest) -> Result<(), String> {
    differ_value("arm_config", &a.job.arm_config, &b.job.arm_config)?;
    differ_value("train", &plain(&a.job.train), &plain(&b.job.train))
}

fn plain<T: serde::Serialize>(settings: &T) -> Value {
    serde_json::to_value(settings).expect("settings are plain data")
}

fn differ(name: &str, a: &str, b: &str) -> Result<(), String> {
    if a == b {
        Ok(())
    } else {
        Err(format!("{name} is {a} and {b}"))
    }
}

fn differ_value(name: &str, a: &Value, b: &Value) -> Result<(), String> {
    first_difference(name, a, b).map_or(Ok(()), Err)
}
