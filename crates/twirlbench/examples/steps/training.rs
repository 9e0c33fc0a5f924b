//! Training steps on prepared batches.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::module::{ModuleMapper, Param};
use burn::optim::ModuleOptimizer;
use burn::tensor::{Device, Tensor, TensorData};
use serde_json::{Value, json};
use twirl_core::{Law, Purpose, Stream};
use twirl_data::Split;
use twirl_harness::{
    Arm, Average, Draw, Gradients, Optimizer, Rotations, Task, build_optimizer, load_weights,
    parameter_count, save_weights, training_loss,
};
use twirl_layers::count_flops;
use twirl_record::TRAINING_PASSES;

use crate::tensors::{Named, floats, like_parameters, list, parameters, write};

/// Learning rate, gradient clip and decay of the average.
const RATE: f64 = 1e-3;
const CLIP: f64 = 10.0;
const AVERAGE: f64 = 0.99;

/// Steps that are compared.
const COMPARED: usize = 20;

/// What is timed or written.
pub(crate) struct Case {
    pub(crate) arm: String,
    pub(crate) batch: usize,
    pub(crate) batches: usize,
    pub(crate) augmented: bool,
    pub(crate) task_config: Value,
    pub(crate) arm_config: Value,
    /// Weights of a checkpoint; without, perturbed initial ones.
    pub(crate) weights: Option<PathBuf>,
}

/// A model in training.
pub(crate) struct Training<T: Task, A: Arm<T>> {
    pub(crate) task: T,
    model: A,
    optimizer: ModuleOptimizer,
    average: Average<A>,
    batches: Vec<T::Batch>,
    rotations: Vec<Option<Rotations>>,
    device: Device,
    settings: Value,
}

/// Adds to every weight, so that no layer is 0 and every gradient says something.
struct Perturb;

impl ModuleMapper for Perturb {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        use rand::RngExt;
        let mut stream = Stream::new(5, Purpose::Other(0), [param.id.val(), 0]);
        param.map(|tensor| {
            let (shape, device) = (tensor.dims(), tensor.device());
            let count: usize = shape.iter().product();
            let size = if D == 1 {
                0.1
            } else {
                let squares: f64 = (tensor.clone() * tensor.clone()).sum().into_scalar();
                0.3 * (squares / count as f64).sqrt() + 0.02
            };
            let noise: Vec<f64> = (0..count)
                .map(|_| size * stream.random_range(-1.0..1.0))
                .collect();
            tensor + Tensor::from_data(TensorData::new(noise, shape), &device)
        })
    }
}

/// Settings of an arm on top of those of the `size` they name.
fn settings<T: Task, A: Arm<T>>(given: &Value) -> Result<A::Config> {
    let mut settings = match given["size"].as_str() {
        None => json!({}),
        Some(size) => {
            let mut sizes = A::sizes().into_iter();
            let (_, found) = sizes.find(|(name, _)| *name == size).context("size")?;
            serde_json::to_value(found)?
        }
    };
    let given = given.as_object().context("settings of the arm")?;
    for (key, value) in given.iter().filter(|(key, _)| *key != "size") {
        settings[key] = value.clone();
    }
    Ok(serde_json::from_value(settings)?)
}

impl<T: Task, A: Arm<T>> Training<T, A> {
    /// Operations of a step, as runs count them: a mean over batches.
    pub(crate) fn flops(&self) -> f64 {
        let forward = |batch| count_flops(|| self.model.predict(batch)).1 as f64;
        TRAINING_PASSES * self.batches.iter().map(forward).sum::<f64>() / self.batches.len() as f64
    }

    /// A model of the weights of the case, and batches of the embedded data.
    pub(crate) fn new(case: &Case) -> Result<Self> {
        let device = Device::flex().autodiff();
        let config: T::Config = serde_json::from_value(case.task_config.clone())?;
        let task = T::open(&config, &T::embedded()?)?;
        let arm: A::Config = settings::<T, A>(&case.arm_config)?;
        let model = A::init(&arm, &task, 0, &device)?;
        let model = if let Some(path) = &case.weights {
            load_weights(model, path)?
        } else {
            // Through a file, so that weights are leaves of the graph again.
            let name = format!("twirlbench-steps-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            save_weights(&model.clone().map(&mut Perturb), &path)?;
            let model = load_weights(model, &path)?;
            std::fs::remove_file(&path).context("temporary file")?;
            model
        };
        let items = task.items(Split::Train);
        let mut batches = Vec::new();
        let mut rotations = Vec::new();
        for place in 0..case.batches {
            let chosen: Vec<usize> = (0..case.batch)
                .map(|slot| items[(place * case.batch + slot) * 7919 % items.len()])
                .collect();
            let step = place as u64;
            let host = task.batch(&chosen, Draw::training(0, step))?;
            batches.push(task.load(&host, &device)?);
            let turned = || Rotations::augmenting(Law::Haar, 0, step, &chosen, &device);
            rotations.push(case.augmented.then(turned));
        }
        let settings = json!({
            "arm": case.arm, "batch": case.batch, "batches": case.batches,
            "task": serde_json::to_value(&config)?, "config": serde_json::to_value(&arm)?,
            "rate": RATE, "clip": CLIP, "average": AVERAGE,
            "parameters": parameter_count(&model),
        });
        Ok(Self {
            optimizer: build_optimizer(&Optimizer::default(), &model, &model.parameter_roles()),
            average: Average::new(&model, AVERAGE),
            task,
            model,
            batches,
            rotations,
            device,
            settings,
        })
    }

    fn posed(&self, place: usize) -> Result<T::Batch> {
        let batch = &self.batches[place];
        Ok(match &self.rotations[place] {
            Some(rotations) => self.task.rotate(batch, rotations)?,
            None => batch.clone(),
        })
    }

    /// What a run's loop does in a step; gives the loss and the norm of its gradient.
    pub(crate) fn step(mut self, step: usize) -> Result<(Self, [f64; 2])> {
        let batch = self.posed(step % self.batches.len())?;
        let output = self.model.predict(&batch);
        let loss = training_loss(&self.task.terms(&output, &batch));
        let mut gradients = Gradients::of(&loss, &self.model);
        let squared = gradients
            .squared_norm(&self.model)
            .unwrap_or_else(|| Tensor::zeros([1], &self.device.clone().inner()));
        let values: Vec<f64> = Tensor::cat(vec![loss.inner(), squared], 0)
            .into_data()
            .iter::<f64>()
            .collect();
        let norm = values[1].sqrt();
        if norm > CLIP {
            gradients.scale(&self.model, CLIP / norm);
        }
        self.model = self
            .optimizer
            .step(RATE, self.model, gradients.into_inner());
        self.average = self.average.update(&self.model, step as u64);
        Ok((self, [values[0], norm]))
    }

    /// Writes weights, batches, and what comes of them: `weights`, `batches` and `answers` of
    /// `.safetensors`, and `settings.json`.
    pub(crate) fn write(
        mut self,
        folder: &Path,
        facts: &Value,
        batch: impl Fn(&T::Batch) -> Vec<Named>,
        output: impl Fn(&T::Output) -> Vec<Named>,
    ) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        save_weights(&self.model, &folder.join("weights.safetensors"))?;
        let mut tensors = Vec::new();
        for (place, (own, rotations)) in self.batches.iter().zip(&self.rotations).enumerate() {
            let mut named = batch(own);
            named.extend(
                rotations
                    .as_ref()
                    .map(|rotations| floats("rotations", rotations.matrices())),
            );
            let prefix = place.to_string();
            tensors.extend(named.into_iter().map(|one| one.within(&prefix)));
        }
        write(&folder.join("batches.safetensors"), &tensors)?;

        let posed = self.posed(0)?;
        let predicted = self.model.predict(&posed);
        let loss = training_loss(&self.task.terms(&predicted, &posed));
        let mut answers = output(&predicted);
        let gradients = Gradients::of(&loss, &self.model).flatten(&self.model);
        let gradients = like_parameters(&self.model, &gradients);
        answers.extend(gradients.into_iter().map(|one| one.within("gradient")));
        let mut losses = Vec::new();
        for step in 0..COMPARED {
            let (next, [loss, _]) = self.step(step)?;
            self = next;
            losses.push(loss);
        }
        answers.push(list("losses", losses));
        let average = parameters(&self.average.model).into_iter();
        answers.extend(average.map(|one| one.within("average")));
        write(&folder.join("answers.safetensors"), &answers)?;

        self.settings["facts"] = facts.clone();
        let settings = serde_json::to_vec_pretty(&self.settings)?;
        std::fs::write(folder.join("settings.json"), settings)?;
        Ok(())
    }
}
