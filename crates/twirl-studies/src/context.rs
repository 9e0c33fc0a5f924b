//! What all studies share: tasks and arms, data sets, budgets, the device, and where files lie.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use twirl_data::DataSet;
use twirl_harness::{DeviceChoice, Entry};
use twirl_record::{Job, Training};

use crate::budgets::Budgets;
use crate::error::StudyError;
use crate::published::Published;
use crate::setup::ArmSetup;

/// Everything that the studies share.
pub struct StudyContext<'a> {
    /// All arms that can be trained.
    pub entries: &'a [Entry],
    /// One job of every arm that is studied, in the order of the suite.
    pub jobs: Vec<Job>,
    /// Data sets by task and name, those of all jobs.
    pub data: &'a HashMap<(String, String), DataSet>,
    /// How much is done.
    pub budgets: Budgets,
    /// Seeds that were asked for; empty: those of the budgets.
    pub seeds: Vec<u64>,
    /// Marks of set-ups that a paper ran, by task and arm.
    pub published: BTreeMap<(String, String), Published>,
    /// Where models are trained.
    pub device: DeviceChoice,
    /// Folder of all studies.
    pub out: PathBuf,
    /// What the program is, for manifests.
    pub program: BTreeMap<String, String>,
}

impl StudyContext<'_> {
    /// The first arms of each task that are trained so, at most as many as `most` says of a task.
    pub(crate) fn arms(
        &self,
        training: Training,
        most: impl Fn(&str) -> Result<usize, StudyError>,
    ) -> Result<Vec<ArmSetup>, StudyError> {
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        let mut setups = Vec::new();
        for job in &self.jobs {
            let setup = self.setup(job)?;
            let number = taken.entry(&job.task).or_default();
            let most = most(&job.task)?;
            let own = self.budgets.task.get(&job.task).and_then(|own| own.arms);
            if setup.entry.training == training && *number < own.map_or(most, |own| own.min(most)) {
                *number += 1;
                setups.push(setup);
            }
        }
        Ok(setups)
    }

    /// The arm of a job.
    pub(crate) fn setup(&self, job: &Job) -> Result<ArmSetup, StudyError> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.task == job.task && entry.arm == job.arm);
        let entry = entry.ok_or_else(|| StudyError::NoArm(format!("{}/{}", job.task, job.arm)))?;
        Ok(ArmSetup {
            entry: *entry,
            job: job.clone(),
        })
    }

    /// The seeds of a study: those that were asked for, or else those of its budget.
    pub(crate) fn seeds(&self, budget: &[u64]) -> Vec<u64> {
        let asked = &self.seeds[..];
        (if asked.is_empty() { budget } else { asked }).to_vec()
    }

    /// The seeds of variants of an arm: those that were asked for, those of their budget, or else the first
    /// of its runs. At least one.
    pub(crate) fn seeds_of_variants(
        &self,
        task: &str,
        budget: &[u64],
    ) -> Result<Vec<u64>, StudyError> {
        let seeds = self.seeds(budget);
        if seeds.is_empty() {
            return Ok(vec![self.first_seed(&self.run_seeds(task)?)]);
        }
        Ok(seeds)
    }

    /// The seed of a study that takes one.
    pub(crate) fn first_seed(&self, budget: &[u64]) -> u64 {
        self.seeds(budget).first().copied().unwrap_or(0)
    }

    /// The data set of a job.
    pub(crate) fn data(&self, job: &Job) -> &DataSet {
        &self.data[&(job.task.clone(), job.data.clone())]
    }

    /// Float type of the tensors.
    pub(crate) fn float(&self) -> String {
        format!("{:?}", self.device.device.settings().float_dtype).to_lowercase()
    }
}
