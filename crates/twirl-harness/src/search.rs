//! The search for an arm's learning rate.

use std::sync::Arc;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use twirl_core::{CoreError, Design};
use twirl_data::Split;

use crate::config::{Evaluation, Search};
use crate::error::RunError;
use crate::measure::{Plan, measure};
use crate::observer::{Observer, Silent};
use crate::task::{Arm, Task};
use crate::trainer::{Halt, Setting, Trainer, Until};

/// One candidate of a search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Learning rate.
    pub rate: f64,
    /// Validation loss after the search's steps; absent if training diverged.
    pub loss: Option<f64>,
}

/// A search as it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchReport {
    /// All candidates.
    pub candidates: Vec<Candidate>,
    /// Steps of each.
    pub steps: u64,
    /// Device seconds of all together, not counted in the run's own.
    pub device_seconds: f64,
}

impl SearchReport {
    /// The learning rate with the lowest validation loss.
    pub fn best(&self) -> Option<f64> {
        self.candidates
            .iter()
            .filter_map(|candidate| Some((candidate.rate, candidate.loss?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(rate, _)| rate)
    }

    /// Whether the best is the smallest or largest candidate, so that a wider search could help.
    pub fn at_edge(&self) -> bool {
        let rates = || self.candidates.iter().map(|candidate| candidate.rate);
        self.best().is_some_and(|best| {
            rates().all(|rate| rate >= best) || rates().all(|rate| rate <= best)
        })
    }
}

/// Trains every candidate from the same initial weights and compares them on validation items.
pub(crate) fn search<T: Task, A: Arm<T>>(
    setting: &Arc<Setting<T>>,
    config: &Search,
    measure_seed: u64,
    model: &A,
    plain: &Device,
    observer: &dyn Observer,
) -> Result<SearchReport, RunError> {
    let task = &setting.task;
    let measured = &setting.train.evaluation;
    let evaluation = Evaluation {
        items: config.items,
        design: thinned(measured.design),
        ..measured.clone()
    };
    let validation = task.items(Split::Validation);
    let plan = Plan::new(task, validation, &evaluation, measure_seed);
    let mut device_seconds = 0.0;
    let mut candidates = Vec::new();
    let until = Until {
        step: config.steps,
        seconds: None,
    };
    for (index, &rate) in config.rates.iter().enumerate() {
        observer.searching(index, config.rates.len(), rate);
        let mut trainer = Trainer::new(setting, model.clone(), rate);
        let halt = trainer.advance(until, &Silent)?;
        device_seconds += trainer.done.clock.seconds();
        let loss = match halt {
            Halt::NotFinite(_) => None,
            Halt::Step | Halt::Seconds => match measure(task, &trainer.measured(), &plan, plain) {
                Ok(measured) => Some(measured.total.loss),
                // Predictions that are not finite have diverged, like a loss that is not.
                Err(RunError::Measure {
                    source: CoreError::NonFiniteSample { .. },
                    ..
                }) => None,
                Err(error) => return Err(error),
            },
        };
        candidates.push(Candidate { rate, loss });
    }
    let report = SearchReport {
        candidates,
        steps: config.steps,
        device_seconds,
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
