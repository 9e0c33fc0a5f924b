//! From a suite and the arguments to a list of jobs, checked before anything is written.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use twirl_data::{DataCache, DataSet};
use twirl_harness::{Entry, Job};
use twirl_record::Plan;

use crate::options::{Selection, settings};
use crate::suite::Suite;

/// Data sets by task and name, read once.
pub(crate) type DataSets = HashMap<(String, String), DataSet>;

/// Finds the entry of a task and arm.
pub(crate) fn find<'a>(entries: &'a [Entry], task: &str, arm: &str) -> Result<&'a Entry> {
    if !entries.iter().any(|entry| entry.task == task) {
        let mut names: Vec<&str> = entries.iter().map(|entry| entry.task).collect();
        names.dedup();
        bail!("no task {task}; give one of {}", names.join(", "));
    }
    let arms: Vec<&Entry> = entries.iter().filter(|entry| entry.task == task).collect();
    arms.iter()
        .find(|entry| entry.arm == arm)
        .copied()
        .with_context(|| {
            let names: Vec<&str> = arms.iter().map(|entry| entry.arm).collect();
            format!(
                "no arm {arm} in task {task}; give one of {}",
                names.join(", ")
            )
        })
}

/// Lists the jobs of a suite as the arguments narrow it.
pub(crate) fn plan(
    suite: &Suite,
    args: &Selection,
    entries: &[Entry],
    device: &str,
) -> Result<Plan> {
    for task in &args.task {
        if !suite.task.iter().any(|known| known.name == *task) {
            let names: Vec<&str> = suite.task.iter().map(|task| task.name.as_str()).collect();
            bail!(
                "no task {task} in suite {}; it has {}",
                suite.name,
                names.join(", ")
            );
        }
    }
    let tasks = suite
        .task
        .iter()
        .filter(|task| args.task.is_empty() || args.task.contains(&task.name));
    let seeds = if args.seed.is_empty() {
        &suite.seeds
    } else {
        &args.seed
    };
    let reading = args.reading.over(&suite.data);
    let mut jobs = Vec::new();
    for task in tasks {
        let data = absolute(args.data.as_ref().unwrap_or(&task.data))?;
        let options = if data == "embedded" {
            Map::new()
        } else {
            settings(&reading)?
        };
        for arm in &task.arm {
            let entry = find(entries, &task.name, &arm.name)?;
            if !(args.arm.is_empty() || args.arm.contains(&arm.name)) {
                continue;
            }
            let mut train = suite.training(task, arm, entry.law)?;
            if let Some(budget) = args.budget {
                train.budget_seconds = Some(budget);
                train.validate().context("--budget")?;
            }
            let complete = entry.complete(
                &Value::Object(task.config.clone()),
                &Value::Object(arm.config.clone()),
            )?;
            let of_seed = |seed: u64| Job {
                task: task.name.clone(),
                arm: arm.name.clone(),
                data: data.clone(),
                data_options: options.clone(),
                seed,
                measure_seed: suite.measure_seed,
                task_config: complete.task_config.clone(),
                arm_config: complete.arm_config.clone(),
                train: train.clone(),
            };
            for &seed in seeds {
                let job = of_seed(seed);
                let place = || format!("task {}, arm {}", task.name, arm.name);
                entry.check(&job).with_context(place)?;
                jobs.push(job);
            }
        }
    }
    if jobs.is_empty() {
        bail!(
            "nothing to run: no arm of suite {} is named {}",
            suite.name,
            args.arm.join(" or ")
        );
    }
    if !reading.is_default() && jobs.iter().all(|job| job.data == "embedded") {
        bail!(
            "the embedded data sets are read as they are; give units, keys and limits with a file, \
             --data PATH"
        );
    }
    Ok(Plan {
        suite: suite.name.clone(),
        device: device.into(),
        at_once: None,
        slice_seconds: None,
        jobs,
        study: None,
    })
}

/// A path that means the same wherever the plan is read again.
fn absolute(data: &str) -> Result<String> {
    if data == "embedded" {
        return Ok(data.into());
    }
    whole_path("data set", data)
}

/// The path of a file from the root on.
pub(crate) fn whole_path(what: &str, path: &str) -> Result<String> {
    let whole = std::path::absolute(path).with_context(|| format!("{what} {path}"))?;
    whole.into_os_string().into_string().map_err(|path| {
        anyhow::anyhow!(
            "{what} {}: its path is not UTF-8; move it to one that is",
            path.display()
        )
    })
}

/// Reads every data set of the jobs that is a file, so that one that is missing or wrong is told before
/// anything is written. What comes with the program needs no look.
pub(crate) fn read_files(
    jobs: &[Job],
    entries: &[Entry],
    cache: Option<&DataCache>,
    prepare: impl Fn(&str) -> Option<String>,
) -> Result<DataSets> {
    let files = jobs.iter().filter(|job| job.data != "embedded");
    let files: Vec<Job> = files.cloned().collect();
    open_data(&files, entries, cache, prepare)
}

/// Reads every data set of the jobs once; tasks share a file that they read alike.
pub(crate) fn open_data(
    jobs: &[Job],
    entries: &[Entry],
    cache: Option<&DataCache>,
    prepare: impl Fn(&str) -> Option<String>,
) -> Result<DataSets> {
    let mut sets = DataSets::new();
    let mut files: Vec<(&Job, DataSet)> = Vec::new();
    for job in jobs {
        let key = (job.task.clone(), job.data.clone());
        if sets.contains_key(&key) {
            continue;
        }
        if job.data != "embedded"
            && !Path::new(&job.data).exists()
            && let Some(command) = prepare(&job.task)
        {
            bail!(
                "data set {} is missing; prepare it with: {command}",
                job.data
            );
        }
        let alike = |(other, _): &&(&Job, DataSet)| {
            (&other.data, &other.data_options) == (&job.data, &job.data_options)
        };
        let set = match files.iter().find(alike) {
            Some((_, set)) => set.clone(),
            None => find(entries, &job.task, &job.arm)?.open_data(job, cache)?,
        };
        if job.data != "embedded" {
            files.push((job, set.clone()));
        }
        sets.insert(key, set);
    }
    Ok(sets)
}
