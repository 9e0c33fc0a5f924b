//! What a study looks at: tasks, arms, data sets, and where its cells lie.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use twirl_core::{Design, Symmetry};
use twirl_data::DataSet;
use twirl_harness::{
    DeviceChoice, Entry, Folder, Job, Lab, Manifest, Probe, ScheduleKind, Search, Status, Training,
};
use twirl_report::{ArmRuns, RunSet};

use crate::plan::{DataSets, find};
use crate::progress::Bar;
use crate::study::budget::Budgets;
use crate::study::cell::Cells;
use crate::suite::merge;

/// Settings by task and arm.
pub(crate) type LabSizes = BTreeMap<(String, String), Value>;

/// Everything that the studies share.
pub(crate) struct Scope<'a> {
    pub(crate) entries: &'a [Entry],
    /// One job of every arm of the suite, of the first seed.
    pub(crate) jobs: Vec<Job>,
    /// Settings of each task in runs and in labs, complete.
    pub(crate) settings: BTreeMap<String, [Value; 2]>,
    pub(crate) lab_sizes: LabSizes,
    pub(crate) sets: DataSets,
    pub(crate) budgets: Budgets,
    /// Seeds that were asked for; empty: those of the budgets.
    pub(crate) seeds: Vec<u64>,
    pub(crate) device: DeviceChoice,
    pub(crate) out: PathBuf,
    pub(crate) program: BTreeMap<String, String>,
}

/// An arm with its settings: what a cell is made of.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) entry: Entry,
    pub(crate) job: Job,
}

impl Subject {
    /// `task/arm`.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.job.task, self.job.arm)
    }

    /// The same with another seed.
    pub(crate) fn seeded(&self, seed: u64) -> Self {
        let mut other = self.clone();
        other.job.seed = seed;
        other
    }

    /// The same with changed settings of the arm, checked and completed.
    pub(crate) fn with_arm(&self, change: impl FnOnce(&mut Value) -> Result<()>) -> Result<Self> {
        let mut other = self.clone();
        change(&mut other.job.arm_config)?;
        let complete = self
            .entry
            .complete(&self.job.task_config, &other.job.arm_config)?;
        other.job.arm_config = complete.arm_config;
        Ok(other)
    }

    /// The same with `width` multiplied.
    pub(crate) fn wider(&self, factor: f64) -> Result<Self> {
        self.with_arm(|config| {
            let Some(width) = config["width"].as_u64() else {
                bail!(
                    "{} has no setting `width` to scale; give presets",
                    self.place()
                );
            };
            config["width"] = json!((width as f64 * factor).round() as u64);
            Ok(())
        })
    }
}

/// The settings that the budget gives to arms where a study trains them itself, complete, by task and
/// arm.
pub(crate) fn lab_sizes(entries: &[Entry], jobs: &[Job], budgets: &Budgets) -> Result<LabSizes> {
    let mut sizes = BTreeMap::new();
    for job in jobs {
        let own = budgets.task.get(&job.task);
        if let Some(arm) = own.and_then(|own| own.arm.get(&job.arm)) {
            let complete = find(entries, &job.task, &job.arm)?
                .complete(&job.task_config, &Value::Object(arm.clone()));
            let place = || format!("budget of the studies, arm {}/{}", job.task, job.arm);
            let config = complete.with_context(place)?.arm_config;
            sizes.insert((job.task.clone(), job.arm.clone()), config);
        }
    }
    Ok(sizes)
}

/// The settings of every task in runs and in labs: those of its job with the budget's on top.
pub(crate) fn settings(
    entries: &[Entry],
    jobs: &[Job],
    budgets: &Budgets,
) -> Result<BTreeMap<String, [Value; 2]>> {
    let mut all = BTreeMap::new();
    for job in jobs {
        if all.contains_key(&job.task) {
            continue;
        }
        let own = budgets.task.get(&job.task).cloned().unwrap_or_default();
        let entry = find(entries, &job.task, &job.arm)?;
        let on_top = |over: Map<String, Value>| -> Result<Value> {
            let mut config = job.task_config.clone();
            merge(&mut config, &Value::Object(over));
            let complete = entry.complete(&config, &job.arm_config);
            let place = || format!("budget of the studies, task {}", job.task);
            Ok(complete.with_context(place)?.task_config)
        };
        all.insert(job.task.clone(), [on_top(own.runs)?, on_top(own.labs)?]);
    }
    Ok(all)
}

impl Scope<'_> {
    /// The first `count` arms of each task that are trained so.
    pub(crate) fn arms(&self, training: Training, count: usize) -> Vec<Subject> {
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        let mut subjects = Vec::new();
        for job in &self.jobs {
            let Ok(entry) = find(self.entries, &job.task, &job.arm) else {
                continue;
            };
            let number = taken.entry(&job.task).or_default();
            let own = self.budgets.task.get(&job.task).and_then(|own| own.arms);
            let count = own.map_or(count, |own| own.min(count));
            if entry.training == training && *number < count {
                *number += 1;
                subjects.push(Subject {
                    entry: *entry,
                    job: job.clone(),
                });
            }
        }
        subjects
    }

    pub(crate) fn seeds<'s>(&'s self, budget: &'s [u64]) -> &'s [u64] {
        if self.seeds.is_empty() {
            budget
        } else {
            &self.seeds
        }
    }

    pub(crate) fn data(&self, job: &Job) -> &DataSet {
        &self.sets[&(job.task.clone(), job.data.clone())]
    }

    /// The subject with the settings of a run of the studies.
    pub(crate) fn for_runs(&self, subject: &Subject) -> Subject {
        let runs = &self.budgets.runs;
        let mut subject = subject.clone();
        subject.job.task_config = self.settings[&subject.job.task][0].clone();
        let train = &mut subject.job.train;
        train.steps = runs.steps;
        train.budget_seconds = self.budgets.run_seconds(&subject.job.task);
        // Rates are the suite's, which knows the task; steps and items are the budget's.
        let suite = train.search.take();
        train.search = Some(Search {
            rates: suite.map_or_else(|| runs.search.rates.clone(), |search| search.rates),
            ..runs.search.clone()
        });
        train.evaluation.items = match train.evaluation.items {
            0 => runs.items,
            items => items.min(runs.items),
        };
        train.evaluation.per_decade = runs.per_decade;
        train.evaluation.companions.clear();
        train.checkpoint_every = 0;
        subject
    }

    /// Runs a subject, or takes its finished run. The folder of its settings, which holds all its
    /// seeds.
    pub(crate) fn run(&self, cells: &mut Cells, what: &str, subject: &Subject) -> Option<PathBuf> {
        let Subject { entry, job } = subject;
        let out = self.out.join("runs").join(self.name(job));
        let folder = Folder::of(&out, &job.task, &job.arm, job.seed);
        let finished = || {
            let manifest: Manifest = folder.read_manifest().ok()??;
            let same = manifest.job == *job
                && manifest.data.sha256 == self.data(job).sha256()
                && manifest.program == self.program
                && manifest.resumed_by.is_empty();
            (manifest.status == Status::Ok && same).then(|| out.clone())
        };
        let label = format!("{}/{what}/seed-{}", subject.place(), job.seed);
        let bar = Bar::new(label.clone());
        let result = cells.run(&label, finished(), || {
            if finished().is_some() {
                let path = folder.path();
                fs::remove_dir_all(path).with_context(|| path.display().to_string())?;
            }
            entry.run(job, &out, self.data(job), &self.device, &self.program, &bar)?;
            Ok(out.clone())
        });
        bar.finish();
        result
    }

    /// `<task>-<arm>-<digest>`: the same for all seeds of the same settings, whichever study asks.
    fn name(&self, job: &Job) -> String {
        let mut settings = job.clone();
        settings.seed = 0;
        let data = self.data(job).sha256();
        let text = json!({"job": settings, "data": data, "device": self.device.name}).to_string();
        let digest = Sha256::digest(text.as_bytes());
        let word = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        format!("{}-{}-{word:08x}", job.task, job.arm)
    }

    /// The subject as a study trains it itself: raw weights, a fixed learning rate, the size that the
    /// budget gives to it.
    fn for_lab(&self, subject: &Subject) -> Subject {
        let mut subject = subject.clone();
        subject.job.task_config = self.settings[&subject.job.task][1].clone();
        let place = (subject.job.task.clone(), subject.job.arm.clone());
        if let Some(config) = self.lab_sizes.get(&place) {
            subject.job.arm_config.clone_from(config);
        }
        let train = &mut subject.job.train;
        train.steps = 1_000_000;
        train.budget_seconds = None;
        train.search = None;
        train.learning_rate = self.budgets.lab.learning_rate;
        train.schedule.kind = ScheduleKind::Constant;
        train.schedule.warmup = 20;
        train.ema = 0.0;
        train.evaluation.companions.clear();
        subject
    }

    /// The first `count` augmented arms of each task as the studies train them themselves.
    pub(crate) fn lab_arms(&self, count: usize) -> Vec<Subject> {
        let arms = self.arms(Training::Augmented, count);
        arms.iter().map(|subject| self.for_lab(subject)).collect()
    }

    pub(crate) fn lab(&self, subject: &Subject) -> Result<Box<dyn Lab>> {
        let data = self.data(&subject.job);
        Ok(subject.entry.lab(&subject.job, data, &self.device)?)
    }

    /// One cell for every seed of the first `count` augmented arms of each task, seed by seed: of
    /// every arm, the seeds that have a value. `budget` is what a cell depends on besides its job.
    pub(crate) fn over_seeds<T, B>(
        &self,
        cells: &mut Cells,
        count: usize,
        budget: impl Fn(&str) -> B,
        make: impl Fn(&Scope<'_>, &Subject) -> Result<T>,
    ) -> Vec<(Subject, Vec<(u64, T)>)>
    where
        T: Serialize + DeserializeOwned,
        B: Serialize,
    {
        let arms = self.lab_arms(count).into_iter();
        let mut arms: Vec<_> = arms.map(|subject| (subject, Vec::new())).collect();
        for &seed in self.seeds(&self.budgets.lab.seeds) {
            for (subject, seeds) in &mut arms {
                let subject = subject.seeded(seed);
                let label = format!("{}/seed-{seed}", subject.place());
                let key = self.key(&subject, &budget(&subject.job.task));
                if let Some(value) = cells.value(&label, &key, || make(self, &subject)) {
                    seeds.push((seed, value));
                }
            }
        }
        arms
    }

    /// What a cell's value depends on besides its own settings.
    pub(crate) fn key(&self, subject: &Subject, settings: &impl Serialize) -> Value {
        json!({
            "job": subject.job,
            "data": self.data(&subject.job).sha256(),
            "device": self.device.name,
            "float": self.float(),
            "batch": self.budgets.lab.batch,
            "program": self.program,
            "settings": settings,
        })
    }

    /// Float type of the tensors.
    pub(crate) fn float(&self) -> String {
        format!("{:?}", self.device.device.settings().float_dtype).to_lowercase()
    }

    /// A probe of test items, thinned evenly to `items`.
    pub(crate) fn probe(
        &self,
        lab: &dyn Lab,
        subject: &Subject,
        items: usize,
        design: Design,
    ) -> Probe {
        let all = lab.items(twirl_data::Split::Test);
        let count = items.min(all.len());
        debug_assert!(design.rotations(Symmetry::So3) > 0);
        Probe {
            items: (0..count).map(|i| all[i * all.len() / count]).collect(),
            design,
            symmetry: Symmetry::So3,
            seed: subject.job.measure_seed,
            noise: subject.job.measure_seed,
            batch: self.budgets.lab.batch,
        }
    }
}

/// The seeds of one arm below a folder that [`Scope::run`] returned.
pub(crate) fn read_arm(folder: &Path) -> Result<ArmRuns> {
    let set = RunSet::read(folder)?;
    if let Some(broken) = set.broken.first() {
        bail!("{}: {}", broken.path.display(), broken.reason);
    }
    let arm = set.arms().next().cloned();
    arm.with_context(|| format!("{}: no run", folder.display()))
}
