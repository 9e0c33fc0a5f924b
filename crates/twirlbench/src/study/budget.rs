//! What the studies do, and for how long: strict TOML files beside the suites.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use twirl_core::{Design, FiniteGroup};
use twirl_harness::{OptimizerKind, Search};

use crate::suite::from_toml;

/// The settings of all studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budgets {
    /// Wall seconds of each study; it begins no cell that would not end in them.
    pub(crate) seconds: BTreeMap<String, f64>,
    pub(crate) runs: Runs,
    pub(crate) spread: Spread,
    pub(crate) lab: LabBudget,
    pub(crate) landscape: LandscapeBudget,
    pub(crate) gradients: GradientsBudget,
    pub(crate) parameters: ParametersBudget,
    #[serde(rename = "test-time")]
    pub(crate) test_time: TestTimeBudget,
    pub(crate) controls: ControlsBudget,
    /// What differs for a task.
    #[serde(default)]
    pub(crate) task: BTreeMap<String, TaskBudget>,
}

/// What differs for a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TaskBudget {
    /// Settings of the task in runs, on top of the suite's.
    pub(crate) runs: Map<String, Value>,
    /// Settings of the task where a study trains models itself.
    pub(crate) labs: Map<String, Value>,
    /// Most arms of each kind.
    pub(crate) arms: Option<usize>,
    /// Settings of arms, by name, where a study trains models itself.
    pub(crate) arm: BTreeMap<String, Map<String, Value>>,
    /// Most device seconds of a run.
    pub(crate) budget_seconds: Option<f64>,
    pub(crate) landscape: Option<LandscapeBudget>,
    pub(crate) gradients: Option<GradientsBudget>,
    pub(crate) parameters: Option<ParametersBudget>,
    #[serde(rename = "test-time")]
    pub(crate) test_time: Option<TestTimeBudget>,
}

/// Runs of `dynamics`, `per-hour` and `controls`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Runs {
    pub(crate) seeds: Vec<u64>,
    pub(crate) plain: usize,
    pub(crate) exact: usize,
    pub(crate) steps: u64,
    #[serde(default)]
    pub(crate) budget_seconds: Option<f64>,
    pub(crate) items: usize,
    pub(crate) per_decade: u32,
    pub(crate) search: Search,
}

/// Runs of `model-size`, `data-size` and `optimizer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spread {
    /// Those of `runs` if absent; the unchanged arm's run is then shared with the other studies.
    #[serde(default)]
    pub(crate) steps: Option<u64>,
    pub(crate) sizes: Vec<f64>,
    pub(crate) counts: Vec<f64>,
    pub(crate) optimizers: Vec<OptimizerChoice>,
    #[serde(default)]
    pub(crate) presets: BTreeMap<String, Vec<Preset>>,
}

/// An optimiser and the rates that are searched for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptimizerChoice {
    pub(crate) kind: OptimizerKind,
    pub(crate) rates: Vec<f64>,
}

/// A named size of an arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preset {
    pub(crate) name: String,
    pub(crate) config: Map<String, Value>,
}

/// Models that a study trains itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabBudget {
    pub(crate) seeds: Vec<u64>,
    pub(crate) plain: usize,
    pub(crate) learning_rate: f64,
    pub(crate) batch: usize,
}

/// The study `landscape`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LandscapeBudget {
    pub(crate) seeds: Vec<u64>,
    pub(crate) plain: usize,
    pub(crate) checkpoints: Vec<u64>,
    pub(crate) items: usize,
    pub(crate) design: Design,
    pub(crate) lanczos: usize,
    pub(crate) vectors: usize,
    pub(crate) outputs: usize,
    pub(crate) widths: f64,
}

/// The study `gradients`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GradientsBudget {
    pub(crate) steps: u64,
    pub(crate) per_decade: u32,
    pub(crate) items: usize,
    pub(crate) design: Design,
}

/// The study `parameters`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParametersBudget {
    pub(crate) checkpoints: Vec<u64>,
    pub(crate) items: usize,
    pub(crate) design: Design,
}

/// The study `twirl-at-test-time`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestTimeBudget {
    pub(crate) checkpoints: Vec<u64>,
    pub(crate) items: usize,
    pub(crate) rotations: Vec<usize>,
    pub(crate) reference: usize,
    pub(crate) repeats: usize,
    pub(crate) group: FiniteGroup,
}

/// The study `controls`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ControlsBudget {
    /// Training items of the control with tiny data.
    pub(crate) tiny: usize,
}

impl Budgets {
    pub(crate) fn landscape(&self, task: &str) -> &LandscapeBudget {
        let own = self.task.get(task).and_then(|own| own.landscape.as_ref());
        own.unwrap_or(&self.landscape)
    }

    pub(crate) fn gradients(&self, task: &str) -> &GradientsBudget {
        let own = self.task.get(task).and_then(|own| own.gradients.as_ref());
        own.unwrap_or(&self.gradients)
    }

    pub(crate) fn parameters(&self, task: &str) -> &ParametersBudget {
        let own = self.task.get(task).and_then(|own| own.parameters.as_ref());
        own.unwrap_or(&self.parameters)
    }

    pub(crate) fn test_time(&self, task: &str) -> &TestTimeBudget {
        let own = self.task.get(task).and_then(|own| own.test_time.as_ref());
        own.unwrap_or(&self.test_time)
    }

    /// Device seconds after which a run of `task` stops.
    pub(crate) fn run_seconds(&self, task: &str) -> Option<f64> {
        let own = self.task.get(task).and_then(|own| own.budget_seconds);
        own.or(self.runs.budget_seconds)
    }

    /// Built-in budgets by name, or a file.
    ///
    /// # Errors
    /// If there is neither, or the file is not a budget: the message names line and key.
    pub(crate) fn read(name: &str) -> Result<Self> {
        let built_in = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
        let text = match built_in {
            Some((_, text)) => (*text).to_owned(),
            None if name.to_lowercase().ends_with(".toml") => {
                std::fs::read_to_string(name).with_context(|| format!("budgets {name}"))?
            }
            None => bail!("no budgets {name}; give quick, desk or paper, or a .toml file"),
        };
        from_toml(&format!("budgets {name}"), &text)
    }

    /// The budgets of a suite, if others are not asked for: `paper` has its own, all others those of
    /// `quick`.
    pub(crate) fn name_for(suite: &str) -> &'static str {
        if suite == "paper" { "paper" } else { "quick" }
    }
}

const BUILT_IN: &[(&str, &str)] = &[
    ("quick", include_str!("../../studies/quick.toml")),
    ("desk", include_str!("../../studies/desk.toml")),
    ("paper", include_str!("../../studies/paper.toml")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_whole_and_quick_ends_in_fifteen_minutes() {
        for (name, _) in BUILT_IN {
            let budgets = Budgets::read(name).expect("a budget");
            assert_eq!(budgets.seconds.len(), 10, "{name}");
            assert!(budgets.spread.optimizers.len() == 4, "{name}");
        }
        let quick = Budgets::read(Budgets::name_for("a suite file")).expect("a budget");
        let seconds: f64 = quick.seconds.values().sum();
        assert!(seconds <= 900.0, "{seconds} s");
    }
}
