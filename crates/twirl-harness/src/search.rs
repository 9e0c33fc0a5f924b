//! The search for an arm's learning rate.

use std::collections::VecDeque;
use std::sync::Arc;

use burn::tensor::Device;
use twirl_core::{CoreError, Coverage, Design};
use twirl_data::Split;
use twirl_record::{Candidate, Evaluation, Search, SearchReport, TrainConfig};

use crate::error::RunError;
use crate::measure::{Plan, measure};
use crate::observer::{Observer, Unseen};
use crate::setting::{Course, Setting};
use crate::task::{Arm, Task};
use crate::trainer::{Halt, Trainer, Until};

/// Trains every candidate from the same initial weights on the course of the run over fewer steps, and
/// compares them on validation items. While the best lies at an end of the grid, the grid goes on there.
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
    let plan = plan.rounding(setting.train.products);
    let schedule = config.schedule(&setting.train.schedule);
    let mut report = SearchReport {
        schedule: Some(schedule.clone()),
        steps: config.steps,
        ..SearchReport::default()
    };
    let mut rates: VecDeque<f64> = config.rates.iter().copied().collect();
    let mut further = config.further;
    let mut trained = 0;
    loop {
        while let Some(rate) = rates.pop_front() {
            let done = report.candidates.len();
            observer.searching(done, done + 1 + rates.len(), rate);
            let course = Course {
                peak: rate,
                schedule: schedule.clone(),
                steps: config.steps,
            };
            let mut trainer = Trainer::new(setting, model.clone(), course);
            let halt = trainer.advance(Until::step(config.steps), &Unseen(observer))?;
            report.device_seconds += trainer.done.clock.seconds();
            trained += trainer.done.step;
            let loss = match halt {
                Halt::NotFinite(_) => None,
                Halt::Asked => return Err(RunError::Interrupted { step: 0 }),
                Halt::Step | Halt::Seconds | Halt::Wall => {
                    match measure(task, &trainer.measured(), &plan, plain) {
                        Ok(measured) => {
                            report.loss_zero = Some(measured.zero);
                            Some(measured.total.loss)
                        }
                        // Predictions that are not finite have diverged, like a loss that is not.
                        Err(RunError::Measure {
                            cause: CoreError::NonFiniteSample { .. },
                            ..
                        }) => None,
                        Err(error) => return Err(error),
                    }
                }
            };
            report.candidates.push(Candidate { rate, loss });
        }
        match report.beyond_the_edge() {
            Some(rate) if further > 0 => rates.push_back(rate),
            _ => break,
        }
        further -= 1;
    }
    if report.best().is_none() {
        return Err(RunError::Config(format!(
            "train.search: every learning rate of {:?} diverged; add smaller ones",
            config.rates
        )));
    }
    report.horizon = Some(horizon(
        &setting.train,
        report.device_seconds / trained as f64,
    ));
    Ok(report)
}

/// Steps of a run at so many device seconds each. Those of a budget of seconds hang on the speed of the
/// moment; as powers of two they give the same rate in most runs on one machine.
fn horizon(train: &TrainConfig, seconds: f64) -> u64 {
    train.budget_seconds.map_or(train.steps, |budget| {
        let steps = 2f64.powi((budget / seconds).log2().round() as i32);
        train.steps.min(steps as u64)
    })
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
