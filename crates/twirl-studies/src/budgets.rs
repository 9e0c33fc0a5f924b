//! How much the studies do, and for how long: strict TOML files.
//!
//! A file has a table for every [`Section`] that a study reads, or says `base = "quick"`, `"desk"` or
//! `"paper"` and changes some of their keys. `[task.NAME.SECTION]` changes some keys of a table for one
//! task; the others stay.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use twirl_record::one_line;

use crate::error::StudyError;
use crate::settings::{from_toml, merge};

/// A table of a file of budgets, for the studies that read it. Strict: no key is ignored.
pub(crate) trait Section: Serialize + DeserializeOwned {
    /// Name of the table.
    const NAME: &'static str;
}

/// A section that a file of budgets must have, and how it is checked.
#[derive(Debug, Clone, Copy)]
pub struct RequiredSection {
    name: &'static str,
    check: fn(&Budgets, Option<&str>) -> Result<(), StudyError>,
}

impl RequiredSection {
    /// That of a type.
    pub(crate) const fn of<T: Section>() -> Self {
        Self {
            name: T::NAME,
            check: |budgets, task| budgets.section::<T>(task).map(drop),
        }
    }
}

/// The settings of all studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budgets {
    /// `quick`, or the file.
    #[serde(skip)]
    pub(crate) name: String,
    /// Wall seconds of each study; it begins no cell that would not end in them.
    pub(crate) seconds: BTreeMap<String, f64>,
    /// What differs for a task.
    #[serde(default)]
    pub(crate) task: BTreeMap<String, TaskBudget>,
    #[serde(flatten)]
    sections: Map<String, Value>,
}

/// What differs for a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TaskBudget {
    /// Settings of the task, on top of the suite's.
    pub(crate) config: TaskConfigs,
    /// Most arms of each kind.
    pub(crate) arms: Option<usize>,
    /// Settings of arms, by name, where a study trains models itself.
    pub(crate) arm: BTreeMap<String, Map<String, Value>>,
    #[serde(flatten)]
    sections: Map<String, Value>,
}

/// Settings of a task on top of the suite's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TaskConfigs {
    /// In ordinary runs.
    pub(crate) runs: Map<String, Value>,
    /// Where a study trains models itself.
    pub(crate) labs: Map<String, Value>,
}

const BUILT_IN: &[(&str, &str)] = &[
    ("quick", include_str!("../budgets/quick.toml")),
    ("desk", include_str!("../budgets/desk.toml")),
    ("paper", include_str!("../budgets/paper.toml")),
];

impl Budgets {
    /// Built-in budgets by name, or a file.
    ///
    /// # Errors
    /// If there is neither, or the file is not a budget of these tables: the message names line or
    /// key.
    pub(crate) fn read(
        name: &str,
        sections: &[RequiredSection],
        studies: &[&str],
    ) -> Result<Self, StudyError> {
        let text = match BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            Some((_, text)) => (*text).to_owned(),
            None if name.to_lowercase().ends_with(".toml") => {
                std::fs::read_to_string(name).map_err(StudyError::file(name))?
            }
            None => {
                let place = format!("no budgets {name}");
                let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
                let problem = format!("give one of {}, or a .toml file", names.join(", "));
                return Err(StudyError::Budgets { place, problem });
            }
        };
        let place = format!("budgets {name}");
        let refuse = |problem| StudyError::Budgets {
            place: "settings of the studies".into(),
            problem,
        };
        let mut given: Map<String, Value> = from_toml(&place, &text).map_err(refuse)?;
        if let Some(base) = given.remove("base") {
            let built_in = |(name, _): &&(&str, &str)| base.as_str() == Some(*name);
            let Some((_, text)) = BUILT_IN.iter().find(built_in) else {
                let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                return Err(refuse(format!(
                    "{place}: no base {base}; give one of {names}"
                )));
            };
            let mut all: Value = from_toml(&place, text).map_err(refuse)?;
            merge(&mut all, &Value::Object(given));
            given = serde_json::from_value(all).map_err(|error| refuse(one_line(error)))?;
        }
        let mut budgets: Self = serde_json::from_value(Value::Object(given))
            .map_err(|error| refuse(format!("{place}: {}", one_line(error))))?;
        name.clone_into(&mut budgets.name);
        budgets.check(sections, studies)?;
        Ok(budgets)
    }

    /// The budgets of a suite, if others are not asked for: `paper` has its own, all others those of
    /// `quick`.
    pub fn name_for(suite: &str) -> &'static str {
        if suite.starts_with("paper") {
            "paper"
        } else {
            "quick"
        }
    }

    /// The settings of a section; with a task, those that it changes on top.
    ///
    /// # Errors
    /// If a key is unknown or missing, or has a value of another type.
    pub(crate) fn section<T: Section>(&self, task: Option<&str>) -> Result<T, StudyError> {
        let mut value = self.sections.get(T::NAME).cloned().unwrap_or(Value::Null);
        let mut place = format!("[{}]", T::NAME);
        if let Some(task) = task
            && let Some(over) = self
                .task
                .get(task)
                .and_then(|own| own.sections.get(T::NAME))
        {
            merge(&mut value, over);
            place = format!("[task.{task}.{}]", T::NAME);
        }
        serde_json::from_value(value).map_err(|error| self.refused(&place, one_line(error)))
    }

    fn check(&self, sections: &[RequiredSection], studies: &[&str]) -> Result<(), StudyError> {
        let mut known: Vec<&str> = sections.iter().map(|section| section.name).collect();
        known.sort_unstable();
        known.dedup();
        let unknown = |place: &str, names: &Map<String, Value>| {
            let unknown = names.keys().find(|name| !known.contains(&name.as_str()));
            unknown.map_or(Ok(()), |name| {
                let problem = format!("unknown table `{name}`; give one of {}", known.join(", "));
                Err(self.refused(place, problem))
            })
        };
        if let Some(name) = self
            .seconds
            .keys()
            .find(|name| !studies.contains(&name.as_str()))
        {
            let problem = format!("no study {name}; there are {}", studies.join(", "));
            return Err(self.refused("[seconds]", problem));
        }
        unknown("top level", &self.sections)?;
        for section in sections {
            (section.check)(self, None)?;
        }
        for (task, own) in &self.task {
            unknown(&format!("[task.{task}]"), &own.sections)?;
            for section in sections {
                (section.check)(self, Some(task))?;
            }
        }
        Ok(())
    }

    fn refused(&self, place: &str, problem: String) -> StudyError {
        StudyError::Budgets {
            place: format!("budgets {}, {place}", self.name),
            problem,
        }
    }
}
