//! One run from start or from where it was killed, to its manifest.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use burn::tensor::Device;
use serde_json::Value;
use twirl_data::{DataSet, Split};

use crate::batches::Order;
use crate::checkpoint::{self, Counters, State};
use crate::gradients::Average;
use crate::search::search;
use crate::train::{Ended, Measuring, Setting, Trainee, train};
use crate::{
    Arm, Closing, DeviceChoice, Draw, Folder, Job, Manifest, Plan, Prepared, Record, Restored,
    RunError, Status, Task, Training, Weights, data_identity, load_weights, parameter_count,
};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Last step.
    pub steps: u64,
    /// Device seconds spent.
    pub device_seconds: f64,
    /// Budget of device seconds, if any.
    pub budget_seconds: Option<f64>,
}

/// Watches a run, for example to draw a progress bar.
pub trait Observer {
    /// After every step.
    fn progress(&self, progress: &Progress);
    /// After every measurement.
    fn measured(&self, record: &Record);
    /// Before each candidate of a learning-rate search.
    fn searching(&self, index: usize, count: usize, rate: f64);
}

/// An observer that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&self, _progress: &Progress) {}
    fn measured(&self, _record: &Record) {}
    fn searching(&self, _index: usize, _count: usize, _rate: f64) {}
}

/// What a run is given besides its job.
pub(crate) struct Surroundings<'a> {
    pub(crate) out: &'a Path,
    pub(crate) data: &'a DataSet,
    pub(crate) device: &'a DeviceChoice,
    pub(crate) program: &'a BTreeMap<String, String>,
    pub(crate) observer: &'a dyn Observer,
}

/// Parses strict settings; `what` names them in the error.
pub(crate) fn parse<C: serde::de::DeserializeOwned>(
    what: &str,
    value: &Value,
) -> Result<C, RunError> {
    C::deserialize(value).map_err(|error| RunError::Config(format!("{what}: {error}")))
}

/// Runs or resumes a job. A failure is written into the manifest and returned.
pub(crate) fn run<T: Task, A: Arm<T>>(
    job: &Job,
    training: Training,
    around: &Surroundings<'_>,
) -> Result<Manifest, RunError> {
    let folder = Folder::of(around.out, &job.task, &job.arm, job.seed);
    folder.create()?;
    let _lock = folder.lock()?;
    let before = folder.read_manifest()?;
    if let Some(manifest) = &before {
        if manifest.job != *job || manifest.data.sha256 != around.data.sha256() {
            return Err(RunError::content(
                folder.manifest(),
                "belongs to a run with other settings or data",
                "choose another --out or delete the folder",
            ));
        }
        if manifest.status == Status::Ok {
            return Ok(manifest.clone());
        }
    }
    let result = catch_unwind(AssertUnwindSafe(|| {
        attempt::<T, A>(job, training, around, &folder, before.as_ref())
    }))
    .unwrap_or_else(|panic| Err(classify(&*panic)));
    if let Err(error) = &result
        && !matches!(error, RunError::OtherDevice { .. })
        && let Some(mut manifest) = folder.read_manifest()?
    {
        manifest.status = match error {
            RunError::OutOfMemory(_) => Status::OutOfMemory,
            _ => Status::Failed,
        };
        manifest.error = Some(error.to_string());
        // A panic leaves no counters behind.
        if let Some(last) = folder.last_record()?
            && manifest.steps < last.step
        {
            manifest.steps = last.step;
            manifest.device_seconds = last.device_seconds;
        }
        folder.write_manifest(&manifest)?;
    }
    result
}

/// What a panic was about.
pub(crate) fn classify(panic: &(dyn std::any::Any + Send)) -> RunError {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("panic without a message");
    let line = text.lines().next().unwrap_or_default().to_owned();
    let lower = text.to_lowercase();
    let words = [
        "out of memory",
        "outofmemory",
        "failed to allocate",
        "memory allocation",
    ];
    if words.iter().any(|words| lower.contains(words)) {
        RunError::OutOfMemory(line)
    } else {
        RunError::Panic(line)
    }
}

fn check_parts<T: Task>(task: &T) -> Result<(), RunError> {
    let parts = [
        (Split::Train, "train"),
        (Split::Validation, "validation"),
        (Split::Test, "test"),
    ];
    match parts
        .iter()
        .find(|(split, _)| task.items(*split).is_empty())
    {
        None => Ok(()),
        Some((_, name)) => Err(RunError::Config(format!(
            "data set {}: no {name} items; give a data set with all three parts",
            task.data().name()
        ))),
    }
}

fn attempt<T: Task, A: Arm<T>>(
    job: &Job,
    training: Training,
    around: &Surroundings<'_>,
    folder: &Folder,
    before: Option<&Manifest>,
) -> Result<Manifest, RunError> {
    job.train.validate()?;
    let task = T::open(&parse(&job.task, &job.task_config)?, around.data)?;
    check_parts(&task)?;
    let plain = around.device.device.clone();
    let device = plain.clone().autodiff();
    let config: A::Config = parse(&job.arm, &job.arm_config)?;
    let model = A::init(&config, &task, job.seed, &device)?;
    let setting = Setting {
        task: &task,
        job,
        training,
        device: &device,
        folder,
    };

    let plan = Plan::new(
        &task,
        task.items(Split::Test),
        &job.train.evaluation,
        job.measure_seed,
    );
    let reference = T::Reference::init(&Default::default(), &task, 0, &plain)?;
    let prepared = Prepared::new(&task, &plan, &plain)?;
    let floor = prepared.floor(&reference)?;

    let optimizer = crate::build_optimizer(&job.train.optimizer, &model);
    let saved = checkpoint::load_latest(folder, model.clone(), optimizer.clone())?;
    let mut manifest = opening(job, training, around, parameter_count(&model));
    if let Some(before) = before.filter(|_| saved.is_some()) {
        go_on_from(&mut manifest, before, folder)?;
    }
    folder.write_manifest(&manifest)?;
    let cold_start_seconds = warm_up(&setting, &model)?;
    let state = if let Some(mut state) = saved {
        folder.keep_records(state.counters.records)?;
        state.counters.cold_start_seconds += cold_start_seconds;
        state
    } else {
        folder.keep_records(0)?;
        let report = match &job.train.search {
            Some(config) => Some(search(&setting, config, &model, &plain, around.observer)?),
            None => None,
        };
        let rate = report.as_ref().and_then(crate::SearchReport::best);
        let counters = Counters {
            cold_start_seconds,
            learning_rate: rate.unwrap_or(job.train.learning_rate),
            search: report,
            ..Counters::default()
        };
        State {
            average: model.valid(),
            model,
            optimizer,
            counters,
        }
    };
    let State {
        model,
        average,
        optimizer,
        mut counters,
    } = state;
    count(&mut manifest, &counters);
    folder.write_manifest(&manifest)?;

    let measuring = Measuring {
        plan: &plan,
        prepared: &prepared,
        reference: &reference,
        floor: &floor,
        device: &plain,
    };
    let trainee = Trainee {
        model,
        average: Average::restored(average, job.train.ema),
        optimizer,
    };
    let ended = train(
        &setting,
        &measuring,
        trainee,
        &mut counters,
        around.observer,
    );
    count(&mut manifest, &counters);
    folder.write_manifest(&manifest)?;
    let Ended { stop, model } = ended?;
    let closing = task.closing(&model, job.measure_seed, &plain)?;
    if !closing.pictures.is_empty() {
        folder.write_pictures(&closing.pictures)?;
    }
    manifest.closing = closing;
    manifest.status = Status::Ok;
    manifest.stop = Some(stop);
    folder.write_manifest(&manifest)?;
    Ok(manifest)
}

/// The manifest of a run that begins.
fn opening(
    job: &Job,
    training: Training,
    around: &Surroundings<'_>,
    parameters: usize,
) -> Manifest {
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Manifest {
        status: Status::Stopped,
        error: None,
        stop: None,
        job: job.clone(),
        training: Some(training),
        data: data_identity(around.data),
        device: around.device.identity(),
        program: around.program.clone(),
        resumed_by: Vec::new(),
        parameters,
        learning_rate: job.train.learning_rate,
        search: None,
        cold_start_seconds: 0.0,
        measuring_seconds: 0.0,
        device_seconds: 0.0,
        steps: 0,
        started,
        closing: Closing::default(),
    }
}

/// Takes over what does not begin anew with a restart. Device seconds of two devices do not add
/// up.
fn go_on_from(manifest: &mut Manifest, before: &Manifest, folder: &Folder) -> Result<(), RunError> {
    if before.device != manifest.device {
        return Err(RunError::OtherDevice {
            path: folder.path().to_owned(),
            before: before.device.to_string(),
            now: manifest.device.to_string(),
        });
    }
    manifest.started = before.started;
    manifest.resumed_by.clone_from(&before.resumed_by);
    if *manifest.resumed_by.last().unwrap_or(&before.program) != manifest.program {
        manifest.resumed_by.push(manifest.program.clone());
    }
    manifest.program.clone_from(&before.program);
    Ok(())
}

/// Takes over the counters.
fn count(manifest: &mut Manifest, counters: &Counters) {
    manifest.learning_rate = counters.learning_rate;
    manifest.search.clone_from(&counters.search);
    manifest.steps = counters.step;
    manifest.cold_start_seconds = counters.cold_start_seconds;
    manifest.measuring_seconds = counters.measuring_seconds;
    manifest.device_seconds = counters.device_seconds;
}

/// Takes two steps whose result is dropped, so that compilation and autotuning are off the clock.
/// Returns the seconds by which the first was slower than the second.
fn warm_up<T: Task, A: Arm<T>>(setting: &Setting<'_, T>, model: &A) -> Result<f64, RunError> {
    let train = &setting.job.train;
    let items = Order::new(setting.train_items(), train.batch, setting.job.seed).step(0);
    let host = setting
        .task
        .batch(&items, Draw::training(setting.job.seed, 0))?;
    let batch = setting.task.load(&host, setting.device);
    let mut seconds = [0.0; 2];
    for second in &mut seconds {
        let trainee = Trainee {
            model: model.clone(),
            average: Average::new(model, train.ema),
            optimizer: crate::build_optimizer(&train.optimizer, model),
        };
        let start = Instant::now();
        drop(setting.step(trainee, &items, batch.clone(), 0, train.learning_rate));
        setting
            .device
            .sync()
            .map_err(|error| RunError::Panic(format!("device: {error}")))?;
        *second = start.elapsed().as_secs_f64();
    }
    Ok(seconds[0] - seconds[1])
}

/// Opens a finished or interrupted run: its task and the weights that it measured last.
pub(crate) fn restore<T: Task, A: Arm<T>>(
    folder: &Folder,
    data: &DataSet,
    device: &Device,
) -> Result<Restored<T, A>, RunError> {
    let Some(manifest) = folder.read_manifest()? else {
        return Err(RunError::content(
            folder.manifest(),
            "is missing",
            "give a run folder: DIR/<task>/<arm>/seed-<n>",
        ));
    };
    let job = manifest.job;
    let task = T::open(&parse(&job.task, &job.task_config)?, data)?;
    let config: A::Config = parse(&job.arm, &job.arm_config)?;
    let model = A::init(&config, &task, job.seed, device)?;
    let averaged = job.train.measured_weights() == Weights::Ema;
    let Some(path) = checkpoint::latest_weights(folder, averaged)? else {
        return Err(RunError::content(
            folder.checkpoints(),
            "holds no valid checkpoint",
            "resume the run first",
        ));
    };
    Ok(Restored {
        task,
        model: load_weights(model.valid(), &path)?,
    })
}
