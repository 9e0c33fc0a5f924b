//! The visible list of what can be run: static types inside, function pointers at the edge.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use twirl_core::Law;
use twirl_data::{DataCache, DataSet, OpenOptions};
use twirl_record::{ExactSymmetry, Folder, Job, Manifest, Training, one_line};

use crate::agreement::{Agreement, agreement};
use crate::build::{build, check};
use crate::cost::{StepCost, step_cost};
use crate::device::DeviceChoice;
use crate::error::RunError;
use crate::generate::{Generate, GenerateRequest, Generated};
use crate::gradients::parameter_count;
use crate::job::Restored;
use crate::lab::{self, Lab};
use crate::observer::Observer;
use crate::restore::restore;
use crate::run::{RunContext, finished, run};
use crate::settings::{Sizes, arm_settings, parse, sizes};
use crate::task::{Arm, Task};

/// An arm of a task.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Task name.
    pub task: &'static str,
    /// One line about the task.
    pub task_about: &'static str,
    /// Arm name.
    pub arm: &'static str,
    /// One line about the arm.
    pub about: &'static str,
    /// How its training data are posed.
    pub training: Training,
    /// Law of augmentation that makes the arm what it is; `None` leaves it to the run.
    pub law: Option<Law>,
    /// The arm that this one is a control of, for example the same model trained on rotated data.
    pub control_of: Option<&'static str>,
    /// Whether the Bayes error of the task is 0, its targets being functions of what models are given.
    pub noiseless: bool,
    run: fn(&Job, &RunContext<'_>) -> Result<Manifest, RunError>,
    finished: fn(&Job, &Path) -> Result<Option<Manifest>, RunError>,
    complete: fn(&Value, &Value) -> Result<Overview, RunError>,
    check: fn(&Job) -> Result<(), RunError>,
    sizes: fn() -> Result<Sizes, RunError>,
    data: fn(&Job, Option<&DataCache>) -> Result<DataSet, RunError>,
    parameters: fn(&Job, &DataSet, &DeviceChoice) -> Result<usize, RunError>,
    step_cost: MeasureStep,
    agreement: fn(&Job, &DataSet, [&DeviceChoice; 2]) -> Result<Agreement, RunError>,
    lab: OpenLab,
    generate: Option<MakeMolecules>,
}

type MeasureStep = fn(&Job, Training, &DataSet, &DeviceChoice) -> Result<StepCost, RunError>;

type OpenLab = fn(&Job, Training, &DataSet, &DeviceChoice) -> Result<Box<dyn Lab>, RunError>;

/// Makes molecules with the model of a run folder.
type MakeMolecules =
    fn(&Folder, &DataSet, &DeviceChoice, &GenerateRequest) -> Result<Vec<Generated>, RunError>;

/// Complete settings of an arm, and the symmetry it has with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// Settings of the task with defaults filled in.
    pub task_config: Value,
    /// Settings of the arm with defaults filled in.
    pub arm_config: Value,
    /// Exact symmetry, if any.
    pub symmetry: Option<ExactSymmetry>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.task, self.arm)
    }
}

impl Entry {
    /// The entry of an arm.
    pub const fn of<T: Task, A: Arm<T>>(
        arm: &'static str,
        training: Training,
        about: &'static str,
    ) -> Self {
        Self {
            task: T::NAME,
            task_about: T::ABOUT,
            arm,
            about,
            training,
            law: None,
            control_of: None,
            noiseless: T::NOISELESS,
            run: run::<T, A>,
            finished: finished::<T, A>,
            complete: complete::<T, A>,
            check: check::<T, A>,
            sizes: sizes::<T, A>,
            data: open_data::<T>,
            parameters: parameters::<T, A>,
            step_cost: step_cost::<T, A>,
            agreement: agreement::<T, A>,
            lab: lab::open::<T, A>,
            generate: None,
        }
    }

    /// The entry of an arm that also makes molecules.
    pub const fn generative<T: Generate, A: Arm<T>>(
        arm: &'static str,
        training: Training,
        about: &'static str,
    ) -> Self {
        let mut entry = Self::of::<T, A>(arm, training, about);
        entry.generate = Some(generate::<T, A>);
        entry
    }

    /// The same entry, augmented by a law of its own.
    #[must_use]
    pub const fn augmented_by(mut self, law: Law) -> Self {
        self.law = Some(law);
        self
    }

    /// The same entry, as a control of another arm of its task.
    #[must_use]
    pub const fn control_of(mut self, arm: &'static str) -> Self {
        self.control_of = Some(arm);
        self
    }

    /// Compares predictions and gradients of the arm on two devices.
    ///
    /// # Errors
    /// If the arm cannot be built, or a value is not finite.
    pub fn agreement(
        &self,
        job: &Job,
        data: &DataSet,
        devices: [&DeviceChoice; 2],
    ) -> Result<Agreement, RunError> {
        (self.agreement)(job, data, devices)
    }

    /// Makes molecules with the model of a run folder.
    ///
    /// # Errors
    /// If the arm makes none, the folder holds no checkpoint, or the request cannot be met.
    pub fn generate(
        &self,
        folder: &Folder,
        data: &DataSet,
        device: &DeviceChoice,
        request: &GenerateRequest,
    ) -> Result<Vec<Generated>, RunError> {
        let Some(make) = self.generate else {
            return Err(RunError::Config(format!(
                "{self:?} predicts and makes no molecules; give a run of a generative task"
            )));
        };
        make(folder, data, device, request)
    }

    /// Opens `embedded` or a path for this task, a path by a cache if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open_data(&self, job: &Job, cache: Option<&DataCache>) -> Result<DataSet, RunError> {
        (self.data)(job, cache)
    }

    /// Fills in defaults and refuses unknown keys.
    ///
    /// # Errors
    /// One line that names the key.
    pub fn complete(&self, task_config: &Value, arm_config: &Value) -> Result<Overview, RunError> {
        (self.complete)(task_config, arm_config)
    }

    /// Checks all settings of a job, and that its batches can be turned by the rotations at which
    /// it is to be measured. Reads no data.
    ///
    /// # Errors
    /// One line that names the key.
    pub fn check(&self, job: &Job) -> Result<(), RunError> {
        (self.check)(job)
    }

    /// The named sizes of the arm with their settings, complete, smallest first.
    ///
    /// # Errors
    /// If settings cannot be written as JSON.
    pub fn sizes(&self) -> Result<Vec<(&'static str, Value)>, RunError> {
        (self.sizes)()
    }

    /// Trainable scalars of the arm with a job's settings.
    ///
    /// # Errors
    /// If the arm cannot be built.
    pub fn parameters(
        &self,
        job: &Job,
        data: &DataSet,
        device: &DeviceChoice,
    ) -> Result<usize, RunError> {
        (self.parameters)(job, data, device)
    }

    /// Takes three steps of a job from its initial weights, and measures the last two.
    ///
    /// # Errors
    /// If the arm cannot be built, or a step is not finite.
    pub fn step_cost(
        &self,
        job: &Job,
        data: &DataSet,
        device: &DeviceChoice,
    ) -> Result<StepCost, RunError> {
        (self.step_cost)(job, self.training, data, device)
    }

    /// Opens the arm of a job, at its initial weights, for study.
    ///
    /// # Errors
    /// If task or arm cannot be built.
    pub fn lab(
        &self,
        job: &Job,
        data: &DataSet,
        device: &DeviceChoice,
    ) -> Result<Box<dyn Lab>, RunError> {
        (self.lab)(job, self.training, data, device)
    }

    /// Runs or resumes a job below `out`.
    ///
    /// # Errors
    /// Whatever stopped it; the manifest holds it too.
    pub fn run(
        &self,
        job: &Job,
        out: &Path,
        data: &DataSet,
        device: &DeviceChoice,
        program: &BTreeMap<String, String>,
        observer: &dyn Observer,
    ) -> Result<Manifest, RunError> {
        let context = RunContext {
            training: self.training,
            control_of: self.control_of,
            out,
            data,
            device,
            program,
            observer,
        };
        (self.run)(job, &context)
    }

    /// The manifest of a job below `out` that has reached its end, if it has and its records are
    /// whole. Reads no data.
    ///
    /// # Errors
    /// If the folder is of another job, or its manifest cannot be read.
    pub fn finished(&self, job: &Job, out: &Path) -> Result<Option<Manifest>, RunError> {
        (self.finished)(job, out)
    }

    /// Opens a run folder with its static types.
    ///
    /// # Errors
    /// If the folder holds no readable checkpoint of this arm.
    pub fn restore<T: Task, A: Arm<T>>(
        folder: &Folder,
        data: &DataSet,
        device: &DeviceChoice,
    ) -> Result<Restored<T, A>, RunError> {
        restore(folder, data, &device.device)
    }
}

fn complete<T: Task, A: Arm<T>>(task: &Value, arm: &Value) -> Result<Overview, RunError> {
    let task: T::Config = parse(T::NAME, task)?;
    let arm = arm_settings::<T, A>("arm", arm)?;
    let value = |error: serde_json::Error| RunError::Config(one_line(error));
    Ok(Overview {
        symmetry: A::symmetry(&arm),
        task_config: serde_json::to_value(task).map_err(value)?,
        arm_config: serde_json::to_value(arm).map_err(value)?,
    })
}

fn open_data<T: Task>(job: &Job, cache: Option<&DataCache>) -> Result<DataSet, RunError> {
    if job.data == "embedded" {
        return Ok(T::embedded()?);
    }
    let options = data_options(job)?;
    Ok(match cache {
        Some(cache) => cache.open(&job.data, &options)?,
        None => DataSet::open(&job.data, &options)?,
    })
}

/// How the data set of a job is read.
///
/// # Errors
/// If a key is none of them.
pub fn data_options(job: &Job) -> Result<OpenOptions, RunError> {
    let options = serde_json::from_value(Value::Object(job.data_options.clone()));
    options.map_err(|error: serde_json::Error| {
        RunError::Config(format!("data_options: {}", one_line(error)))
    })
}

fn generate<T: Generate, A: Arm<T>>(
    folder: &Folder,
    data: &DataSet,
    device: &DeviceChoice,
    request: &GenerateRequest,
) -> Result<Vec<Generated>, RunError> {
    let Restored { task, model } = restore::<T, A>(folder, data, &device.device)?;
    Ok(task.generate(&model, request, &device.device)?)
}

fn parameters<T: Task, A: Arm<T>>(
    job: &Job,
    data: &DataSet,
    device: &DeviceChoice,
) -> Result<usize, RunError> {
    let (_, model) = build::<T, A>(job, data, &device.device)?;
    Ok(parameter_count(&model))
}
