//! Whether an arm has learned: only then does a percentage say something of its symmetry.

use std::fs;

pub(crate) use twirl_compare::Yardstick;
use twirl_compare::{ArmRuns, comparable};

use crate::context::StudyContext;
use crate::error::StudyError;
use crate::runs::read_arm;

/// The rule, as it stands in the rules of the studies.
macro_rules! learned_rule {
    () => {
        "A point counts only where the arm has learned: its loss has closed at least half of the gap \
         between predicting zero and the Bayes error or, where that is unknown, the least loss of any \
         comparable run of the studies, which itself must be at most 0.9 of that of zero. "
    };
}
pub(crate) use learned_rule;

impl StudyContext<'_> {
    /// The Bayes error that the budget states for a task.
    pub(crate) fn bayes_error(&self, task: &str) -> Option<Yardstick> {
        let own = self.budgets.task.get(task);
        let best = own.and_then(|own| own.bayes_error)?;
        let whose = "the Bayes error".into();
        Some(Yardstick { best, whose })
    }

    /// The Bayes error that the budget states for a task, or the least loss of the arm itself and of all
    /// comparable runs below the folder of the studies. Folders that cannot be read, which another
    /// machine may be writing, are no yardstick.
    pub(crate) fn yardstick(&self, arm: &ArmRuns) -> Result<Yardstick, StudyError> {
        if let Some(known) = self.bayes_error(&arm.task) {
            return Ok(known);
        }
        let mut best = least(arm, arm);
        let folder = self.out.join("runs");
        let folders = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            folders => Some(folders.map_err(StudyError::file(&folder))?),
        };
        for entry in folders.into_iter().flatten() {
            let path = entry.map_err(StudyError::file(&folder))?.path();
            if let Ok(other) = read_arm(&path) {
                best = best.into_iter().chain(least(&other, arm)).min_by(|a, b| {
                    let ([a, b], order) = ([a.best, b.best], f64::total_cmp);
                    order(&a, &b)
                });
            }
        }
        Ok(best.unwrap_or(Yardstick {
            best: f64::INFINITY,
            whose: "no run".into(),
        }))
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
