//! Slurm: job arrays of a plan. What is done is known from the folders; the queue is asked only for what
//! still waits in it.

mod array;
mod command;
mod script;
mod settings;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use twirl_record::{Event, Plan, write_whole};

use crate::print::{say, tell};

use array::{chunks, ranges};
use command::{largest_array, sbatch, waiting};
use script::{Script, path_text};
pub(crate) use settings::{Given, Settings};

/// An array that was handed to Slurm: a line of `slurm/submitted.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Submitted {
    /// Seconds since the Unix epoch.
    time: u64,
    /// Number of the array.
    id: u64,
    /// Job of its task 0.
    first: usize,
    /// Its tasks, as Slurm writes them.
    tasks: String,
}

/// A results folder as a Slurm user sees it.
pub(crate) struct Cluster<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) out: &'a Path,
    pub(crate) settings: Settings,
}

impl<'a> Cluster<'a> {
    /// With the settings of the last submission.
    ///
    /// # Errors
    /// If there was none.
    pub(crate) fn submitted(plan: &'a Plan, out: &'a Path) -> Result<Self> {
        let path = settings_path(out);
        if !path.exists() {
            bail!(
                "{}: was not handed to Slurm yet; use `twirlbench submit slurm`, or --local to do the \
                 jobs here",
                out.display()
            );
        }
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        let settings = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        Ok(Self {
            plan,
            out,
            settings,
        })
    }

    /// The scripts of some jobs, each with the tasks that it is to have.
    fn scripts(&self, jobs: &[usize]) -> Result<Vec<(Script<'_>, String)>> {
        let largest = self.settings.max_array.unwrap_or_else(largest_array);
        let dir = std::path::absolute(self.out).context("the folder of the plan")?;
        let program = std::env::current_exe().context("the running program")?;
        let (dir, program) = (path_text(&dir)?, path_text(&program)?);
        let script = |(first, tasks): (usize, Vec<usize>)| {
            let script = Script {
                title: self.plan.title(),
                settings: &self.settings,
                dir: dir.clone(),
                program: program.clone(),
                first,
                last: (self.plan.jobs.len() - first).min(largest) - 1,
            };
            let tasks = self.settings.tasks(&ranges(&tasks));
            (script, tasks)
        };
        Ok(chunks(jobs, largest).into_iter().map(script).collect())
    }

    /// Prints what [`Cluster::submit`] would write and do.
    pub(crate) fn show(&self, jobs: &[usize]) -> Result<()> {
        for (script, tasks) in self.scripts(jobs)? {
            say!("{}", script.text()?);
            let path = self.out.join(script.place());
            say!("# sbatch --parsable --array={tasks} {}\n", path.display());
        }
        Ok(())
    }

    /// Writes the scripts of some jobs and hands them to Slurm.
    pub(crate) fn submit(&self, jobs: &[usize]) -> Result<()> {
        let folder = self.out.join("slurm");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let text = serde_json::to_vec_pretty(&self.settings).expect("settings are plain data");
        let scripts = self.scripts(jobs)?;
        for (script, _) in &scripts {
            write_whole(&self.out.join(script.place()), script.text()?.as_bytes())?;
        }
        write_whole(&settings_path(self.out), &text)?;
        for (script, tasks) in scripts {
            let id = sbatch(&self.out.join(script.place()), &tasks)?;
            let first = script.first;
            say!("array {id}: tasks {tasks}, jobs from {first}");
            let time = Event::now();
            self.note(&Submitted {
                time,
                id,
                first,
                tasks,
            })?;
        }
        Ok(())
    }

    /// Jobs that wait or run in the queue. Where it cannot be asked that is said, and none are known.
    pub(crate) fn queued(&self) -> BTreeSet<usize> {
        let lines = fs::read_to_string(submitted_path(self.out)).unwrap_or_default();
        let arrays: Vec<Submitted> = lines
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        if arrays.is_empty() {
            return BTreeSet::new();
        }
        match waiting() {
            Ok(tasks) => {
                let job = |(id, task): (u64, usize)| {
                    let array = arrays.iter().find(|array| array.id == id)?;
                    Some(array.first + task)
                };
                tasks.into_iter().filter_map(job).collect()
            }
            Err(error) => {
                tell!("the queue cannot be asked: {error:#}");
                BTreeSet::new()
            }
        }
    }

    fn note(&self, submitted: &Submitted) -> Result<()> {
        use std::io::Write as _;
        let path = submitted_path(self.out);
        let line = serde_json::to_string(submitted).expect("plain data");
        let file = fs::OpenOptions::new().append(true).create(true).open(&path);
        let written = file.and_then(|mut file| {
            writeln!(file, "{line}")?;
            file.sync_data()
        });
        written.with_context(|| path.display().to_string())
    }
}

fn settings_path(out: &Path) -> PathBuf {
    out.join("slurm/settings.json")
}

fn submitted_path(out: &Path) -> PathBuf {
    out.join("slurm/submitted.jsonl")
}
