//! The one training loop.

use std::collections::BTreeMap;
use std::time::Instant;

use burn::optim::ModuleOptimizer;
use burn::tensor::{Device, Tensor};
use twirl_layers::count_flops;
use twirl_record::{Stop, TRAINING_PASSES};

use crate::batches::{Loaded, Order, load_ahead, stopped};
use crate::checkpoint::{self, Counters};
use crate::gradients::Average;
use crate::run::{Observer, Progress};
use crate::{
    Arm, Clock, CompanionRecord, Floor, Folder, Gradients, Job, Plan, Prepared, Record, Rotations,
    RunError, Task, Training, Weights, log_spaced, training_loss,
};

/// A model in training.
pub(crate) struct Trainee<A> {
    pub(crate) model: A,
    pub(crate) average: Average<A>,
    pub(crate) optimizer: ModuleOptimizer,
}

/// What one step leaves behind.
pub(crate) struct Taken {
    /// Finite, as is the loss.
    pub(crate) grad_norm: f64,
    /// Of the forward pass.
    pub(crate) flops: u64,
}

/// What every step of a run shares.
pub(crate) struct Setting<'a, T> {
    pub(crate) task: &'a T,
    pub(crate) job: &'a Job,
    pub(crate) training: Training,
    /// With autodiff.
    pub(crate) device: &'a Device,
    pub(crate) folder: &'a Folder,
}

/// A loss or gradient that is not finite: nothing has been updated.
pub(crate) struct NotFinite {
    pub(crate) what: &'static str,
    pub(crate) value: f64,
}

impl<T: Task> Setting<'_, T> {
    /// Forward, backward, clip, update, average: everything that is on the clock.
    pub(crate) fn step<A: Arm<T>>(
        &self,
        trainee: Trainee<A>,
        items: &[usize],
        mut batch: T::Batch,
        step: u64,
        rate: f64,
    ) -> (Trainee<A>, Result<Taken, NotFinite>) {
        let train = &self.job.train;
        if self.training == Training::Augmented {
            let (law, seed) = (train.augmentation, self.job.seed);
            let turned = Rotations::augmenting(law, seed, step, items, self.device);
            batch = self.task.rotate(&batch, &turned);
        }
        let Trainee {
            model,
            average,
            mut optimizer,
        } = trainee;
        let (output, flops) = count_flops(|| model.predict(&batch));
        let loss = training_loss(&self.task.terms(&output, &batch));
        let mut gradients = Gradients::of(&loss, &model);
        let squared = gradients
            .squared_norm(&model)
            .unwrap_or_else(|| Tensor::zeros([1], &self.device.clone().inner()));
        let values: Vec<f64> = Tensor::cat(vec![loss.inner(), squared], 0)
            .into_data()
            .iter::<f64>()
            .collect();
        let (loss, grad_norm) = (values[0], values[1].sqrt());
        for (what, value) in [("loss", loss), ("gradient norm", grad_norm)] {
            if !value.is_finite() {
                let failed = NotFinite { what, value };
                return (
                    Trainee {
                        model,
                        average,
                        optimizer,
                    },
                    Err(failed),
                );
            }
        }
        if train.clip > 0.0 && grad_norm > train.clip {
            gradients.scale(&model, train.clip / grad_norm);
        }
        let model = optimizer.step(rate, model, gradients.into_inner());
        let average = if train.ema > 0.0 {
            average.update(&model, step)
        } else {
            average
        };
        (
            Trainee {
                model,
                average,
                optimizer,
            },
            Ok(Taken { grad_norm, flops }),
        )
    }

    /// Items that the run trains on.
    pub(crate) fn train_items(&self) -> &[usize] {
        let items = self.task.items(twirl_data::Split::Train);
        match self.job.train.train_items {
            0 => items,
            wanted => &items[..wanted.min(items.len())],
        }
    }

    /// The weights that are measured, without autodiff.
    pub(crate) fn measured<A: Arm<T>>(&self, trainee: &Trainee<A>) -> A {
        match self.job.train.measured_weights() {
            Weights::Ema => trainee.average.model.clone(),
            Weights::Raw => trainee.model.valid(),
        }
    }

    fn save_failure(&self, loaded: &Loaded<T::Host>, step: u64) -> Result<(), RunError> {
        let evidence = serde_json::json!({
            "step": step, "items": loaded.items, "seed": self.job.seed,
            "note": "the batch is a function of (items, seed, step); the checkpoint of this step \
                     holds the state before the update",
        });
        let text = serde_json::to_vec_pretty(&evidence).expect("plain data");
        crate::write_whole(&self.folder.path().join("failure.json"), &text)?;
        Ok(())
    }
}

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
    setting: &Setting<'_, T>,
    measuring: &Measuring<'_, T>,
    mut trainee: Trainee<A>,
    counters: &mut Counters,
    observer: &dyn Observer,
) -> Result<Ended<A>, RunError> {
    let train = &setting.job.train;
    let schedule = log_spaced(train.steps, train.evaluation.per_decade);
    let mut clock = Clock::at(counters.device_seconds);
    let (begun, wall_before) = (Instant::now(), counters.wall_seconds);
    let mut saved_at = counters.step;
    let order = Order::new(setting.train_items(), train.batch, setting.job.seed);
    std::thread::scope(|scope| {
        let batches = load_ahead(scope, setting.task, order, counters.step, setting.job.seed);
        loop {
            let step = counters.step;
            let spent = train
                .budget_seconds
                .is_some_and(|budget| clock.seconds() >= budget);
            let ended = step >= train.steps || spent;
            counters.device_seconds = clock.seconds();
            counters.wall_seconds = wall_before + begun.elapsed().as_secs_f64();
            let due = ended || schedule.binary_search(&step).is_ok();
            if due && counters.measured != Some(step) {
                let record = record(setting, measuring, &trainee, counters, ended)?;
                setting.folder.append(&record)?;
                counters.records += 1;
                counters.measured = Some(step);
                observer.measured(&record);
            }
            let every = train.checkpoint_every;
            if step > saved_at && (ended || (every > 0 && step.is_multiple_of(every))) {
                checkpoint::save(setting.folder, &trainee, counters)?;
                saved_at = step;
            }
            if ended {
                let stop = if step >= train.steps {
                    Stop::Steps
                } else {
                    Stop::Budget
                };
                let model = setting.measured(&trainee);
                return Ok(Ended { stop, model });
            }
            let loaded = batches.recv().map_err(|_| stopped())??;
            let rate = train
                .schedule
                .rate(counters.learning_rate, step, train.steps);
            let batch = setting.task.load(&loaded.host, setting.device);
            let (next, taken) = clock.time(setting.device, || {
                Ok(setting.step(trainee, &loaded.items, batch, step, rate))
            })?;
            trainee = next;
            match taken {
                Ok(taken) => {
                    counters.grad_norm = Some(taken.grad_norm);
                    counters.model_flops += TRAINING_PASSES * taken.flops as f64;
                }
                Err(NotFinite { what, value }) => {
                    setting.save_failure(&loaded, step)?;
                    checkpoint::save(setting.folder, &trainee, counters)?;
                    let saved = setting.folder.path().to_owned();
                    return Err(RunError::NotFinite {
                        what,
                        value,
                        step,
                        rate,
                        saved,
                    });
                }
            }
            counters.rate = Some(rate);
            counters.step += 1;
            observer.progress(&Progress {
                step: counters.step,
                steps: train.steps,
                device_seconds: clock.seconds(),
                budget_seconds: train.budget_seconds,
            });
        }
    })
}

fn record<T: Task, A: Arm<T>>(
    setting: &Setting<'_, T>,
    measuring: &Measuring<'_, T>,
    trainee: &Trainee<A>,
    counters: &mut Counters,
    last: bool,
) -> Result<Record, RunError> {
    let start = Instant::now();
    let model = setting.measured(trainee);
    let step = counters.step;
    let measured = measuring.prepared.measure(&model);
    let measured = measured.map_err(|error| error.at_step(step))?;
    let companions = if last {
        companions(setting, measuring, &model).map_err(|error| error.at_step(step))?
    } else {
        BTreeMap::new()
    };
    counters.measuring_seconds += start.elapsed().as_secs_f64();
    let batch = setting.job.train.batch.min(setting.train_items().len()) as u64;
    Ok(Record {
        step,
        samples: step * batch,
        device_seconds: counters.device_seconds,
        model_flops: (step == 0 || counters.model_flops > 0.0).then_some(counters.model_flops),
        wall_seconds: counters.wall_seconds,
        split: measured.split(measuring.floor),
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
    setting: &Setting<'_, T>,
    measuring: &Measuring<'_, T>,
    model: &A,
) -> Result<BTreeMap<String, CompanionRecord>, RunError> {
    let wanted = &setting.job.train.evaluation.companions;
    let measured = wanted.iter().map(|(name, &companion)| {
        let plan = measuring.plan.under(companion.design, companion.symmetry);
        let prepared = Prepared::new(setting.task, &plan, measuring.device)?;
        let floor = prepared.floor(measuring.reference)?;
        let measured = prepared.measure(model)?;
        let record = CompanionRecord {
            companion,
            split: measured.split(&floor),
            terms: measured.term_records(&floor),
            rotations: measured.rotations,
        };
        Ok((name.clone(), record))
    });
    measured.collect()
}
