//! What a site wants to know of a job.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use twirl_studies::from_toml;

/// Settings of an array: options of the command line, or keys of a file with the same names and
/// underscores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Args)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Partition
    #[arg(long)]
    partition: Option<String>,
    /// Account
    #[arg(long)]
    account: Option<String>,
    /// Quality of service
    #[arg(long)]
    qos: Option<String>,
    /// Wall time of a task, as Slurm writes it: 24:00:00
    #[arg(long)]
    time: Option<String>,
    /// Devices of a task, for example gpu:1
    #[arg(long)]
    gres: Option<String>,
    /// Kind of node
    #[arg(long)]
    constraint: Option<String>,
    /// Memory of a task, for example 32G
    #[arg(long)]
    mem: Option<String>,
    /// Processors of a task
    #[arg(long, value_name = "N")]
    cpus_per_task: Option<u32>,
    /// Module to load first (repeatable)
    #[arg(long = "module", value_name = "NAME")]
    module: Vec<String>,
    /// Variable to set first, NAME=VALUE (repeatable)
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Any other option of sbatch, for example exclusive or mail-type=END (repeatable)
    #[arg(long = "option", value_name = "OPTION")]
    option: Vec<String>,
    /// Most tasks at once
    #[arg(long, value_name = "N")]
    at_once: Option<usize>,
    /// Tasks of an array [default: what Slurm allows]
    #[arg(long, value_name = "N")]
    pub(super) max_array: Option<usize>,
    /// Seconds before the limit of time at which a task is told to save [default: 120]
    #[arg(long, value_name = "SECONDS")]
    grace: Option<u32>,
}

/// What the command line gives.
#[derive(Debug, Args)]
pub(crate) struct Given {
    #[command(flatten)]
    settings: Settings,
    /// File of the same settings (TOML); options go before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Given {
    /// The settings of the file with those of the command line on top.
    ///
    /// # Errors
    /// If the file cannot be read, has an unknown key, or a value cannot stand in a script.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let mut all = match &self.config {
            None => Settings::default(),
            Some(path) => {
                let name = path.display().to_string();
                let text = fs::read_to_string(path).with_context(|| name.clone())?;
                from_toml(&name, &text).map_err(anyhow::Error::msg)?
            }
        };
        let given = self.settings.clone();
        let pairs = [
            (&mut all.partition, given.partition),
            (&mut all.account, given.account),
            (&mut all.qos, given.qos),
            (&mut all.time, given.time),
            (&mut all.gres, given.gres),
            (&mut all.constraint, given.constraint),
            (&mut all.mem, given.mem),
        ];
        for (old, new) in pairs {
            *old = new.or(old.take());
        }
        all.cpus_per_task = given.cpus_per_task.or(all.cpus_per_task);
        all.at_once = given.at_once.or(all.at_once);
        all.max_array = given.max_array.or(all.max_array);
        all.grace = given.grace.or(all.grace);
        all.module.extend(given.module);
        all.env.extend(given.env);
        all.option.extend(given.option);
        all.check()?;
        Ok(all)
    }
}

impl Settings {
    fn check(&self) -> Result<()> {
        for (name, count) in [("at-once", self.at_once), ("max-array", self.max_array)] {
            if count == Some(0) {
                bail!("--{name} is 0; give at least 1");
            }
        }
        for (option, value) in self.options() {
            if option.is_empty()
                || value
                    .chars()
                    .any(|letter| letter.is_control() || letter == '\'')
            {
                bail!("--{option}={value:?}: a line of a Slurm script cannot hold it");
            }
        }
        for pair in &self.env {
            let name = pair.split_once('=').map_or("", |(name, _)| name);
            let first =
                name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
            let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            if !first || !name.chars().all(word) {
                bail!("--env {pair:?}: give NAME=VALUE");
            }
        }
        Ok(())
    }

    /// Options of sbatch with their values, which may be empty.
    pub(super) fn options(&self) -> Vec<(&str, String)> {
        let words = [
            ("partition", &self.partition),
            ("account", &self.account),
            ("qos", &self.qos),
            ("time", &self.time),
            ("gres", &self.gres),
            ("constraint", &self.constraint),
            ("mem", &self.mem),
        ];
        let words = words
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)));
        let mut options: Vec<(&str, String)> = words.collect();
        options.extend(
            self.cpus_per_task
                .map(|count| ("cpus-per-task", count.to_string())),
        );
        options.push(("signal", format!("B:TERM@{}", self.grace.unwrap_or(120))));
        let further = self.option.iter().map(|option| {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            (name.trim_start_matches('-'), value.to_owned())
        });
        options.extend(further);
        options
    }

    pub(super) fn modules(&self) -> &[String] {
        &self.module
    }

    /// Variables with their values.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.env.iter().filter_map(|pair| pair.split_once('='))
    }

    /// Tasks with the bound on how many run at once.
    pub(super) fn tasks(&self, ranges: &str) -> String {
        match self.at_once {
            Some(count) => format!("{ranges}%{count}"),
            None => ranges.into(),
        }
    }
}
