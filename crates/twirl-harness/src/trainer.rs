//! The one training loop: a run, the learning-rate search, a study and the warm-up take their steps
//! here.

use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use twirl_layers::own::on_host;
use twirl_layers::{count_flops, with_precision};
use twirl_record::{TRAINING_PASSES, Weights};

use crate::batches::{Order, load_ahead, stopped};
use crate::clock::Clock;
use crate::error::RunError;
use crate::gradients::Gradients;
use crate::look::{Look, Looked, StepOutcome};
use crate::measure::host_values;
use crate::observer::{Observer, Progress};
use crate::rotations::Rotations;
use crate::setting::{Course, Setting, Trainee};
use crate::task::{Arm, Task};
use crate::term::training_loss;

/// What a trainer has done so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Done {
    /// Steps taken.
    pub(crate) step: u64,
    /// Device seconds spent on them.
    pub(crate) clock: Clock,
    /// Operations of the model in them.
    pub(crate) model_flops: f64,
    /// Gradient norm of the last, before clipping.
    pub(crate) grad_norm: Option<f64>,
    /// Learning rate of the last.
    pub(crate) rate: Option<f64>,
    /// Losses of the batches since the last measurement.
    pub(crate) losses: BatchLosses,
}

/// The sum of losses that a run trained on, and their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BatchLosses {
    sum: f64,
    count: u64,
}

impl BatchLosses {
    fn add(&mut self, loss: f64) {
        self.sum += loss;
        self.count += 1;
    }

    /// Nothing before the first.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// How far to train.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    /// Steps taken in all.
    pub(crate) step: u64,
    /// Device seconds in all, after which no further step is begun.
    pub(crate) seconds: Option<f64>,
    /// Wall time after which only the step that is under way is taken, but always one.
    pub(crate) wall: Option<Instant>,
}

impl Until {
    /// A number of steps, however long they take.
    pub(crate) fn step(step: u64) -> Self {
        Self {
            step,
            seconds: None,
            wall: None,
        }
    }
}

/// Why [`Trainer::advance`] came back.
pub(crate) enum Halt {
    /// The step was reached.
    Step,
    /// The device seconds were spent.
    Seconds,
    /// The wall time is over.
    Wall,
    /// The observer asked for it.
    Asked,
    /// A loss or gradient is not finite: the step was not taken.
    NotFinite(NotFinite),
}

/// A loss or gradient that is not finite.
pub(crate) struct NotFinite {
    /// `loss` or `gradient norm`.
    pub(crate) what: &'static str,
    pub(crate) value: f64,
    /// Learning rate of the step.
    pub(crate) rate: f64,
    /// Items of its batch.
    pub(crate) items: Vec<usize>,
}

/// A batch on the device, with the items it is made of and the learning rate of its step.
struct Ready<B> {
    items: Vec<usize>,
    batch: B,
    rate: f64,
}

/// Most steps of a window.
const WINDOW: u64 = 16;
/// Seconds that a window is to last.
const WINDOW_SECONDS: f64 = 0.25;

/// Trains an arm, a few steps at a time.
///
/// Batches, rotations and learning rates are functions of `(seed, step)`, so it makes no difference
/// in how many pieces the steps are taken.
pub(crate) struct Trainer<T, A> {
    pub(crate) setting: Arc<Setting<T>>,
    pub(crate) done: Done,
    course: Course,
    /// Absent only inside [`Trainer::step`].
    trainee: Option<Trainee<A>>,
    /// Device seconds of a step of the last window.
    pace: Option<f64>,
}

impl<T: Task, A: Arm<T>> Trainer<T, A> {
    /// Begins with a model as it was initialised.
    pub(crate) fn new(setting: &Arc<Setting<T>>, model: A, course: Course) -> Self {
        let trainee = setting.untrained(model);
        Self::resumed(setting, trainee, course, Done::default())
    }

    /// Goes on from what was done before.
    pub(crate) fn resumed(
        setting: &Arc<Setting<T>>,
        trainee: Trainee<A>,
        course: Course,
        done: Done,
    ) -> Self {
        Self {
            setting: Arc::clone(setting),
            done,
            course,
            trainee: Some(trainee),
            pace: None,
        }
    }

    pub(crate) fn trainee(&self) -> &Trainee<A> {
        self.trainee.as_ref().expect("absent only inside a step")
    }

    /// The weights that are measured, without autodiff.
    pub(crate) fn measured(&self) -> A {
        match self.setting.train.measured_weights() {
            Weights::Ema => self.trainee().average.model.clone(),
            Weights::Raw => self.trainee().model.valid(),
        }
    }

    /// Takes steps until one of the limits, while a thread makes the batches of the next.
    ///
    /// On the CPU every step is looked at before its update. Another device is given a window of
    /// steps, up to [`WINDOW`] or [`WINDOW_SECONDS`], whose batches are on it before the clock
    /// starts, and is asked once, after the last, for their losses and gradient norms: nothing waits
    /// for the host in between. If one is not finite, the window is taken again from its begin, step
    /// by step, so that the state before that step is the one that stays.
    ///
    /// # Errors
    /// If a batch cannot be made or the device fails; the steps before stand.
    pub(crate) fn advance(
        &mut self,
        until: Until,
        observer: &dyn Observer,
    ) -> Result<Halt, RunError> {
        let setting = Arc::clone(&self.setting);
        let Setting { task, train, .. } = &*setting;
        let order = Order::new(&setting.items, train.batch, setting.seed);
        std::thread::scope(|scope| {
            let steps = self.done.step..until.step;
            let batches = load_ahead(scope, task, order, steps, setting.seed);
            while self.done.step < until.step {
                observer.turn(Some(self.done.clock.seconds()));
                if observer.stop_requested() {
                    return Ok(Halt::Asked);
                }
                let spent = self.done.clock.seconds();
                if until.seconds.is_some_and(|most| spent >= most) {
                    return Ok(Halt::Seconds);
                }
                let window = self.window(&until);
                let mut ready = Vec::with_capacity(window as usize);
                for step in self.done.step..self.done.step + window {
                    let loaded = batches.recv().map_err(|_| stopped())??;
                    ready.push(Ready {
                        items: loaded.items,
                        batch: task.load(&loaded.host, &setting.device)?,
                        rate: self.course.rate(step),
                    });
                }
                if let Some(fault) = self.take(&ready)? {
                    return Ok(Halt::NotFinite(fault));
                }
                observer.progress(&Progress {
                    step: self.done.step,
                    steps: train.steps,
                    device_seconds: self.done.clock.seconds(),
                    budget_seconds: train.budget_seconds,
                });
                if until.wall.is_some_and(|wall| Instant::now() >= wall) {
                    return Ok(Halt::Wall);
                }
            }
            Ok(Halt::Step)
        })
    }

    /// Steps of the next window.
    fn window(&self, until: &Until) -> u64 {
        let Some(pace) = self.pace.filter(|_| !on_host(&self.setting.device)) else {
            return 1;
        };
        let left = until.seconds.map_or(f64::INFINITY, |most| {
            (most - self.done.clock.seconds()) / pace
        });
        let steps = (WINDOW_SECONDS / pace).min(left.ceil()) as u64;
        steps.clamp(1, WINDOW).min(until.step - self.done.step)
    }

    /// Takes the steps of a window. At a fault the steps before it stand.
    fn take(&mut self, ready: &[Ready<T::Batch>]) -> Result<Option<NotFinite>, RunError> {
        if let [only] = ready {
            return self.careful(only);
        }
        let (done, before) = (self.done, self.trainee().clone());
        let mut clock = done.clock;
        let outcomes = clock.time(&Arc::clone(&self.setting).device, || {
            let steps = (done.step..).zip(ready);
            let taken = steps.map(|(step, ready)| self.step(step, ready, Look::After));
            taken.collect::<Result<Vec<_>, _>>()
        })?;
        let looks = outcomes.iter().map(|outcome| outcome.look.clone());
        let values = host_values(Tensor::cat(looks.collect(), 0));
        let looks: Vec<Looked> = values.chunks_exact(2).map(Looked::at).collect();
        if looks.iter().any(|look| look.fault().is_some()) {
            self.trainee = Some(before);
            for ready in ready {
                if let Some(fault) = self.careful(ready)? {
                    return Ok(Some(fault));
                }
            }
            return Ok(None);
        }
        self.pace = Some((clock.seconds() - done.clock.seconds()) / ready.len() as f64);
        self.done.clock = clock;
        for ((look, outcome), ready) in looks.iter().zip(&outcomes).zip(ready) {
            self.count(look, outcome.flops, ready.rate);
        }
        Ok(None)
    }

    /// Takes one step, and looks at it before the update.
    fn careful(&mut self, ready: &Ready<T::Batch>) -> Result<Option<NotFinite>, RunError> {
        let step = self.done.step;
        let mut clock = self.done.clock;
        let before = clock.seconds();
        let outcome = clock.time(&Arc::clone(&self.setting).device, || {
            self.step(step, ready, Look::Before)
        })?;
        let looked = outcome.looked.expect("looked at before the update");
        self.pace = Some(clock.seconds() - before);
        self.done.clock = clock;
        if let Some((what, value)) = looked.fault() {
            return Ok(Some(NotFinite {
                what,
                value,
                rate: ready.rate,
                items: ready.items.clone(),
            }));
        }
        self.count(&looked, outcome.flops, ready.rate);
        Ok(None)
    }

    /// Notes a step that was taken.
    fn count(&mut self, look: &Looked, flops: u64, rate: f64) {
        self.done.losses.add(look.loss);
        self.done.grad_norm = Some(look.grad_norm);
        self.done.model_flops += TRAINING_PASSES * flops as f64;
        self.done.rate = Some(rate);
        self.done.step += 1;
    }

    /// Forward, backward, clip, update, average: everything that is on the clock. [`Look::Before`]
    /// updates nothing if loss or gradient is not finite.
    fn step(
        &mut self,
        step: u64,
        ready: &Ready<T::Batch>,
        look: Look,
    ) -> Result<StepOutcome, RunError> {
        let Setting {
            task,
            train,
            seed,
            augmented,
            device,
            ..
        } = &*self.setting;
        let turned;
        let mut batch = &ready.batch;
        if *augmented {
            let law = train.augmentation;
            let rotations = Rotations::augmenting(law, *seed, step, &ready.items, device);
            turned = task.rotate(batch, &rotations)?;
            batch = &turned;
        }
        let model = &self.trainee().model;
        let predict = || with_precision(train.products, || model.predict(batch));
        let (output, flops) = count_flops(predict);
        let loss = training_loss(&task.terms(&output, batch));
        let mut gradients = Gradients::of(&loss, model);
        let squared = gradients
            .squared_norm(model)
            .unwrap_or_else(|| Tensor::zeros([1], &device.clone().inner()));
        let mut outcome = StepOutcome {
            look: Tensor::cat(vec![loss.inner(), squared.clone()], 0),
            looked: None,
            flops,
        };
        if look == Look::Before {
            let looked = Looked::at(&host_values(outcome.look.clone()));
            outcome.looked = Some(looked);
            if looked.fault().is_some() {
                return Ok(outcome);
            }
        }
        if train.clip > 0.0 {
            gradients.clip(model, squared, train.clip);
        }
        let averaged = train.ema > 0.0;
        let Trainee {
            model,
            average,
            mut optimizer,
        } = self.trainee.take().expect("put back by every step");
        let model = optimizer.step(ready.rate, model, gradients.into_inner());
        let average = if averaged {
            average.update(&model, step)
        } else {
            average
        };
        self.trainee = Some(Trainee {
            model,
            average,
            optimizer,
        });
        Ok(outcome)
    }
}
