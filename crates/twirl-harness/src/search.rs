//! The search for an arm's learning rate.

use burn::tensor::Device;
use twirl_core::{CoreError, Design};
use twirl_data::Split;
use twirl_record::{Candidate, Evaluation, Search, SearchReport};

use crate::batches::{Order, load_ahead, stopped};
use crate::gradients::Average;
use crate::run::Observer;
use crate::train::{Setting, Trainee};
use crate::{Arm, Clock, Plan, RunError, Task, measure};

/// Trains every candidate from the same initial weights and compares them on validation items.
pub(crate) fn search<T: Task, A: Arm<T>>(
    setting: &Setting<'_, T>,
    config: &Search,
    model: &A,
    plain: &Device,
    observer: &dyn Observer,
) -> Result<SearchReport, RunError> {
    let validation = setting.task.items(Split::Validation);
    let evaluation = Evaluation {
        items: config.items,
        design: thinned(setting.job.train.evaluation.design),
        ..setting.job.train.evaluation.clone()
    };
    let plan = Plan::new(
        setting.task,
        validation,
        &evaluation,
        setting.job.measure_seed,
    );
    let mut clock = Clock::default();
    let mut candidates = Vec::new();
    for (index, &rate) in config.rates.iter().enumerate() {
        observer.searching(index, config.rates.len(), rate);
        let loss = trial(setting, config, model, rate, &mut clock)?
            .map(|trained| measure(setting.task, &trained, &plan, plain))
            .transpose();
        let loss = match loss {
            Ok(measured) => measured.map(|measured| measured.total.loss),
            // A candidate whose predictions are not finite has diverged, like one whose loss is.
            Err(RunError::Measure {
                source: CoreError::NonFiniteSample { .. },
                ..
            }) => None,
            Err(error) => return Err(error),
        };
        candidates.push(Candidate { rate, loss });
    }
    let report = SearchReport {
        candidates,
        steps: config.steps,
        device_seconds: clock.seconds(),
    };
    if report.best().is_none() {
        return Err(RunError::Config(format!(
            "train.search: every learning rate of {:?} diverged; add smaller ones",
            config.rates
        )));
    }
    Ok(report)
}

/// Two rotations of each item; of the same finite group where the run is measured under one, since
/// a batch need not be able to carry its noise to other rotations.
fn thinned(design: Design) -> Design {
    match design {
        Design::Group { group } | Design::Subset { group, .. } => Design::Subset {
            group,
            rotations: 2,
        },
        Design::Iid { .. } | Design::Orbits { .. } => Design::Iid { rotations: 2 },
    }
}

/// The weights that would be measured after the trial, or nothing if it diverged.
fn trial<T: Task, A: Arm<T>>(
    setting: &Setting<'_, T>,
    config: &Search,
    model: &A,
    rate: f64,
    clock: &mut Clock,
) -> Result<Option<A>, RunError> {
    let train = &setting.job.train;
    let mut trainee = Trainee {
        model: model.clone(),
        average: Average::new(model, train.ema),
        optimizer: crate::build_optimizer(&train.optimizer, model),
    };
    let order = Order::new(setting.train_items(), train.batch, setting.job.seed);
    std::thread::scope(|scope| {
        let batches = load_ahead(scope, setting.task, order, 0, setting.job.seed);
        for step in 0..config.steps {
            let loaded = batches.recv().map_err(|_| stopped())??;
            let now = train.schedule.rate(rate, step, train.steps);
            let batch = setting.task.load(&loaded.host, setting.device);
            let (next, taken) = clock.time(setting.device, || {
                Ok(setting.step(trainee, &loaded.items, batch, step, now))
            })?;
            trainee = next;
            if taken.is_err() {
                return Ok(None);
            }
        }
        Ok(Some(setting.measured(&trainee)))
    })
}
