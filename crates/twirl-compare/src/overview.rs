//! Everything that a report says of a task.

use twirl_record::BayesError;

use crate::last::{CompanionSummary, Control, companions, controls};
use crate::learned::Yardstick;
use crate::run::TaskRuns;
use crate::summary::{ArmSummary, Figures, summarise};
use crate::versus::{Pair, versus_all};

/// The figures of a task, computed once.
#[derive(Debug, Clone)]
pub struct Overview<'a> {
    /// The runs.
    pub task: &'a TaskRuns,
    /// The last measurement of each arm.
    pub arms: Vec<ArmSummary>,
    /// Each arm without exact symmetry against each exact arm.
    pub pairs: Vec<Pair>,
    /// The last weights under other rotations.
    pub companions: Vec<CompanionSummary>,
    /// Variants of an arm against the arm itself.
    pub controls: Vec<Control>,
}

impl<'a> Overview<'a> {
    /// The figures of a task.
    pub fn of(task: &'a TaskRuns) -> Self {
        Self {
            task,
            arms: task.arms.iter().map(summarise).collect(),
            pairs: versus_all(task),
            companions: task.arms.iter().flat_map(companions).collect(),
            controls: controls(task),
        }
    }

    /// The arm with the lowest loss, controls aside, among those that are found exactly equivariant or
    /// among the others.
    pub fn best(&self, exact: bool) -> Option<(&ArmSummary, &Figures)> {
        let arms = self.arms.iter().zip(&self.task.arms);
        let contenders = arms.filter(|(_, runs)| self.task.controlled_by(runs).is_none());
        let of_kind = contenders.filter(|(arm, _)| arm.exact == exact);
        let with_figures = of_kind.filter_map(|(arm, _)| Some((arm, arm.figures.as_ref()?)));
        let loss = |of: &(&ArmSummary, &Figures)| of.1.total.loss.value;
        with_figures.min_by(|a, b| loss(a).total_cmp(&loss(b)))
    }

    /// The Bayes error over the loss of predicting zero where the runs know it exactly, or the arm whose
    /// last loss is the least part of that of predicting zero, and that part; nothing where no record
    /// knows the latter. All arms of a task are held against it: see [`Yardstick::not_learned`], with 1 as
    /// the loss of zero.
    pub fn yardstick(&self) -> Option<Yardstick> {
        let exact = |arm: &ArmSummary| {
            let figures = arm.figures.as_ref()?;
            let Some(BayesError::Exact { loss }) = figures.bayes_error else {
                return None;
            };
            Some(loss * figures.of_zero? / figures.total.loss.value)
        };
        if let Some(best) = self.arms.iter().find_map(exact) {
            let whose = "the Bayes error".into();
            return Some(Yardstick { best, whose });
        }
        let share = |arm: &ArmSummary| Some((arm.figures.as_ref()?.of_zero?, arm.arm.clone()));
        let best = self.arms.iter().filter_map(share);
        let best = best.min_by(|a, b| a.0.total_cmp(&b.0));
        best.map(|(best, whose)| Yardstick { best, whose })
    }

    /// The comparison of two arms, if there is one.
    pub fn pair(&self, plain: &str, exact: &str) -> Option<&Pair> {
        let named = |pair: &&Pair| pair.plain == plain && pair.exact == exact;
        self.pairs.iter().find(named)
    }
}
