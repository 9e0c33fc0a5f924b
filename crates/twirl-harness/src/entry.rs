//! The visible list of what can be run: static types inside, function pointers at the edge.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use twirl_core::Law;
use twirl_data::DataSet;

use crate::agreement::{Agreement, agreement};
use crate::lab::Lab;
use crate::run::{Surroundings, parse, restore, run};
use crate::{
    Arm, DeviceChoice, ExactSymmetry, Folder, Generate, GenerateRequest, Generated, Job, Manifest,
    Observer, Restored, RunError, Task, Training, parameter_count,
};

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
    run: fn(&Job, Training, &Surroundings<'_>) -> Result<Manifest, RunError>,
    complete: fn(&Value, &Value) -> Result<Overview, RunError>,
    data: fn(&Job) -> Result<DataSet, RunError>,
    parameters: fn(&Job, &DataSet, &DeviceChoice) -> Result<usize, RunError>,
    agreement: fn(&Job, &DataSet, [&DeviceChoice; 2]) -> Result<Agreement, RunError>,
    lab: LabOpener,
    generate: Option<Making>,
}

type LabOpener = fn(&Job, Training, &DataSet, &DeviceChoice) -> Result<Box<dyn Lab>, RunError>;

/// Makes molecules with the model of a run folder.
type Making =
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
            run: run::<T, A>,
            complete: complete::<T, A>,
            data: open_data::<T>,
            parameters: parameters::<T, A>,
            agreement: agreement::<T, A>,
            lab: crate::lab::open::<T, A>,
            generate: None,
        }
    }

    /// The same entry, augmented by a law of its own.
    #[must_use]
    pub const fn augmented_by(mut self, law: Law) -> Self {
        self.law = Some(law);
        self
    }

    /// The same entry, able to make molecules.
    #[must_use]
    pub const fn generating<T: Generate, A: Arm<T>>(mut self) -> Self {
        self.generate = Some(generate::<T, A>);
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

    /// Opens `embedded` or a path for this task.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open_data(&self, job: &Job) -> Result<DataSet, RunError> {
        (self.data)(job)
    }

    /// Fills in defaults and refuses unknown keys.
    ///
    /// # Errors
    /// One line that names the key.
    pub fn complete(&self, task_config: &Value, arm_config: &Value) -> Result<Overview, RunError> {
        (self.complete)(task_config, arm_config)
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
        (self.run)(
            job,
            self.training,
            &Surroundings {
                out,
                data,
                device,
                program,
                observer,
            },
        )
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
    let arm: A::Config = parse("arm", arm)?;
    let value = |error: serde_json::Error| RunError::Config(error.to_string());
    Ok(Overview {
        symmetry: A::symmetry(&arm),
        task_config: serde_json::to_value(task).map_err(value)?,
        arm_config: serde_json::to_value(arm).map_err(value)?,
    })
}

fn open_data<T: Task>(job: &Job) -> Result<DataSet, RunError> {
    if job.data == "embedded" {
        return Ok(DataSet::embedded(T::EMBEDDED)?);
    }
    let options = serde_json::from_value(Value::Object(job.data_options.clone()));
    let options = options.map_err(|error| RunError::Config(format!("data_options: {error}")))?;
    Ok(DataSet::open(&job.data, &options)?)
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
    let task = T::open(&parse(T::NAME, &job.task_config)?, data)?;
    let config: A::Config = parse(&job.arm, &job.arm_config)?;
    Ok(parameter_count(&A::init(
        &config,
        &task,
        job.seed,
        &device.device,
    )?))
}
