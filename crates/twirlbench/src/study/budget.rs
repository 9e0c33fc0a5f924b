//! What the studies do, and for how long: strict TOML files beside the suites.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use twirl_core::{Design, FiniteGroup};
use twirl_harness::{OptimizerKind, Search};

/// The settings of all studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budgets {
    /// Wall seconds of each study, after which it begins no new cell.
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
    pub(crate) steps: u64,
    #[serde(default)]
    pub(crate) budget_seconds: Option<f64>,
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
    /// The budgets that belong to a suite: `paper` has its own, all others those of `quick`.
    pub(crate) fn of(suite: &str) -> Result<(&'static str, Self)> {
        let (name, text) = match suite {
            "paper" => ("paper", include_str!("../../studies/paper.toml")),
            _ => ("quick", include_str!("../../studies/quick.toml")),
        };
        match toml::from_str(text) {
            Ok(budgets) => Ok((name, budgets)),
            Err(error) => bail!("studies/{name}.toml: {}", error.message()),
        }
    }
}
