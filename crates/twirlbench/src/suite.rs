//! Suites: strict TOML files that say what is run.

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use twirl_core::Law;
use twirl_data::OpenOptions;
use twirl_harness::TrainConfig;
use twirl_record::one_line;
use twirl_studies::{Published, from_toml, merge};

/// A suite file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Name, part of the name of the results folder.
    pub name: String,
    /// One line.
    #[serde(default)]
    pub about: String,
    /// Seeds of every arm.
    pub seeds: Vec<u64>,
    /// Seed of the measurement, shared by all.
    #[serde(default)]
    pub measure_seed: u64,
    /// Settings of training for all tasks, on top of the defaults.
    #[serde(default)]
    pub train: Map<String, Value>,
    /// How data sets from files are read.
    #[serde(default, skip_serializing_if = "OpenOptions::is_default")]
    pub data: OpenOptions,
    /// Tasks.
    pub task: Vec<SuiteTask>,
}

/// A task of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteTask {
    /// Name.
    pub name: String,
    /// `embedded` or a path.
    pub data: String,
    /// Command that prepares the data set, told when it is missing.
    #[serde(default)]
    pub prepare: Option<String>,
    /// Settings of the task.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// Settings of training, on top of the suite's.
    #[serde(default)]
    pub train: Map<String, Value>,
    /// Arms.
    pub arm: Vec<SuiteArm>,
}

/// An arm of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteArm {
    /// Name.
    pub name: String,
    /// Settings of the arm.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// Settings of training, on top of the task's.
    #[serde(default)]
    pub train: Map<String, Value>,
    /// Marks a set-up that a paper ran, and says how far this one is from it.
    #[serde(default)]
    pub published: Option<Published>,
}

/// Suites that come with the program.
pub(crate) const BUILT_IN: &[(&str, &str)] = &[
    ("quick", include_str!("../suites/quick.toml")),
    ("ci", include_str!("../suites/ci.toml")),
    ("paper", include_str!("../suites/paper.toml")),
    (
        "paper-flow-qm9",
        include_str!("../suites/paper-flow-qm9.toml"),
    ),
    (
        "paper-flow-drugs",
        include_str!("../suites/paper-flow-drugs.toml"),
    ),
    (
        "paper-voxel-qm9",
        include_str!("../suites/paper-voxel-qm9.toml"),
    ),
    (
        "paper-voxel-drugs",
        include_str!("../suites/paper-voxel-drugs.toml"),
    ),
];

impl Suite {
    /// Reads a built-in suite by name, or a file.
    ///
    /// # Errors
    /// If there is neither, or the file is not a suite: the message names line and key.
    pub fn read(name: &str) -> Result<Self> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            return Self::parse(name, text);
        }
        if !name.to_lowercase().ends_with(".toml") {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            bail!(
                "no suite {name}; give one of {}, or a .toml file",
                names.join(", ")
            );
        }
        let text = std::fs::read_to_string(name).with_context(|| format!("suite {name}"))?;
        Self::parse(name, &text)
    }

    /// Parses a suite.
    ///
    /// # Errors
    /// One line: the file, the line, what is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let suite: Self = from_toml(&format!("suite {name}"), text).map_err(anyhow::Error::msg)?;
        if suite.seeds.is_empty() {
            bail!("suite {name}: no seeds; give at least one");
        }
        Ok(suite)
    }

    /// Training settings of an arm: defaults, suite, task, the law that belongs to the arm, what
    /// the suite says of the arm, each on top of the one before.
    ///
    /// # Errors
    /// If a key is unknown or a value out of range.
    pub fn training(
        &self,
        task: &SuiteTask,
        arm: &SuiteArm,
        law: Option<Law>,
    ) -> Result<TrainConfig> {
        let own = law.map_or(Value::Null, |law| json!({ "augmentation": law }));
        let own = own.as_object().cloned().unwrap_or_default();
        let mut merged = Value::Object(Map::new());
        for layer in [&self.train, &task.train, &own, &arm.train] {
            merge(&mut merged, &Value::Object(layer.clone()));
        }
        let place = || format!("suite {}, {}/{}, train", self.name, task.name, arm.name);
        let config: TrainConfig = serde_json::from_value(merged)
            .map_err(|error| anyhow!(one_line(error)))
            .with_context(place)?;
        config.validate().with_context(place)?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An arm that is named after its law is augmented by it, whatever suite runs it; a suite can
    /// still say otherwise.
    #[test]
    fn the_law_of_an_arm_stands_above_the_suite_and_below_what_the_suite_says_of_the_arm() {
        let law_of = |train: &str, law| {
            let text = format!(
                "name = 'a'\nabout = 'b'\nseeds = [0]\n[train]\naugmentation = 'identity'\n\
                 [[task]]\nname = 'task'\ndata = 'embedded'\n\
                 [[task.arm]]\nname = 'arm'\n{train}"
            );
            let suite = Suite::parse("a", &text).expect("a suite");
            let task = &suite.task[0];
            let train = suite.training(task, &task.arm[0], law);
            train.expect("settings").augmentation
        };
        assert_eq!(law_of("", None), Law::Identity);
        assert_eq!(law_of("", Some(Law::VoxmolEuler)), Law::VoxmolEuler);
        let own = "train = { augmentation = 'haar' }";
        assert_eq!(law_of(own, Some(Law::VoxmolEuler)), Law::Haar);
    }

    #[test]
    fn what_a_suite_says_is_repeated_in_one_line_without_control_characters() {
        let text = "name = 'a'\nseeds = [0]\n[train]\n\"ra\\r\\n\\u001bw\" = 1\n\
                    [[task]]\nname = 'task'\ndata = 'embedded'\n[[task.arm]]\nname = 'arm'\n";
        let suite = Suite::parse("a", text).expect("a suite");
        let task = &suite.task[0];
        let error = suite.training(task, &task.arm[0], None);
        let error = format!("{:#}", error.expect_err("no such key"));
        assert!(!error.contains(char::is_control), "{error:?}");
        assert!(error.contains(r"`ra\r\n\u{1b}w`"), "{error}");
    }

    /// The table is strict, and a wrong unit is named with its line.
    #[test]
    fn the_data_table_takes_what_the_command_line_takes() {
        let suite = |data: &str| {
            let task = "[[task]]\nname = 't'\ndata = 'a.xyz'\n[[task.arm]]\nname = 'a'\n";
            Suite::parse(
                "a",
                &format!("name = 'a'\nseeds = [0]\n[data]\n{data}\n{task}"),
            )
        };
        let read = suite("length_unit = 'bohr'\nmax_atoms = 30\nleave_out = ['implausible']");
        let data = read.expect("a suite").data;
        assert_eq!(data.max_atoms, Some(30));
        assert_eq!(data.length_unit, Some(twirl_data::LengthUnit::Bohr));
        for (wrong, expected) in [
            ("length = 'bohr'", "unknown field `length`"),
            ("energy_unit = 'furlong'", "unknown unit \"furlong\""),
        ] {
            let error = suite(wrong).expect_err(wrong).to_string();
            assert!(
                error.contains(expected) && error.contains("line 4"),
                "{error}"
            );
        }
    }
}
