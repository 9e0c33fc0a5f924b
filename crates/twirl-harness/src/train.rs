//! A run: the training loop, with its measurements and checkpoints.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use twirl_record::{ExtraRecord, Failure, Folder, Record, Stop};

use crate::checkpoint::{self, Counters};
use crate::clock::Clock;
use crate::error::RunError;
use crate::measure::{Floor, Plan, Prepared};
use crate::observer::Observer;
use crate::setting::Setting;
use crate::steps::log_spaced;
use crate::task::{Arm, Task};
use crate::trainer::{BatchLosses, Done, Halt, NotFinite, Trainer, Until};

/// How a run is measured.
pub(crate) struct Measuring<'a, T: Task> {
    pub(crate) plan: &'a Plan,
    pub(crate) prepared: &'a Prepared<'a, T>,
    pub(crate) reference: &'a T::Reference,
    pub(crate) floor: &'a Floor,
    /// Without autodiff.
    pub(crate) device: &'a Device,
}

/// How training ended, with the weights that were measured last.
pub(crate) struct Ended<A> {
    pub(crate) stop: Stop,
    pub(crate) model: A,
}

/// Trains from where the counters stand until the last step or the budget, writing records and
/// checkpoints. The counters are those of the end, also where it was an error.
pub(crate) fn train<T: Task, A: Arm<T>>(
    trainer: &mut Trainer<T, A>,
    measuring: &Measuring<'_, T>,
    folder: &Folder,
    counters: &mut Counters,
    observer: &dyn Observer,
) -> Result<Ended<A>, RunError> {
    let train = trainer.setting.train.clone();
    let schedule = log_spaced(train.steps, train.evaluation.per_decade);
    let every = train.checkpoint_every;
    let (begun, wall_before) = (Instant::now(), counters.wall_seconds);
    let (mut saved_at, mut saved) = (counters.step, Instant::now());
    loop {
        let step = counters.step;
        let spent = train
            .budget_seconds
            .is_some_and(|budget| counters.device_seconds >= budget);
        let ended = step >= train.steps || spent;
        counters.wall_seconds = wall_before + begun.elapsed().as_secs_f64();
        let due = ended || schedule.binary_search(&step).is_ok();
        if due && counters.measured != Some(step) {
            let record = record(trainer, measuring, counters, ended)?;
            counters.records = folder.append(&record, &counters.records)?;
            counters.measured = Some(step);
            counters.losses = BatchLosses::default();
            trainer.done.losses = counters.losses;
            observer.measured(&record);
        }
        let wall = next_save(saved, train.checkpoint_seconds);
        let by_time = wall.is_some_and(|wall| Instant::now() >= wall);
        let by_steps = every > 0 && step.is_multiple_of(every);
        if step > saved_at && (ended || by_time || by_steps) {
            checkpoint::save(folder, trainer.trainee(), counters)?;
            (saved_at, saved) = (step, Instant::now());
        }
        if ended {
            let stop = if step >= train.steps {
                Stop::Steps
            } else {
                Stop::Budget
            };
            let model = trainer.measured();
            return Ok(Ended { stop, model });
        }
        let until = Until {
            step: next_stop(step, &schedule, every),
            seconds: train.budget_seconds,
            wall: next_save(saved, train.checkpoint_seconds),
        };
        let halt = trainer.advance(until, observer);
        counters.follow(&trainer.done);
        let step = counters.step;
        match halt? {
            Halt::Step | Halt::Seconds | Halt::Wall => {}
            Halt::Asked => {
                counters.wall_seconds = wall_before + begun.elapsed().as_secs_f64();
                if step > saved_at {
                    checkpoint::save(folder, trainer.trainee(), counters)?;
                }
                return Err(RunError::Interrupted { step });
            }
            Halt::NotFinite(cause) => {
                save_failure(folder, &cause, trainer)?;
                checkpoint::save(folder, trainer.trainee(), counters)?;
                return Err(RunError::NotFinite {
                    what: cause.what,
                    value: cause.value,
                    step,
                    rate: cause.rate,
                    saved: folder.path().to_owned(),
                });
            }
        }
    }
}

/// When the next checkpoint is due by time; `None`: never.
fn next_save(saved: Instant, seconds: f64) -> Option<Instant> {
    let between = Duration::try_from_secs_f64(seconds).ok()?;
    saved.checked_add(between).filter(|_| !between.is_zero())
}

/// The next step after `step` at which the run is measured or saved.
fn next_stop(step: u64, schedule: &[u64], every: u64) -> u64 {
    let measured = schedule[schedule.partition_point(|&at| at <= step)];
    match step.checked_div(every) {
        Some(saves) => measured.min((saves + 1) * every),
        None => measured,
    }
}

impl Counters {
    /// Where a trainer stands that goes on from here.
    pub(crate) fn done(&self) -> Done {
        Done {
            step: self.step,
            clock: Clock::at(self.device_seconds, self.cpu_seconds),
            model_flops: self.model_flops,
            grad_norm: self.grad_norm,
            rate: self.rate,
            losses: self.losses,
        }
    }

    /// Takes over where the trainer stands.
    fn follow(&mut self, done: &Done) {
        self.step = done.step;
        self.device_seconds = done.clock.seconds();
        self.cpu_seconds = done.clock.cpu_seconds();
        self.model_flops = done.model_flops;
        self.grad_norm = done.grad_norm;
        self.rate = done.rate;
        self.losses = done.losses;
    }
}

/// Writes down the batch that gave a loss or gradient that is not finite.
fn save_failure<T: Task, A: Arm<T>>(
    folder: &Folder,
    cause: &NotFinite,
    trainer: &Trainer<T, A>,
) -> Result<(), RunError> {
    let failure = Failure {
        step: trainer.done.step,
        items: cause.items.clone(),
        seed: trainer.setting.seed,
        note: "the batch is a function of (items, seed, step); the checkpoint of this step holds \
               the state before the update"
            .into(),
    };
    Ok(folder.write_failure(&failure)?)
}

fn record<T: Task, A: Arm<T>>(
    trainer: &Trainer<T, A>,
    measuring: &Measuring<'_, T>,
    counters: &mut Counters,
    last: bool,
) -> Result<Record, RunError> {
    let start = Instant::now();
    let setting = &trainer.setting;
    let model = trainer.measured();
    let step = counters.step;
    let measured = measuring.prepared.measure(&model);
    let measured = measured.map_err(|error| error.at_step(step))?;
    let companions = if last {
        companions(setting, measuring, &model).map_err(|error| error.at_step(step))?
    } else {
        BTreeMap::new()
    };
    counters.measuring_seconds += start.elapsed().as_secs_f64();
    let batch = setting.train.batch.min(setting.items.len()) as u64;
    Ok(Record {
        step,
        samples: step * batch,
        device_seconds: counters.device_seconds,
        cpu_seconds: Some(counters.cpu_seconds),
        model_flops: (step == 0 || counters.model_flops > 0.0).then_some(counters.model_flops),
        wall_seconds: counters.wall_seconds,
        split: measured.split(measuring.floor),
        training_loss: counters.losses.mean(),
        loss_zero: Some(measured.zero),
        rotations: measured.rotations,
        molecules: measured.molecules,
        grad_norm: counters.grad_norm,
        learning_rate: counters.rate,
        terms: measured.term_records(measuring.floor),
        loss_replicates: measured.loss_replicates.clone(),
        scores: measured.score_records(),
        companions,
    })
}

fn companions<T: Task, A: Arm<T>>(
    setting: &Setting<T>,
    measuring: &Measuring<'_, T>,
    model: &A,
) -> Result<BTreeMap<String, ExtraRecord>, RunError> {
    let wanted = &setting.train.evaluation.companions;
    let measured = wanted.iter().map(|(name, &companion)| {
        let plan = measuring.plan.under(companion.design, companion.symmetry);
        let prepared = Prepared::new(&setting.task, &plan, measuring.device)?;
        let floor = prepared.floor(measuring.reference)?;
        let measured = prepared.measure(model)?;
        let record = ExtraRecord {
            companion,
            split: measured.split(&floor),
            terms: measured.term_records(&floor),
            rotations: measured.rotations,
        };
        Ok((name.clone(), record))
    });
    measured.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_where_it_is_measured_or_saved() {
        let schedule = [0, 1, 3, 10, 12];
        let stops = |every| {
            let mut stops = vec![0];
            while stops[stops.len() - 1] < 12 {
                stops.push(next_stop(stops[stops.len() - 1], &schedule, every));
            }
            stops
        };
        assert_eq!(stops(0), schedule);
        assert_eq!(stops(4), [0, 1, 3, 4, 8, 10, 12]);
    }
}
