//! Whether an arm has learned: only then does a percentage say something of its symmetry.

use std::fs;

use serde::{Deserialize, Serialize};
pub(crate) use twirl_compare::Yardstick;
use twirl_compare::{ArmRuns, comparable};
use twirl_harness::Parts;

use crate::context::StudyContext;
use crate::error::StudyError;
use crate::lab::OverSeeds;
use crate::runs::read_arm;
use crate::setup::ArmSetup;

/// The rule, as it stands in the rules of the studies.
macro_rules! learned_rule {
    () => {
        "A point counts only where the arm has learned: its loss has closed at least half of the gap \
         between predicting zero and the Bayes error or, where that is unknown, the least loss of any \
         comparable run or model of the studies, which itself must be at most 0.9 of that of zero. "
    };
}
pub(crate) use learned_rule;

impl StudyContext<'_> {
    /// The Bayes error of a task, where it is known to be 0. A bound below it is no yardstick: a model can
    /// have learned all that there is and still be far above what one could do that is told more.
    pub(crate) fn bayes_error(&self, task: &str) -> Option<Yardstick> {
        let mut of_task = self.entries.iter().filter(|entry| entry.task == task);
        let noiseless = of_task.any(|entry| entry.noiseless);
        noiseless.then(|| Yardstick {
            best: 0.0,
            whose: "the Bayes error".into(),
        })
    }

    /// The Bayes error of a task where it is known, or the least loss of the arm itself and of all
    /// comparable runs below the folder of the studies. Folders that cannot be read, which another
    /// machine may be writing, are no yardstick.
    pub(crate) fn yardstick(&self, arm: &ArmRuns) -> Result<Yardstick, StudyError> {
        if let Some(known) = self.bayes_error(&arm.task) {
            return Ok(known);
        }
        let others = self.runs()?;
        let all = others.iter().filter_map(|other| least(other, arm));
        let best = least(arm, arm).into_iter().chain(all);
        let best = best.min_by(|a, b| a.best.total_cmp(&b.best));
        Ok(best.unwrap_or(Yardstick {
            best: f64::INFINITY,
            whose: "no run".into(),
        }))
    }

    /// All runs below the folder of the studies that can be read.
    fn runs(&self) -> Result<Vec<ArmRuns>, StudyError> {
        let folder = self.out.join("runs");
        let folders = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            folders => Some(folders.map_err(StudyError::file(&folder))?),
        };
        let mut runs = Vec::new();
        for entry in folders.into_iter().flatten() {
            let path = entry.map_err(StudyError::file(&folder))?.path();
            runs.extend(read_arm(&path).ok());
        }
        Ok(runs)
    }

    /// For every arm that a study trained itself, what its losses are held against: the Bayes error
    /// where it is known, or else the least share of the loss of zero that one of these arms or a run of
    /// the studies reached on the same data under the same settings of the task. Shares, because
    /// models and runs are looked at on different molecules.
    pub(crate) fn lab_yardsticks<T>(
        &self,
        arms: &OverSeeds<T>,
        losses: impl Fn(&T) -> Vec<LabLoss>,
    ) -> Result<Vec<LabYardstick>, StudyError> {
        let runs = self.runs()?;
        let of = |setup: &ArmSetup| {
            if let Some(known) = self.bayes_error(&setup.job.task) {
                return LabYardstick::Bayes(known.best);
            }
            let (task, data) = (&setup.job.task, self.data(&setup.job).sha256());
            let models = arms.iter().filter(|(other, _)| {
                other.job.task == *task && other.job.task_config == setup.job.task_config
            });
            let models = models.flat_map(|(other, seeds)| {
                let points = seeds.iter().flat_map(|(_, value)| losses(value));
                points.map(|at| (at.loss / at.zero, other.job.arm.clone()))
            });
            let runs = runs.iter().flat_map(ArmRuns::counted).filter(|run| {
                let job = &run.manifest.job;
                job.task == *task
                    && job.task_config == setup.job.task_config
                    && run.manifest.data.sha256 == data
            });
            let runs = runs.flat_map(|run| {
                let shares = run.records.iter();
                let shares =
                    shares.filter_map(|record| Some(record.split.loss / record.loss_zero?));
                shares.map(|share| (share, run.manifest.job.arm.clone()))
            });
            let all = models.chain(runs).filter(|(share, _)| share.is_finite());
            let best = all.min_by(|(a, _), (b, _)| a.total_cmp(b));
            let (share, whose) = best.unwrap_or((f64::INFINITY, "no model".into()));
            LabYardstick::Share { share, whose }
        };
        Ok(arms.iter().map(|(setup, _)| of(setup)).collect())
    }
}

/// The loss of a model that a study trained itself, and that of predicting zero for the same molecules.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct LabLoss {
    pub(crate) loss: f64,
    pub(crate) zero: f64,
}

impl LabLoss {
    pub(crate) fn of(parts: &Parts) -> Self {
        Self {
            loss: parts.loss,
            zero: parts.zero,
        }
    }

    /// Mean over seeds.
    pub(crate) fn mean(all: &[Self]) -> Self {
        let mean =
            |pick: fn(&Self) -> f64| all.iter().map(pick).sum::<f64>() / all.len().max(1) as f64;
        Self {
            loss: mean(|at| at.loss),
            zero: mean(|at| at.zero),
        }
    }
}

/// What the losses of a model that a study trained itself are held against.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LabYardstick {
    /// The Bayes error.
    Bayes(f64),
    /// The least share of the loss of zero, and whose it is.
    Share { share: f64, whose: String },
}

impl LabYardstick {
    /// Why a model has not learned; nothing if it has.
    pub(crate) fn not_learned(&self, at: LabLoss) -> Option<String> {
        let (best, whose) = match self {
            Self::Bayes(error) => (*error, "the Bayes error".into()),
            Self::Share { share, whose } => (share * at.zero, whose.clone()),
        };
        Yardstick { best, whose }.not_learned(at.loss, Some(at.zero))
    }
}

/// The least loss of an arm, if it is comparable with another.
fn least(arm: &ArmRuns, with: &ArmRuns) -> Option<Yardstick> {
    let (runs, others) = (arm.counted(), with.counted());
    comparable(&runs.first()?.manifest, &others.first()?.manifest).ok()?;
    let records = runs.iter().flat_map(|run| &run.records);
    let losses = records.map(|record| record.split.loss);
    let best = losses.min_by(f64::total_cmp)?;
    let whose = arm.arm.clone();
    Some(Yardstick { best, whose })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_of_a_study_are_held_against_shares_of_the_loss_of_zero() {
        let at = |loss, zero| LabLoss { loss, zero };
        let share = LabYardstick::Share {
            share: 0.2,
            whose: "painn".into(),
        };
        // On molecules whose loss of zero is 10, half of the gap is at 6.
        assert_eq!(share.not_learned(at(5.9, 10.0)), None);
        let why = share.not_learned(at(6.1, 10.0)).expect("a reason");
        assert!(why.starts_with("has not learned: 0.610"), "{why}");
        assert_eq!(LabYardstick::Bayes(0.0).not_learned(at(4.9, 10.0)), None);
        assert!(
            LabYardstick::Bayes(0.0)
                .not_learned(at(5.1, 10.0))
                .is_some()
        );
        let none = LabYardstick::Share {
            share: f64::INFINITY,
            whose: "no model".into(),
        };
        assert!(none.not_learned(at(0.1, 10.0)).is_some());
        assert_eq!(LabLoss::mean(&[at(1.0, 2.0), at(3.0, 4.0)]), at(2.0, 3.0));
    }
}
