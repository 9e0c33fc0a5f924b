//! Whether an arm has learned: only then does a percentage say something of its symmetry.

use std::fs;

use twirl_compare::{ArmRuns, comparable};

use crate::context::StudyContext;
use crate::error::StudyError;
use crate::runs::read_arm;

/// Share of the gap between predicting zero and the best that must be closed.
pub(crate) const SHARE: f64 = 0.5;

/// Most that the least loss of all may be of that of zero. Above it no arm has learned, and the best of
/// them is no yardstick.
pub(crate) const MOST: f64 = 0.9;

/// The rule, as it stands in the rules of the studies.
macro_rules! learned_rule {
    () => {
        "A point counts only where the arm has learned: its loss has closed at least half of the gap \
         between predicting zero and the Bayes error or, where that is unknown, the least loss of any \
         comparable run of the studies, which itself must be at most 0.9 of that of zero. "
    };
}
pub(crate) use learned_rule;

/// The least loss that can be expected of a task.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Yardstick {
    /// The loss.
    pub(crate) best: f64,
    /// Whose it is.
    pub(crate) whose: String,
}

impl Yardstick {
    /// Why a loss is not that of an arm that has learned; nothing if it is. `zero` is that of predicting
    /// zero for the same molecules.
    pub(crate) fn not_learned(&self, loss: f64, zero: Option<f64>) -> Option<String> {
        let Some(zero) = zero.filter(|zero| *zero > 0.0) else {
            return Some("the loss of predicting zero is not known".into());
        };
        let share = |loss: f64| format!("{:.3} of the loss of zero", loss / zero);
        if self.best > MOST * zero {
            let (best, whose) = (share(self.best), &self.whose);
            return Some(format!(
                "has not learned: the best of all, {whose}, has {best}"
            ));
        }
        let closed = (zero - loss) / (zero - self.best);
        // A loss that is not a number has closed nothing.
        (closed < SHARE || closed.is_nan()).then(|| {
            let (own, best, whose) = (share(loss), share(self.best), &self.whose);
            format!("has not learned: {own}, {whose} has {best}")
        })
    }
}

impl StudyContext<'_> {
    /// The Bayes error that the budget states for a task, or the least loss of the arm itself and of all
    /// comparable runs below the folder of the studies. Folders that cannot be read, which another
    /// machine may be writing, are no yardstick.
    pub(crate) fn yardstick(&self, arm: &ArmRuns) -> Result<Yardstick, StudyError> {
        let own = self.budgets.task.get(&arm.task);
        if let Some(best) = own.and_then(|own| own.bayes_error) {
            let whose = "the Bayes error".into();
            return Ok(Yardstick { best, whose });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_gap_is_learned() {
        let of = |best: f64| Yardstick {
            best,
            whose: "painn".into(),
        };
        let learned = |best: f64, loss: f64| of(best).not_learned(loss, Some(2.0)).is_none();
        // The Bayes error is zero: half of the loss of zero.
        assert!(learned(0.0, 0.99) && !learned(0.0, 1.01));
        // A loss whose best is 0.59 of zero: a fixed half would refuse every arm.
        assert!(learned(1.18, 1.3) && !learned(1.18, 1.6));
        // Small outputs, all of them wrong; worse than zero; no arm that has learned anything.
        assert!(!learned(0.0, 2.0 * 1.011) && !learned(0.2, 3.0));
        assert!(!learned(1.98, 1.98) && !learned(f64::INFINITY, 0.1));
        assert!(!learned(0.0, f64::NAN));
        let unknown = of(0.0).not_learned(0.1, None).expect("a reason");
        assert!(unknown.contains("not known"), "{unknown}");
        let why = of(0.2).not_learned(1.9, Some(2.0)).expect("a reason");
        assert_eq!(
            why,
            "has not learned: 0.950 of the loss of zero, painn has 0.100 of the loss of zero"
        );
    }
}
