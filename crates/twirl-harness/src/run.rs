//! One run from start or from where it was killed, to its manifest.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use twirl_data::{DataSet, Split};
use twirl_layers::own::on_host;
use twirl_record::{
    Event, FinalFigures, Folder, Job, Kept, Manifest, RecordError, SearchReport, Status, Training,
    TrainingSet,
};

use crate::build::{build, check};
use crate::checkpoint::{self, Counters, State};
use crate::device::{DeviceChoice, autodiff};
use crate::error::RunError;
use crate::gradients::{Average, parameter_count};
use crate::job::{data_identity, difference};
use crate::measure::{Plan, Prepared, distinct};
use crate::observer::{Observer, Silent};
use crate::optimizer;
use crate::panic::classify;
use crate::search::search;
use crate::setting::{Setting, Trainee};
use crate::task::{Arm, Task};
use crate::train::{Ended, Measuring, train};
use crate::trainer::{Trainer, Until};

/// What a run is given besides its job: what the entry declares, and where and how it runs.
pub(crate) struct RunContext<'a> {
    pub(crate) training: Training,
    pub(crate) control_of: Option<&'static str>,
    pub(crate) out: &'a Path,
    pub(crate) data: &'a DataSet,
    pub(crate) device: &'a DeviceChoice,
    pub(crate) program: &'a BTreeMap<String, String>,
    pub(crate) observer: &'a dyn Observer,
}

/// Runs or resumes a job. A failure is written into the manifest and returned.
pub(crate) fn run<T: Task, A: Arm<T>>(
    job: &Job,
    context: &RunContext<'_>,
) -> Result<Manifest, RunError> {
    let folder = Folder::of(context.out, &job.task, &job.arm, job.seed);
    folder.create()?;
    let _lock = folder.lock()?;
    let before = begun::<T, A>(job, &folder)?;
    match &before {
        Some(manifest) if manifest.data.sha256 != context.data.sha256() => {
            return Err(another(&folder, "the data set has another hash"));
        }
        Some(manifest) if manifest.status == Status::Ok => match whole(&folder, manifest) {
            Ok(()) => return Ok(manifest.clone()),
            Err(error) => tracing::warn!("a finished run goes on: {error}"),
        },
        Some(_) => {}
        // What ends the process before the arm is built is noted in it.
        None => folder.write_manifest(&opening(job, context, 0))?,
    }
    let result = catch_unwind(AssertUnwindSafe(|| {
        attempt::<T, A>(job, context, &folder, before.as_ref())
    }))
    .unwrap_or_else(|panic| Err(classify(&*panic)));
    if let Err(error) = &result
        && !matches!(
            error,
            RunError::OtherDevice { .. }
                | RunError::Interrupted { .. }
                | RunError::Record(RecordError::Format { .. })
        )
    {
        let status = match error {
            RunError::OutOfMemory(_) => Status::OutOfMemory,
            _ => Status::Failed,
        };
        folder.note_end(status, error.to_string())?;
    }
    result
}

/// The manifest of a job below `out` that has reached its end, if it has and its records are whole.
/// Needs no data set.
pub(crate) fn finished<T: Task, A: Arm<T>>(
    job: &Job,
    out: &Path,
) -> Result<Option<Manifest>, RunError> {
    let folder = Folder::of(out, &job.task, &job.arm, job.seed);
    let manifest = begun::<T, A>(job, &folder)?;
    Ok(manifest.filter(|found| found.status == Status::Ok && whole(&folder, found).is_ok()))
}

/// The manifest in a folder, which is refused if it is of another job.
fn begun<T: Task, A: Arm<T>>(job: &Job, folder: &Folder) -> Result<Option<Manifest>, RunError> {
    let Some(manifest) = folder.read_manifest()? else {
        return Ok(None);
    };
    match difference::<T, A>(&manifest.job, job)? {
        None => Ok(Some(manifest)),
        Some(other) => Err(another(folder, &other)),
    }
}

fn another(folder: &Folder, other: &str) -> RunError {
    RunError::content(
        folder.manifest(),
        format!("belongs to a run with other settings or data: {other}"),
        "choose another --out or delete the folder",
    )
}

/// Whether the records of a finished run are those that it wrote.
fn whole(folder: &Folder, manifest: &Manifest) -> Result<(), RecordError> {
    let kept = manifest.records.as_ref();
    kept.map_or(Ok(()), |kept| folder.holds(kept))
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
    context: &RunContext<'_>,
    folder: &Folder,
    before: Option<&Manifest>,
) -> Result<Manifest, RunError> {
    check::<T, A>(job)?;
    context.observer.turn(None);
    if context.observer.stop_requested() {
        let step = folder.saved_step();
        return Err(RunError::Interrupted { step });
    }
    let plain = context.device.device.clone();
    let device = autodiff(&plain, &job.train);
    let (task, model) = build::<T, A>(job, context.data, &device)?;
    check_parts(&task)?;
    let setting = Arc::new(Setting::of::<A>(task, job, context.training, device)?);
    let task = &setting.task;

    let plan = Plan::new(
        task,
        task.items(Split::Test),
        &job.train.evaluation,
        job.measure_seed,
    )
    .rounding(job.train.products);
    let reference = T::Reference::init(&Default::default(), task, 0, &plain)?;
    let prepared = Prepared::new(task, &plan, &plain)?;
    let floor = prepared.floor(&reference)?;

    let roles = model.parameter_roles();
    let optimizer = optimizer::build(&job.train.optimizer, &model, &roles);
    let saved = checkpoint::load_latest(folder, model.clone(), optimizer.clone())?;
    let mut manifest = opening(job, context, parameter_count(&model));
    manifest.symmetry = setting.symmetry;
    manifest.training_set = Some(training_set(&setting));
    manifest.bayes_error = before.and_then(|before| before.bayes_error.clone());
    if let Some(before) = before.filter(|_| saved.is_some()) {
        go_on_from(&mut manifest, before, folder)?;
    }
    if manifest.bayes_error.is_none() {
        manifest.bayes_error = Some(task.bayes_error(plan.items(), &plan.draws())?);
    }
    folder.write_manifest(&manifest)?;
    let cold_start_seconds = warm_up(&setting, &model)?;
    let state = if let Some(mut state) = saved {
        folder.keep_records(&state.counters.records)?;
        state.counters.cold_start_seconds += cold_start_seconds;
        state
    } else {
        folder.keep_records(&Kept::default())?;
        let counters = Counters {
            cold_start_seconds,
            ..searched(job, &setting, &model, (&plain, context.observer))?
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
    let course = setting.course(counters.learning_rate);
    let mut trainer = Trainer::resumed(&setting, trainee, course, counters.done());
    let ended = train(
        &mut trainer,
        &measuring,
        folder,
        &mut counters,
        context.observer,
    );
    count(&mut manifest, &counters);
    folder.write_manifest(&manifest)?;
    let Ended { stop, model } = ended?;
    let closing = task.closing(&model, job.measure_seed, &plain)?;
    if !closing.pictures.is_empty() {
        folder.write_pictures(&closing.pictures)?;
    }
    folder.holds(&counters.records)?;
    manifest.closing = closing;
    manifest.status = Status::Ok;
    manifest.stop = Some(stop);
    folder.write_manifest(&manifest)?;
    Ok(manifest)
}

/// Nothing done yet, with the learning rate that was searched for or given.
fn searched<T: Task, A: Arm<T>>(
    job: &Job,
    setting: &Arc<Setting<T>>,
    model: &A,
    (device, observer): (&Device, &dyn Observer),
) -> Result<Counters, RunError> {
    let search = match &job.train.search {
        Some(config) => {
            let seed = job.measure_seed;
            Some(search(setting, config, seed, model, device, observer)?)
        }
        None => None,
    };
    let rate = search.as_ref().and_then(SearchReport::rate);
    Ok(Counters {
        learning_rate: rate.unwrap_or(job.train.learning_rate),
        search,
        ..Counters::default()
    })
}

/// The manifest of a run that begins.
fn opening(job: &Job, context: &RunContext<'_>, parameters: usize) -> Manifest {
    Manifest {
        status: Status::Stopped,
        error: None,
        stop: None,
        job: job.clone(),
        training: Some(context.training),
        control_of: context.control_of.map(Into::into),
        symmetry: None,
        training_set: None,
        bayes_error: None,
        data: data_identity(context.data),
        device: context.device.identity(),
        slice_seconds: context.device.slice_seconds,
        program: context.program.clone(),
        resumed_by: Vec::new(),
        parameters,
        learning_rate: job.train.learning_rate,
        search: None,
        cold_start_seconds: 0.0,
        measuring_seconds: 0.0,
        device_seconds: 0.0,
        steps: 0,
        records: None,
        started: Event::now(),
        closing: FinalFigures::default(),
    }
}

/// What a job trains on.
fn training_set<T: Task>(setting: &Setting<T>) -> TrainingSet {
    let data = setting.task.data();
    TrainingSet {
        items: setting.items.len(),
        molecules: distinct(setting.items.iter().map(|&item| data.molecule(item))),
        augmented: setting.augmented,
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
    manifest.records = Some(counters.records.clone());
    manifest.cold_start_seconds = counters.cold_start_seconds;
    manifest.measuring_seconds = counters.measuring_seconds;
    manifest.device_seconds = counters.device_seconds;
}

/// Steps of the warm-up on a device that compiles its kernels.
const WARM_UP: u64 = 8;

/// Takes the first steps twice and drops the result, so that compilation and autotuning are off the
/// clock: one step on the CPU, some on a device whose kernels differ with the sizes of batches.
/// Returns the seconds by which the first time was slower than the second.
fn warm_up<T: Task, A: Arm<T>>(setting: &Arc<Setting<T>>, model: &A) -> Result<f64, RunError> {
    let until = Until::step(if on_host(&setting.device) { 1 } else { WARM_UP });
    let mut seconds = [0.0; 2];
    for taken in &mut seconds {
        let course = setting.course(setting.train.learning_rate);
        let mut trainer = Trainer::new(setting, model.clone(), course);
        trainer.advance(until, &Silent)?;
        *taken = trainer.done.clock.seconds();
    }
    Ok(seconds[0] - seconds[1])
}
