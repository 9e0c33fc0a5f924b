//! The lab of one arm, with its types.

use std::ops::Range;

use burn::tensor::Device;
use rand::RngExt;
use twirl_core::{Part, Purpose, Rotation, Stream, split};
use twirl_data::{DataSet, Split};

use super::stack::{Stack, only_squared, pairing, passes};
use super::weights::{flatten, parameters, replace};
use super::{Jacobian, Lab, LinearSplit, MoleculeSamples, ParameterInfo, Parts, Probe};
use crate::batches::Order;
use crate::gradients::{Average, Gradients};
use crate::measure::{host_values, rotations_of};
use crate::run::parse;
use crate::train::{NotFinite, Setting, Trainee};
use crate::{
    Arm, Clock, DeviceChoice, Draw, Folder, Job, Role, Rotations, RunError, Task, Term, Training,
};

/// Opens the lab of a job: the arm with its initial weights.
pub(crate) fn open<T: Task, A: Arm<T>>(
    job: &Job,
    training: Training,
    data: &DataSet,
    device: &DeviceChoice,
) -> Result<Box<dyn Lab>, RunError> {
    job.train.validate()?;
    let task = T::open(&parse(&job.task, &job.task_config)?, data)?;
    let plain = device.device.clone();
    let device = plain.clone().autodiff();
    let config: A::Config = parse(&job.arm, &job.arm_config)?;
    let model = A::init(&config, &task, job.seed, &device)?;
    Ok(Box::new(Bench {
        parameters: parameters(&model),
        trainee: Some(Trainee {
            average: Average::new(&model, job.train.ema),
            optimizer: crate::build_optimizer(&job.train.optimizer, &model),
            model,
        }),
        task,
        job: job.clone(),
        training,
        plain,
        device,
        clock: Clock::default(),
        step: 0,
    }))
}

struct Bench<T, A> {
    task: T,
    job: Job,
    training: Training,
    plain: Device,
    device: Device,
    parameters: Vec<ParameterInfo>,
    /// Absent only while a step is taken, and after one that failed.
    trainee: Option<Trainee<A>>,
    clock: Clock,
    step: u64,
}

impl<T: Task, A: Arm<T>> Bench<T, A> {
    fn trainee(&self) -> Result<&Trainee<A>, RunError> {
        self.trainee
            .as_ref()
            .ok_or_else(|| RunError::Config("training failed before; open the lab anew".into()))
    }

    fn model(&self, weights: &[f64]) -> Result<A, RunError> {
        replace(self.trainee()?.model.clone(), weights, &self.device)
    }

    fn core(&self, source: twirl_core::CoreError) -> RunError {
        RunError::Measure {
            step: self.step,
            source,
        }
    }

    fn drawn(&self, probe: &Probe, items: &[usize]) -> Result<Vec<Vec<Rotation>>, RunError> {
        items
            .iter()
            .map(|&item| rotations_of(&probe.design, probe.symmetry, probe.seed, item))
            .collect::<Result<_, _>>()
            .map_err(|error| self.core(error))
    }

    /// Terms of all items at some rotations: `[rotations * items, blocks, dim]`, one large batch.
    fn terms(
        &self,
        model: &A,
        (items, drawn): (&[usize], &[Vec<Rotation>]),
        turns: Range<usize>,
        noise: u64,
        device: &Device,
    ) -> Result<Vec<Term>, RunError> {
        let repeated = items.repeat(turns.len());
        let turned = turns.flat_map(|turn| drawn.iter().map(move |of_item| of_item[turn]));
        let rotations = Rotations::new(turned.collect(), device);
        let host = self.task.batch(&repeated, Draw::measuring(noise))?;
        let batch = self.task.load(&host, device);
        let output = model.predict(&self.task.rotate(&batch, &rotations));
        let output = self.task.untwist(output, &rotations);
        Ok(self.task.terms(&output, &batch))
    }

    /// All rotations of some items, without gradients, in passes of at most `probe.batch`.
    fn stacks(&self, model: &A, items: &[usize], probe: &Probe) -> Result<Vec<Stack>, RunError> {
        let drawn = self.drawn(probe, items)?;
        let mut stacks: Vec<Stack> = Vec::new();
        for turns in passes(drawn[0].len(), items.len(), probe.batch) {
            let terms = self.terms(model, (items, &drawn), turns, probe.noise, &self.plain)?;
            for (index, term) in terms.iter().enumerate() {
                let stack = Stack::of(term, items.len());
                match stacks.get_mut(index) {
                    Some(begun) => begun.residuals.extend(stack.residuals),
                    None => stacks.push(stack),
                }
            }
        }
        Ok(stacks)
    }

    /// Items in groups that one batch holds at all rotations, or of one item each.
    fn groups<'a>(&self, probe: &'a Probe) -> Result<std::slice::Chunks<'a, usize>, RunError> {
        self.check(probe)?;
        let rotations = probe.design.rotations(probe.symmetry);
        Ok(probe.items.chunks((probe.batch / rotations).max(1)))
    }

    fn check(&self, probe: &Probe) -> Result<(), RunError> {
        probe
            .design
            .validate(probe.symmetry)
            .map_err(|error| self.core(error))?;
        if probe.items.is_empty() || probe.batch == 0 {
            return Err(RunError::Config(
                "a probe without items or with a batch of 0; give at least one of each".into(),
            ));
        }
        Ok(())
    }
}

impl<T: Task, A: Arm<T>> Lab for Bench<T, A> {
    fn parameters(&self) -> &[ParameterInfo] {
        &self.parameters
    }

    fn linear_splits(&self) -> Result<Vec<LinearSplit>, RunError> {
        let splits = self.trainee()?.model.linear_splits();
        for split in &splits {
            split.place(&self.parameters)?;
        }
        Ok(splits)
    }

    fn items(&self, split: Split) -> Vec<usize> {
        self.task.items(split).to_vec()
    }

    fn step(&self) -> u64 {
        self.step
    }

    fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    fn weights(&self) -> Vec<f64> {
        self.trainee
            .as_ref()
            .map_or_else(Vec::new, |trainee| flatten(&trainee.model))
    }

    fn advance(&mut self, to: u64) -> Result<(), RunError> {
        let train = &self.job.train;
        let folder = Folder::at(".");
        let setting = Setting {
            task: &self.task,
            job: &self.job,
            training: self.training,
            device: &self.device,
            folder: &folder,
        };
        let mut order = Order::new(setting.train_items(), train.batch, self.job.seed);
        while self.step < to {
            let step = self.step;
            let Some(trainee) = self.trainee.take() else {
                return self.trainee().map(|_| ());
            };
            let items = order.step(step);
            let host = self
                .task
                .batch(&items, Draw::training(self.job.seed, step))?;
            let batch = self.task.load(&host, &self.device);
            let rate = train.schedule.rate(train.learning_rate, step, train.steps);
            let (next, taken) = self.clock.time(&self.device, || {
                Ok(setting.step(trainee, &items, batch, step, rate))
            })?;
            if let Err(NotFinite { what, value }) = taken {
                return Err(RunError::Config(format!(
                    "{what} is {value} at step {step} (learning rate {rate:e}); lower the \
                     learning rate or clip gradients"
                )));
            }
            self.trainee = Some(next);
            self.step += 1;
        }
        Ok(())
    }

    fn parts(&self, weights: &[f64], probe: &Probe) -> Result<Parts, RunError> {
        let molecules = self.samples(weights, probe)?;
        let mut sum = [0.0; 3];
        for term in molecules.iter().flat_map(|molecule| &molecule.terms) {
            if term.role != Role::Train {
                continue;
            }
            let parts = term
                .samples()
                .and_then(|samples| split(&probe.design, probe.symmetry, term.loss, &samples))
                .map_err(|error| self.core(error))?;
            for (sum, value) in sum.iter_mut().zip([parts.loss, parts.mean, parts.equiv]) {
                *sum += value / molecules.len() as f64;
            }
        }
        let [loss, mean, equiv] = sum;
        Ok(Parts { loss, mean, equiv })
    }

    fn gradient(&self, weights: &[f64], probe: &Probe, part: Part) -> Result<Vec<f64>, RunError> {
        let model = self.model(weights)?;
        let plain = model.valid();
        let mut gradient = vec![0.0; weights.len()];
        let mut add = |terms: &[Term], cotangents: &[Option<Vec<f64>>]| {
            let loss = pairing(terms, cotangents, &self.device);
            let of_pass = Gradients::of(&loss, &model).flatten(&model);
            for (sum, value) in gradient.iter_mut().zip(of_pass) {
                *sum += value / probe.items.len() as f64;
            }
        };
        for items in self.groups(probe)? {
            let drawn = self.drawn(probe, items)?;
            let passes = passes(drawn[0].len(), items.len(), probe.batch);
            let at = |turns| self.terms(&model, (items, &drawn), turns, probe.noise, &self.device);
            let slopes = |stacks: &[Stack]| -> Result<Vec<Option<Vec<f64>>>, RunError> {
                let slope = |stack: &Stack| match stack.role {
                    Role::Train => only_squared(stack.name, stack.loss).and_then(|()| {
                        let slope = stack.cotangent(probe, part);
                        slope.map(Some).map_err(|error| self.core(error))
                    }),
                    Role::Report => Ok(None),
                };
                stacks.iter().map(slope).collect()
            };
            if let [all] = &passes[..] {
                let terms = at(all.clone())?;
                let stacks: Vec<Stack> = terms
                    .iter()
                    .map(|term| Stack::of(term, items.len()))
                    .collect();
                add(&terms, &slopes(&stacks)?);
                continue;
            }
            // The mean over rotations is needed before the first pass with gradients.
            let cotangents = slopes(&self.stacks(&plain, items, probe)?)?;
            for turns in passes {
                let terms = at(turns.clone())?;
                let share = |slope: &Option<Vec<f64>>| {
                    let slope = slope.as_ref()?;
                    let width = slope.len() / drawn[0].len();
                    Some(slope[turns.start * width..turns.end * width].to_vec())
                };
                add(&terms, &cotangents.iter().map(share).collect::<Vec<_>>());
            }
        }
        if gradient.iter().all(|value| value.is_finite()) {
            Ok(gradient)
        } else {
            Err(RunError::Config(format!(
                "the gradient of {} is not finite at step {}; lower the learning rate",
                part.name(),
                self.step
            )))
        }
    }

    fn samples(&self, weights: &[f64], probe: &Probe) -> Result<Vec<MoleculeSamples>, RunError> {
        let model = self.model(weights)?.valid();
        let mut molecules = Vec::with_capacity(probe.items.len());
        for items in self.groups(probe)? {
            let stacks = self.stacks(&model, items, probe)?;
            let molecule = |(index, &item): (usize, &usize)| MoleculeSamples {
                item,
                molecule: self.task.data().molecule(item),
                terms: stacks.iter().map(|stack| stack.item(index)).collect(),
            };
            molecules.extend(items.iter().enumerate().map(molecule));
        }
        Ok(molecules)
    }

    fn jacobian(
        &self,
        weights: &[f64],
        probe: &Probe,
        outputs: usize,
    ) -> Result<Jacobian, RunError> {
        let model = self.model(weights)?;
        self.check(probe)?;
        let items = &probe.items[..1];
        let drawn = self.drawn(probe, items)?;
        let mut places: Vec<(usize, usize, f64)> = Vec::new();
        let first = self.terms(&model, (items, &drawn), 0..1, probe.noise, &self.device)?;
        for (index, term) in first.iter().enumerate() {
            if term.role == Role::Train {
                only_squared(term.name, term.loss)?;
                let dim = term.prediction.dims()[2];
                for (block, weight) in host_values(term.weight.clone()).into_iter().enumerate() {
                    let inner = (0..dim).map(|inner| (index, block * dim + inner, weight.sqrt()));
                    places.extend(inner.filter(|_| weight > 0.0));
                }
            }
        }
        let of = places.len();
        let mut stream = Stream::new(probe.seed, Purpose::Evaluate, [items[0] as u64, 1]);
        for place in 0..outputs.min(of) {
            let other = stream.random_range(place..of);
            places.swap(place, other);
        }
        places.truncate(outputs);
        let mut rows = Vec::with_capacity(drawn[0].len() * places.len());
        for turn in 0..drawn[0].len() {
            for &(index, place, scale) in &places {
                // A graph serves one backward pass.
                let turns = turn..turn + 1;
                let terms =
                    self.terms(&model, (items, &drawn), turns, probe.noise, &self.device)?;
                let size = terms[index].prediction.shape().num_elements();
                let mut unit = vec![0.0; size];
                unit[place] = scale;
                let mut cotangents = vec![None; terms.len()];
                cotangents[index] = Some(unit);
                let loss = pairing(&terms, &cotangents, &self.device);
                rows.push(Gradients::of(&loss, &model).flatten(&model));
            }
        }
        Ok(Jacobian {
            rotations: drawn[0].len(),
            outputs: places.len(),
            of,
            rows,
        })
    }
}
