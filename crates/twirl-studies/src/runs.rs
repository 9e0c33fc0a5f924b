//! Ordinary runs that studies share: one folder for each setting of an arm, which holds its seeds.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use twirl_compare::{ArmRuns, RunSet};
use twirl_record::{Cell, Folder, Job, Search, Training};

use crate::budgets::Section;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::setup::ArmSetup;

/// Runs of the studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunBudget {
    /// Seeds, for studies that take several.
    pub(crate) seeds: Vec<u64>,
    /// Augmented arms of a task.
    pub(crate) plain: usize,
    /// Equivariant arms of a task.
    pub(crate) exact: usize,
    /// Last step.
    pub(crate) steps: u64,
    /// The one step that verdicts on a percentage are about.
    pub(crate) judged_step: u64,
    /// Most device seconds.
    #[serde(default)]
    pub(crate) budget_seconds: Option<f64>,
    /// Most held-out items.
    pub(crate) items: usize,
    /// Measurements per factor of ten in steps.
    pub(crate) per_decade: u32,
    /// Named sizes that `per-hour` trains of every arm that has them; without any, the arm as it is.
    #[serde(default)]
    pub(crate) ladder: Vec<String>,
    /// Search for the learning rate; the rates are the suite's where it has some.
    pub(crate) search: Search,
}

impl Section for RunBudget {
    const NAME: &'static str = "runs";
}

/// The runs of an arm, or why there are none.
pub(crate) type TrainedArm = (ArmSetup, Result<ArmRuns, String>);

impl StudyContext<'_> {
    /// The first augmented or equivariant arms of each task, with the settings of a run.
    pub(crate) fn run_arms(
        &self,
        training: Training,
        most: usize,
    ) -> Result<Vec<ArmSetup>, StudyError> {
        let arms = self.arms(training, |task| {
            let budget: RunBudget = self.budgets.section(Some(task))?;
            let own = match training {
                Training::Equivariant => budget.exact,
                Training::Augmented | Training::Unaugmented => budget.plain,
            };
            Ok(own.min(most))
        })?;
        arms.iter().map(|setup| self.for_runs(setup)).collect()
    }

    /// The seeds of runs.
    pub(crate) fn run_seeds(&self, task: &str) -> Result<Vec<u64>, StudyError> {
        Ok(self.seeds(&self.run_budget(task)?.seeds))
    }

    /// How much is done of runs.
    pub(crate) fn run_budget(&self, task: &str) -> Result<RunBudget, StudyError> {
        self.budgets.section(Some(task))
    }

    /// A setup with the settings of a run of the studies.
    pub(crate) fn for_runs(&self, setup: &ArmSetup) -> Result<ArmSetup, StudyError> {
        let task = setup.job.task.as_str();
        let budget: RunBudget = self.budgets.section(Some(task))?;
        let mut setup = match self.budgets.task.get(task) {
            Some(own) => setup.on_top(&own.config.runs)?,
            None => setup.clone(),
        };
        let train = &mut setup.job.train;
        train.steps = budget.steps;
        train.budget_seconds = budget.budget_seconds;
        // Rates are the suite's, which knows the task; steps and items are the budget's.
        let suite = train.search.take();
        train.search = Some(Search {
            rates: suite.map_or_else(|| budget.search.rates.clone(), |search| search.rates),
            ..budget.search
        });
        train.evaluation.items = match train.evaluation.items {
            0 => budget.items,
            items => items.min(budget.items),
        };
        train.evaluation.per_decade = budget.per_decade;
        train.evaluation.companions.clear();
        train.checkpoint_every = 0;
        Ok(setup)
    }

    /// Trains every arm with every seed, the first seed of all arms before the second of any, and
    /// reads what there is of them. `what` names the cells of an arm, by its place in the list.
    pub(crate) fn train<'a>(
        &self,
        cells: &mut Cells<'_>,
        setups: Vec<ArmSetup>,
        what: impl Fn(usize) -> &'a str,
        seeds: impl Fn(&str) -> Result<Vec<u64>, StudyError>,
    ) -> Result<Vec<TrainedArm>, StudyError> {
        let mut folders = vec![None; setups.len()];
        for (place, seed) in in_turn(&setups, seeds)? {
            let run = self.run(cells, what(place), &setups[place].seeded(seed));
            folders[place] = folders[place].take().or(run);
        }
        let read = |(setup, folder): (ArmSetup, Option<PathBuf>)| match folder {
            Some(folder) => (setup, read_arm(&folder).map_err(|error| error.to_string())),
            None => (setup, Err("no seed finished".into())),
        };
        Ok(setups.into_iter().zip(folders).map(read).collect())
    }

    /// The runs of these seeds alone, whatever other seeds lie beside them; why there is none, if they were
    /// made and cannot be read. Nothing if no cell has finished.
    pub(crate) fn train_only(
        &self,
        cells: &mut Cells<'_>,
        what: &str,
        setup: &ArmSetup,
        seeds: &[u64],
    ) -> Option<Result<ArmRuns, String>> {
        // All seeds of the same settings have one folder.
        let folder = seeds.iter().fold(None, |folder, &seed| {
            self.run(cells, what, &setup.seeded(seed)).or(folder)
        });
        let own = |mut arm: ArmRuns| {
            arm.runs
                .retain(|run| seeds.contains(&run.manifest.job.seed));
            arm
        };
        let arm = read_arm(&folder?).map(own);
        Some(arm.map_err(|error| error.to_string()))
    }

    /// Runs an arm, or takes its finished run. The folder of its settings, which holds all its
    /// seeds.
    fn run(&self, cells: &mut Cells<'_>, what: &str, setup: &ArmSetup) -> Option<PathBuf> {
        let ArmSetup { entry, job } = setup;
        let cell = Cell {
            label: format!("{}/{what}/seed-{}", setup.place(), job.seed),
            place: format!("runs/{}", self.folder_name(job)),
            value_of: None,
        };
        let (label, out) = (cell.label.clone(), self.out.join(&cell.place));
        // The folder is of these settings and data; which program trained it stands in its manifest.
        let finished = || -> Result<Option<PathBuf>, StudyError> {
            Ok(entry.finished(job, &out)?.map(|_| out.clone()))
        };
        let (progress, anew) = (cells.progress(), cells.is_named(&label));
        cells.run(job, cell, finished, || {
            if anew && finished()?.is_some() {
                let folder = Folder::of(&out, &job.task, &job.arm, job.seed);
                let path = folder.path();
                fs::remove_dir_all(path).map_err(StudyError::file(path))?;
            }
            let observer = progress.observer(&label);
            let (data, device) = (self.data(job), &self.device);
            entry.run(job, &out, data, device, &self.program, &*observer)?;
            Ok(out.clone())
        })
    }

    /// `<task>-<arm>-<digest>`: the same for all seeds of the same settings, whichever study asks.
    fn folder_name(&self, job: &Job) -> String {
        let mut settings = job.clone();
        settings.seed = 0;
        let data = self.data(job).sha256();
        let text = json!({"job": settings, "data": data, "device": self.device.name}).to_string();
        let digest = Sha256::digest(text.as_bytes());
        let word = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        format!("{}-{}-{word:08x}", job.task, job.arm)
    }
}

/// Places of arms with seeds of theirs: the first seed of every arm before the second of any.
pub(crate) fn in_turn(
    setups: &[ArmSetup],
    seeds: impl Fn(&str) -> Result<Vec<u64>, StudyError>,
) -> Result<Vec<(usize, u64)>, StudyError> {
    let seeds: Vec<Vec<u64>> = setups
        .iter()
        .map(|setup| seeds(&setup.job.task))
        .collect::<Result<_, _>>()?;
    let most = seeds.iter().map(Vec::len).max().unwrap_or(0);
    let turn = |turn: usize| {
        let own = seeds.iter().enumerate();
        own.filter_map(move |(place, seeds)| Some((place, *seeds.get(turn)?)))
    };
    Ok((0..most).flat_map(turn).collect())
}

/// The seeds of one arm below the folder of its settings.
pub(crate) fn read_arm(folder: &Path) -> Result<ArmRuns, StudyError> {
    let none = |problem: String| StudyError::NoRun {
        folder: folder.into(),
        problem,
    };
    let set = RunSet::read(folder)?;
    if let Some(broken) = set.broken.first() {
        return Err(none(format!(
            "{}: {}",
            broken.path.display(),
            broken.reason
        )));
    }
    let arm = set.arms().next().cloned();
    arm.ok_or_else(|| none("no run".into()))
}
