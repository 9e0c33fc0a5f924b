//! Models that a study trains itself and looks into.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use twirl_core::{Design, Symmetry};
use twirl_data::Split;
use twirl_harness::{Lab, Probe};
use twirl_record::{ScheduleKind, Training};

use crate::budgets::Section;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::runs::in_turn;
use crate::setup::ArmSetup;

/// Models that a study trains itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabBudget {
    /// Seeds.
    pub(crate) seeds: Vec<u64>,
    /// Augmented arms of a task.
    pub(crate) plain: usize,
    /// Learning rate, constant.
    pub(crate) learning_rate: f64,
    /// Most rotated molecules evaluated at once.
    pub(crate) batch: usize,
}

impl Section for LabBudget {
    const NAME: &'static str = "lab";
}

/// An arm with the value of each seed that has one.
pub(crate) type OverSeeds<T> = Vec<(ArmSetup, Vec<(u64, T)>)>;

impl StudyContext<'_> {
    /// The first augmented arms of each task as the studies train them themselves.
    pub(crate) fn lab_arms(
        &self,
        most: impl Fn(&str) -> Result<usize, StudyError>,
    ) -> Result<Vec<ArmSetup>, StudyError> {
        let arms = self.arms(Training::Augmented, most)?;
        arms.iter().map(|setup| self.for_lab(setup)).collect()
    }

    /// A setup as a study trains it itself: raw weights, a fixed learning rate, the size that the
    /// budget gives to it.
    pub(crate) fn for_lab(&self, setup: &ArmSetup) -> Result<ArmSetup, StudyError> {
        let task = setup.job.task.as_str();
        let budget: LabBudget = self.budgets.section(Some(task))?;
        let mut setup = setup.clone();
        if let Some(own) = self.budgets.task.get(task) {
            setup = setup.on_top(&own.config.labs)?;
            if let Some(arm) = own.arm.get(&setup.job.arm) {
                setup = setup.with_config(&setup.job.task_config, &Value::Object(arm.clone()))?;
            }
        }
        let train = &mut setup.job.train;
        train.steps = 1_000_000;
        train.budget_seconds = None;
        train.search = None;
        train.learning_rate = budget.learning_rate;
        train.schedule.kind = ScheduleKind::Constant;
        train.schedule.warmup = 20;
        train.ema = 0.0;
        train.evaluation.companions.clear();
        Ok(setup)
    }

    /// A model in training.
    pub(crate) fn lab(&self, setup: &ArmSetup) -> Result<Box<dyn Lab>, StudyError> {
        let data = self.data(&setup.job);
        Ok(setup.entry.lab(&setup.job, data, &self.device)?)
    }

    /// One cell for every seed of every arm, the first seed of all arms before the second of any: of
    /// every arm, the seeds that have a value. `budget` is what a cell depends on besides its job.
    pub(crate) fn over_seeds<T, B>(
        &self,
        cells: &mut Cells<'_>,
        setups: Vec<ArmSetup>,
        seeds: impl Fn(&str) -> Result<Vec<u64>, StudyError>,
        budget: impl Fn(&str) -> Result<B, StudyError>,
        make: impl Fn(&ArmSetup, &B) -> Result<T, StudyError>,
    ) -> Result<OverSeeds<T>, StudyError>
    where
        T: Serialize + DeserializeOwned,
        B: Serialize,
    {
        let turns = in_turn(&setups, seeds)?;
        let mut arms: OverSeeds<T> = setups.into_iter().map(|s| (s, Vec::new())).collect();
        for (place, seed) in turns {
            let setup = arms[place].0.seeded(seed);
            let budget = budget(&setup.job.task)?;
            let key = self.key(&setup, &budget)?;
            if let Some(value) = cells.value(&setup.job, &key, || make(&setup, &budget)) {
                arms[place].1.push((seed, value));
            }
        }
        Ok(arms)
    }

    /// The seeds of models that the studies train themselves.
    pub(crate) fn lab_seeds(&self, task: &str) -> Result<Vec<u64>, StudyError> {
        let budget: LabBudget = self.budgets.section(Some(task))?;
        Ok(self.seeds(&budget.seeds))
    }

    /// Augmented arms of a task that the studies train themselves.
    pub(crate) fn lab_plain(&self, task: &str) -> Result<usize, StudyError> {
        let budget: LabBudget = self.budgets.section(Some(task))?;
        Ok(budget.plain)
    }

    /// What a cell's value depends on besides the program and its own settings.
    pub(crate) fn key(
        &self,
        setup: &ArmSetup,
        settings: &impl Serialize,
    ) -> Result<Value, StudyError> {
        let budget: LabBudget = self.budgets.section(Some(&setup.job.task))?;
        Ok(json!({
            "job": setup.job,
            "data": self.data(&setup.job).sha256(),
            "device": self.device.name,
            "float": self.float(),
            "batch": budget.batch,
            "settings": settings,
        }))
    }

    /// A probe of test items, thinned evenly to `items`.
    pub(crate) fn probe(
        &self,
        lab: &dyn Lab,
        setup: &ArmSetup,
        items: usize,
        design: Design,
    ) -> Result<Probe, StudyError> {
        let budget: LabBudget = self.budgets.section(Some(&setup.job.task))?;
        let all = lab.items(Split::Test);
        let count = items.min(all.len());
        Ok(Probe {
            items: (0..count).map(|i| all[i * all.len() / count]).collect(),
            design,
            symmetry: Symmetry::So3,
            seed: setup.job.measure_seed,
            noise: setup.job.measure_seed,
            batch: budget.batch,
        })
    }
}
