//! What a study needs, from the arguments of its command.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use twirl_data::DataCache;
use twirl_harness::{DeviceChoice, Entry, Job};
use twirl_studies::{Budgets, Study, StudyContext, find_study, prepare_device, read_budgets};

use super::arguments::StudyArgs;
use crate::options::Selection;
use crate::plan::{open_data, plan};
use crate::program;
use crate::suite::Suite;

/// A study to be opened. A process does this once, because it sets the float type of its device.
pub(super) struct Opening<'a> {
    pub(super) args: &'a StudyArgs,
    /// Folder of all studies.
    pub(super) out: &'a Path,
    /// Jobs of a plan: tasks without one are not opened, the others with the data of theirs.
    pub(super) planned: &'a [Job],
    pub(super) device: DeviceChoice,
    pub(super) cache: Option<&'a DataCache>,
}

impl Opening<'_> {
    /// Opens suite, budgets and data, and does something with them and the name of the suite.
    pub(super) fn with<T>(
        self,
        entries: &[Entry],
        done: impl FnOnce(&dyn Study, &str, &StudyContext<'_>) -> Result<T>,
    ) -> Result<T> {
        let Self {
            args,
            out,
            planned,
            mut device,
            cache,
        } = self;
        let study = find_study(&args.name)?;
        let mut suite = Suite::read(&args.suite)?;
        let budgets = args.budgets.as_deref();
        let budgets = read_budgets(budgets.unwrap_or(Budgets::name_for(&suite.name)))?;
        prepare_device(study, &mut device)?;
        let mut tasks = args.task.clone();
        if !planned.is_empty() {
            let of = |name: &str| planned.iter().find(|job| job.task == name);
            suite.task.retain(|task| of(&task.name).is_some());
            for task in &mut suite.task {
                task.data = of(&task.name).map_or_else(String::new, |job| job.data.clone());
            }
            tasks.clear();
        }
        let wanted = Selection {
            task: tasks,
            data: args.data.clone(),
            reading: args.reading.clone(),
            seed: vec![0],
            ..Selection::default()
        };
        let jobs = plan(&suite, &wanted, entries, &device.name)?.jobs;
        let prepare = |task: &str| {
            let known = suite.task.iter().find(|known| known.name == task)?;
            args.data.is_none().then(|| known.prepare.clone()).flatten()
        };
        let data = open_data(&jobs, entries, cache, prepare)?;
        let mut published = BTreeMap::new();
        for task in &suite.task {
            for arm in &task.arm {
                if let Some(mark) = &arm.published {
                    published.insert((task.name.clone(), arm.name.clone()), mark.clone());
                }
            }
        }
        let context = StudyContext {
            entries,
            jobs,
            data: &data,
            budgets,
            seeds: args.seed.clone(),
            published,
            device,
            out: out.to_owned(),
            program: program::identity(),
        };
        done(study, &suite.name, &context)
    }
}
