//! Which runs may be compared.

use std::fmt::Display;

use serde_json::Value;
use twirl_record::{Evaluation, Manifest, first_difference};

use crate::refusal::Refusal;

/// Whether the losses and percentages of two runs may be compared: same task, data, task
/// settings, seed of the measurement, and evaluation.
///
/// # Errors
/// The first setting that differs, with both values.
pub fn comparable(a: &Manifest, b: &Manifest) -> Result<(), Refusal> {
    same("task", &a.job.task, &b.job.task)?;
    same("data sha256", &a.data.sha256, &b.data.sha256)?;
    same_value("task_config", &a.job.task_config, &b.job.task_config)?;
    same("measure_seed", &a.job.measure_seed, &b.job.measure_seed)?;
    let settings = |manifest| plain(&evaluation(manifest));
    same_value("train.evaluation", &settings(a), &settings(b))
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
pub fn same_clock(a: &Manifest, b: &Manifest) -> Result<(), Refusal> {
    same("device", &a.device.name, &b.device.name)?;
    same("hardware", &a.device.hardware, &b.device.hardware)?;
    same("threads", &a.device.threads, &b.device.threads)?;
    same("float type", &a.device.float, &b.device.float)
}

/// Whether two runs of an arm differ in their seed only.
pub(crate) fn same_settings(a: &Manifest, b: &Manifest) -> Result<(), Refusal> {
    same_value("arm_config", &a.job.arm_config, &b.job.arm_config)?;
    same_value("train", &plain(&a.job.train), &plain(&b.job.train))
}

fn plain<T: serde::Serialize>(settings: &T) -> Value {
    serde_json::to_value(settings).expect("settings are plain data")
}

fn same<T: PartialEq + Display>(what: &str, a: &T, b: &T) -> Result<(), Refusal> {
    if a == b {
        return Ok(());
    }
    Err(Refusal::Differ(format!("{what} is {a} and {b}")))
}

fn same_value(what: &str, a: &Value, b: &Value) -> Result<(), Refusal> {
    first_difference(what, a, b).map_or(Ok(()), |found| Err(Refusal::Differ(found)))
}
