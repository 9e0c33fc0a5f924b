//! The search for an arm's learning rate.

use std::sync::Arc;

use burn::tensor::Device;
use twirl_core::{CoreError, Coverage, Design};
use twirl_data::Split;
use twirl_record::{Candidate, Evaluation, Search, SearchReport};

use crate::error::RunError;
use crate::measure::{Plan, measure};
use crate::observer::{Observer, Unseen};
use crate::task::{Arm, Task};
use crate::trainer::{Halt, Setting, Trainer, Until};

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
    let until = Until::step(config.steps);
    for (index, &rate) in config.rates.iter().enumerate() {
        observer.searching(index, config.rates.len(), rate);
        let mut trainer = Trainer::new(setting, model.clone(), rate);
        let halt = trainer.advance(until, &Unseen(observer))?;
        device_seconds += trainer.done.clock.seconds();
        let loss = match halt {
            Halt::NotFinite(_) => None,
            Halt::Asked => return Err(RunError::Interrupted { step: 0 }),
            Halt::Step | Halt::Seconds | Halt::Wall => {
                match measure(task, &trainer.measured(), &plan, plain) {
                    Ok(measured) => Some(measured.total.loss),
                    // Predictions that are not finite have diverged, like a loss that is not.
                    Err(RunError::Measure {
                        cause: CoreError::NonFiniteSample { .. },
                        ..
                    }) => None,
                    Err(error) => return Err(error),
                }
            }
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
    match design.coverage() {
        Coverage::Finite(group) => Design::Subset {
            group,
            rotations: 2,
        },
        Coverage::Haar | Coverage::Degree(_) => Design::Iid { rotations: 2 },
    }
}
