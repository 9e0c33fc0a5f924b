//! Run folders as they lie on disk, grouped by task, arm and seed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use twirl_record::{EXACT, Folder, Manifest, Picture, Record, Status, read_records};

use crate::ReportError;
use crate::comparable::{comparable, same_settings};

/// One run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its folder, relative to the folder that was read.
    pub path: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Its records, in the order of their steps.
    pub records: Vec<Record>,
    /// Its pictures.
    pub pictures: Vec<Picture>,
}

/// The runs of an arm: same settings, different seeds, in the order of the seeds.
#[derive(Debug, Clone)]
pub struct ArmRuns {
    /// Task name.
    pub task: String,
    /// Arm name.
    pub arm: String,
    /// At least one run, also failed and unfinished ones.
    pub runs: Vec<Run>,
}

/// The arms of a task, in alphabetical order.
#[derive(Debug, Clone)]
pub struct TaskRuns {
    /// Task name.
    pub task: String,
    /// At least one arm.
    pub arms: Vec<ArmRuns>,
}

/// A run folder that is left out of all figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The folder, relative to the folder that was read.
    pub path: PathBuf,
    /// Why, in one line.
    pub reason: String,
}

/// Everything that was found below a folder.
#[derive(Debug, Clone)]
pub struct RunSet {
    /// Tasks in alphabetical order.
    pub tasks: Vec<TaskRuns>,
    /// Folders left out.
    pub broken: Vec<Broken>,
}

impl Run {
    /// `arm seed n`.
    pub fn label(&self) -> String {
        format!("{} seed {}", self.manifest.job.arm, self.manifest.job.seed)
    }

    /// The last record, if any.
    pub fn last(&self) -> Option<&Record> {
        self.records.last()
    }

    /// One line about how the run stands: its status, and its error if it has one.
    pub fn standing(&self) -> String {
        let status = status_name(self.manifest.status);
        let at = self.last().map_or(0, |record| record.step);
        match (&self.manifest.error, self.manifest.status) {
            (_, Status::Ok) => status.into(),
            (Some(error), _) => format!("{status} after step {at}: {}", one_line(error)),
            (None, _) => format!(
                "{status} after step {at} of {}",
                self.manifest.job.train.steps
            ),
        }
    }
}

impl ArmRuns {
    /// The runs that figures are made of: those that finished, or, where none did, those that
    /// have a record.
    pub fn counted(&self) -> Vec<&Run> {
        let with_records = || self.runs.iter().filter(|run| !run.records.is_empty());
        let finished: Vec<&Run> = with_records()
            .filter(|run| run.manifest.status == Status::Ok)
            .collect();
        if finished.is_empty() {
            with_records().collect()
        } else {
            finished
        }
    }

    /// Seeds that ended before their last step or budget: by an error, for want of memory, at a limit
    /// of time. Interrupted ones, which can be resumed, are not among them.
    pub fn failed(&self) -> usize {
        let failed = [Status::Failed, Status::OutOfMemory, Status::Timeout];
        let runs = self.runs.iter();
        runs.filter(|run| failed.contains(&run.manifest.status))
            .count()
    }

    /// Whether every measurement of every counted run found no symmetry error beyond rounding:
    /// relative error of each term at most [`EXACT`]. False without a record.
    pub fn is_exact(&self) -> bool {
        let runs = self.counted();
        !runs.is_empty()
            && runs.iter().flat_map(|run| &run.records).all(|record| {
                record.terms.values().all(|term| {
                    term.relative_equiv
                        .is_some_and(|share| share.abs() <= EXACT)
                }) && !record.terms.is_empty()
            })
    }
}

impl RunSet {
    /// Reads all runs below a folder, which may be a result folder, a task, an arm or one run.
    ///
    /// A folder that cannot be read as a run, that repeats a seed, or whose settings differ from
    /// those of its arm's other seeds is listed in [`RunSet::broken`] and left out of the rest.
    ///
    /// # Errors
    /// [`ReportError::File`] if the folder cannot be listed, [`ReportError::NoRuns`] if there is
    /// no run folder at all.
    pub fn read(dir: &Path) -> Result<Self, ReportError> {
        let mut folders = Vec::new();
        find(dir, &mut folders)?;
        if folders.is_empty() {
            return Err(ReportError::NoRuns(dir.into()));
        }
        let mut arms: BTreeMap<(String, String), Vec<Run>> = BTreeMap::new();
        let mut broken = Vec::new();
        for folder in folders {
            let path = match folder.strip_prefix(dir) {
                Ok(inner) if inner.as_os_str().is_empty() => folder
                    .file_name()
                    .map_or_else(|| folder.clone(), PathBuf::from),
                Ok(inner) => inner.into(),
                Err(_) => folder.clone(),
            };
            match read_run(&folder, path.clone()) {
                Ok(run) => {
                    let job = &run.manifest.job;
                    arms.entry((job.task.clone(), job.arm.clone()))
                        .or_default()
                        .push(run);
                }
                Err(reason) => broken.push(Broken {
                    path,
                    reason: one_line(&reason),
                }),
            }
        }
        let mut tasks: Vec<TaskRuns> = Vec::new();
        for ((task, arm), runs) in arms {
            let runs = agreeing(runs, &mut broken);
            match tasks.last_mut() {
                Some(last) if last.task == task => last.arms.push(ArmRuns { task, arm, runs }),
                _ => tasks.push(TaskRuns {
                    task: task.clone(),
                    arms: vec![ArmRuns { task, arm, runs }],
                }),
            }
        }
        broken.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { tasks, broken })
    }

    /// All arms of all tasks.
    pub fn arms(&self) -> impl Iterator<Item = &ArmRuns> {
        self.tasks.iter().flat_map(|task| &task.arms)
    }
}

/// Keeps the runs that share the first one's settings, one of each seed.
fn agreeing(mut runs: Vec<Run>, broken: &mut Vec<Broken>) -> Vec<Run> {
    runs.sort_by_key(|run| run.manifest.job.seed);
    let mut kept: Vec<Run> = Vec::new();
    for run in runs {
        let seed = run.manifest.job.seed;
        let reason = match kept.first() {
            None => None,
            Some(first) => comparable(&first.manifest, &run.manifest)
                .and_then(|()| same_settings(&first.manifest, &run.manifest))
                .err()
                .map(|reason| {
                    format!(
                        "not the same experiment as {}: {reason}",
                        first.path.display()
                    )
                }),
        };
        let twin = kept.iter().find(|other| other.manifest.job.seed == seed);
        let reason = reason
            .or_else(|| twin.map(|twin| format!("repeats seed {seed} of {}", twin.path.display())));
        match reason {
            Some(reason) => broken.push(Broken {
                path: run.path,
                reason,
            }),
            None => kept.push(run),
        }
    }
    kept
}

/// Collects run folders; symbolic links and hidden folders are not followed.
fn find(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), ReportError> {
    let is_seed = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("seed-"))
    };
    let folder = Folder::at(dir);
    if is_seed(dir) || folder.manifest().exists() || folder.records().exists() {
        found.push(dir.into());
        return Ok(());
    }
    let mut inner = Vec::new();
    for entry in fs::read_dir(dir).map_err(ReportError::file(dir))? {
        let entry = entry.map_err(ReportError::file(dir))?;
        let kind = entry.file_type().map_err(ReportError::file(entry.path()))?;
        if kind.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            inner.push(entry.path());
        }
    }
    inner.sort();
    inner.iter().try_for_each(|path| find(path, found))
}

fn read_run(folder: &Path, path: PathBuf) -> Result<Run, String> {
    let folder = Folder::at(folder);
    let manifest = folder
        .read_manifest()
        .map_err(|error| error.to_string())?
        .ok_or("manifest.json is missing; the run ended before it began, or was copied in part")?;
    let records = if folder.records().exists() {
        read_records(&folder.records()).map_err(|error| error.to_string())?
    } else {
        Vec::new()
    };
    if let (Status::Ok, Some(kept)) = (manifest.status, &manifest.records) {
        folder.holds(kept).map_err(|error| error.to_string())?;
    }
    if let Some(pair) = records.windows(2).find(|pair| pair[0].step >= pair[1].step) {
        return Err(format!(
            "records.jsonl: step {} follows step {}; resume the run to rewrite its tail",
            pair[1].step, pair[0].step
        ));
    }
    let pictures = folder.read_pictures().map_err(|error| error.to_string())?;
    for panel in pictures.iter().flat_map(|picture| &picture.panels) {
        if panel.values.len() != panel.height * panel.width || panel.values.is_empty() {
            return Err(format!(
                "pictures.json: panel {} has {} values for {} x {}",
                panel.name,
                panel.values.len(),
                panel.height,
                panel.width
            ));
        }
    }
    Ok(Run {
        path,
        manifest,
        records,
        pictures,
    })
}

/// The status as the manifest writes it.
pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Failed => "failed",
        Status::OutOfMemory => "out-of-memory",
        Status::Timeout => "timeout",
        Status::Stopped => "stopped",
    }
}

fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
