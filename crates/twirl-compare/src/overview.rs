//! Everything that a report says of a task.

use crate::last::{CompanionSummary, Control, companions, controls};
use crate::run::TaskRuns;
use crate::summary::{ArmSummary, summarise};
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
    pub fn best(&self, exact: bool) -> Option<&ArmSummary> {
        let is_control = |arm: &ArmSummary| self.task.controlled_by(&arm.arm).next().is_some();
        let arms = self
            .arms
            .iter()
            .filter(|arm| arm.exact == exact && !is_control(arm));
        let with_loss = arms.filter_map(|arm| Some((arm, arm.figures.as_ref()?.total.loss.value)));
        with_loss
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(arm, _)| arm)
    }

    /// The comparison of two arms, if there is one.
    pub fn pair(&self, plain: &str, exact: &str) -> Option<&Pair> {
        let named = |pair: &&Pair| pair.plain == plain && pair.exact == exact;
        self.pairs.iter().find(named)
    }
}
