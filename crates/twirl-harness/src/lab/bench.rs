//! The lab of one arm, with its types.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::Device;
use rand::RngExt;
use twirl_core::{Part, Precision, Purpose, Rotation, Stream, split};
use twirl_data::{DataSet, Split};
use twirl_layers::with_precision;
use twirl_record::{Evaluation, Job, Training};

use super::probe::{Jacobian, MoleculeSamples, Parts, Probe};
use super::stack::{Stack, only_squared, pairing, passes};
use super::view::Lab;
use crate::build::build;
use crate::cost::prediction_seconds;
use crate::device::{DeviceChoice, autodiff};
use crate::draw::Draw;
use crate::error::RunError;
use crate::gradients::Gradients;
use crate::linear::LinearSplit;
use crate::measure::{Measurement, Plan, host_values, measure, rotations_of};
use crate::observer::Silent;
use crate::parameters::{ParameterInfo, flatten, parameters, replace};
use crate::rotations::Rotations;
use crate::setting::Setting;
use crate::task::{Arm, Task};
use crate::term::{Role, Term};
use crate::trainer::{Halt, Trainer, Until};

/// Opens the lab of a job: the arm with its initial weights.
pub(crate) fn open<T: Task, A: Arm<T>>(
    job: &Job,
    training: Training,
    data: &DataSet,
    device: &DeviceChoice,
) -> Result<Box<dyn Lab>, RunError> {
    job.train.validate()?;
    let plain = device.device.clone();
    let device = autodiff(&plain, &job.train);
    let (task, model): (T, A) = build(job, data, &device)?;
    let parameters = parameters(&model);
    let setting = Arc::new(Setting::of::<A>(task, job, training, device)?);
    Ok(Box::new(Bench {
        trainer: Trainer::new(&setting, model, setting.course(job.train.learning_rate)),
        setting,
        parameters,
        plain,
    }))
}

struct Bench<T, A> {
    trainer: Trainer<T, A>,
    setting: Arc<Setting<T>>,
    parameters: Vec<ParameterInfo>,
    /// Without autodiff.
    plain: Device,
}

impl<T: Task, A: Arm<T>> Bench<T, A> {
    fn model(&self, weights: &[f64]) -> Result<A, RunError> {
        replace(
            self.trainer.trainee().model.clone(),
            weights,
            &self.setting.device,
        )
    }

    fn core(&self, cause: twirl_core::CoreError) -> RunError {
        RunError::Measure {
            step: self.trainer.done.step,
            cause,
        }
    }

    fn drawn(&self, probe: &Probe, items: &[usize]) -> Result<Vec<Vec<Rotation>>, RunError> {
        items
            .iter()
            .map(|&item| rotations_of(&probe.design, probe.symmetry, probe.seed, [item as u64, 0]))
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
        let host = self.setting.task.batch(&repeated, Draw::measuring(noise))?;
        let batch = self.setting.task.load(&host, device)?;
        let turned = self.setting.task.rotate(&batch, &rotations)?;
        let products = self.setting.train.products;
        let output = with_precision(products, || model.predict(&turned));
        let output = self.setting.task.untwist(output, &rotations);
        Ok(self.setting.task.terms(&output, &batch))
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

    /// Adds the rows of one item to those of every rotation; the number of outputs from which they
    /// were drawn.
    fn rows_of_item(
        &self,
        model: &A,
        item: usize,
        probe: &Probe,
        outputs: usize,
        rows: &mut [Vec<Vec<f64>>],
    ) -> Result<usize, RunError> {
        let (items, device) = ([item], &self.setting.device);
        let drawn = self.drawn(probe, &items)?;
        let at = |turn: usize| {
            let turns = turn..turn + 1;
            self.terms(model, (&items, &drawn), turns, probe.noise, device)
        };
        let mut places: Vec<(usize, usize, f64)> = Vec::new();
        for (index, term) in at(0)?.iter().enumerate() {
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
        let mut stream = Stream::new(probe.seed, Purpose::Evaluate, [item as u64, 1]);
        for place in 0..outputs.min(of) {
            let other = stream.random_range(place..of);
            places.swap(place, other);
        }
        places.truncate(outputs);
        for (turn, rows) in rows.iter_mut().enumerate() {
            for &(index, place, scale) in &places {
                // A graph serves one backward pass.
                let terms = at(turn)?;
                let size = terms[index].prediction.shape().num_elements();
                let mut unit = vec![0.0; size];
                unit[place] = scale;
                let mut cotangents = vec![None; terms.len()];
                cotangents[index] = Some(unit);
                let loss = pairing(&terms, &cotangents, device);
                rows.push(Gradients::of(&loss, model).flatten(model));
            }
        }
        Ok(of)
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
        let splits = self.trainer.trainee().model.linear_splits();
        for split in &splits {
            split.place(&self.parameters)?;
        }
        Ok(splits)
    }

    fn items(&self, split: Split) -> Vec<usize> {
        self.setting.task.items(split).to_vec()
    }

    fn step(&self) -> u64 {
        self.trainer.done.step
    }

    fn seconds(&self) -> f64 {
        self.trainer.done.clock.seconds()
    }

    fn prediction_seconds(&self, items: &[usize]) -> Result<f64, RunError> {
        let model = self.trainer.measured();
        with_precision(self.setting.train.products, || {
            prediction_seconds(&self.setting.task, &model, items, &self.plain)
        })
    }

    fn weights(&self) -> Vec<f64> {
        flatten(&self.trainer.trainee().model)
    }

    fn advance(&mut self, to: u64) -> Result<(), RunError> {
        let until = Until::step(to);
        match self.trainer.advance(until, &Silent)? {
            Halt::Step | Halt::Seconds | Halt::Wall | Halt::Asked => Ok(()),
            Halt::NotFinite(cause) => Err(RunError::Config(format!(
                "{} is {} at step {} (learning rate {:e}); lower the learning rate or clip gradients",
                cause.what,
                cause.value,
                self.step(),
                cause.rate
            ))),
        }
    }

    fn parts(&self, weights: &[f64], probe: &Probe) -> Result<Parts, RunError> {
        let molecules = self.samples(weights, probe)?;
        let mut sum = [0.0; 4];
        for term in molecules.iter().flat_map(|molecule| &molecule.terms) {
            if term.role != Role::Train {
                continue;
            }
            let samples = term.samples().map_err(|error| self.core(error))?;
            let parts = split(&probe.design, probe.symmetry, term.loss, &samples)
                .map_err(|error| self.core(error))?;
            let zero = samples.loss(term.loss, &term.target);
            for (sum, value) in sum
                .iter_mut()
                .zip([parts.loss, parts.mean, parts.equiv, zero])
            {
                *sum += value / molecules.len() as f64;
            }
        }
        let [loss, mean, equiv, zero] = sum;
        Ok(Parts {
            loss,
            mean,
            equiv,
            zero,
        })
    }

    fn measure(
        &self,
        weights: &[f64],
        evaluation: &Evaluation,
        seed: u64,
        products: Precision,
    ) -> Result<Measurement, RunError> {
        let model = self.model(weights)?.valid();
        let task = &self.setting.task;
        let plan = Plan::new(task, task.items(Split::Test), evaluation, seed).rounding(products);
        measure(task, &model, &plan, &self.plain)
    }

    fn gradient(&self, weights: &[f64], probe: &Probe, part: Part) -> Result<Vec<f64>, RunError> {
        let model = self.model(weights)?;
        let plain = model.valid();
        let mut gradient = vec![0.0; weights.len()];
        let mut add = |terms: &[Term], cotangents: &[Option<Vec<f64>>]| {
            let loss = pairing(terms, cotangents, &self.setting.device);
            let of_pass = Gradients::of(&loss, &model).flatten(&model);
            for (sum, value) in gradient.iter_mut().zip(of_pass) {
                *sum += value / probe.items.len() as f64;
            }
        };
        for items in self.groups(probe)? {
            let drawn = self.drawn(probe, items)?;
            let passes = passes(drawn[0].len(), items.len(), probe.batch);
            let at = |turns| {
                self.terms(
                    &model,
                    (items, &drawn),
                    turns,
                    probe.noise,
                    &self.setting.device,
                )
            };
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
                self.step()
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
                molecule: self.setting.task.data().molecule(item),
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
        let rotations = probe.design.rotations(probe.symmetry);
        let mut rows: Vec<Vec<Vec<f64>>> = vec![Vec::new(); rotations];
        let mut of = 0;
        for &item in &probe.items {
            of += self.rows_of_item(&model, item, probe, outputs, &mut rows)?;
        }
        Ok(Jacobian {
            rotations,
            outputs: rows[0].len(),
            of,
            rows: rows.into_iter().flatten().collect(),
        })
    }
}
