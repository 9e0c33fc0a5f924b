//! Runs, grouped by task, arm and seed.

use std::path::PathBuf;

use twirl_record::{EXACT, Manifest, Picture, Record, Status};

use crate::studies::StudyVerdict;

/// One part of so many of a run's steps is the least that a search for its learning rate should take.
const SHORT: u64 = 20;

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
    /// Why.
    pub reason: String,
}

/// Everything that was found below a folder.
#[derive(Debug, Clone)]
pub struct RunSet {
    /// Tasks in alphabetical order.
    pub tasks: Vec<TaskRuns>,
    /// Folders left out.
    pub broken: Vec<Broken>,
    /// Studies in the folder, in alphabetical order.
    pub studies: Vec<StudyVerdict>,
    /// Studies in folders beside it.
    pub beside: Vec<StudyVerdict>,
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

    /// Step of the last record; 0 without one.
    pub fn last_step(&self) -> u64 {
        self.last().map_or(0, |record| record.step)
    }

    /// Steps and device seconds spent: of the manifest, or of the last record while it is not final.
    pub fn spent(&self) -> (u64, f64) {
        let manifest = (self.manifest.steps, self.manifest.device_seconds);
        match self.last() {
            Some(last) if manifest.0 <= last.step => (last.step, last.device_seconds),
            _ => manifest,
        }
    }
}

impl ArmRuns {
    /// `task/arm`.
    pub fn place(&self) -> String {
        format!("{}/{}", self.task, self.arm)
    }

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

    /// The last records of the counted runs.
    pub fn last_records(&self) -> Vec<&Record> {
        self.counted().iter().filter_map(|run| run.last()).collect()
    }

    /// Seeds that ended before their last step or budget: by an error, for want of memory, at a limit
    /// of time. Interrupted ones, which can be resumed, are not among them.
    pub fn failed(&self) -> usize {
        let failed = [
            Status::Failed,
            Status::OutOfMemory,
            Status::Killed,
            Status::Timeout,
        ];
        let runs = self.runs.iter();
        runs.filter(|run| failed.contains(&run.manifest.status))
            .count()
    }

    /// The best rate of a counted run's search where that is an edge of its grid.
    pub fn rate_at_edge(&self) -> Option<f64> {
        self.counted().iter().find_map(|run| {
            let search = run.manifest.search.as_ref()?;
            search.best().filter(|_| search.at_edge())
        })
    }

    /// Steps of a search for the learning rate, and of the run that it was for, where the first are less
    /// than a twentieth: the further a rate is carried over, the less is known of it.
    pub fn short_search(&self) -> Option<[u64; 2]> {
        let runs = self.counted();
        let steps = runs.iter().filter_map(|run| {
            let searched = run.manifest.search.as_ref()?.steps;
            let trained = run.last()?.step;
            (searched * SHORT < trained).then_some([searched, trained])
        });
        steps.max_by_key(|[_, trained]| *trained)
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

impl TaskRuns {
    /// The runs that figures are made of.
    pub fn counted(&self) -> impl Iterator<Item = &Run> {
        self.arms.iter().flat_map(ArmRuns::counted)
    }

    /// The arm that another one is a control of, as its runs declare it.
    pub fn controlled_by(&self, control: &ArmRuns) -> Option<&ArmRuns> {
        let name = control.runs.first()?.manifest.control_of.as_ref()?;
        self.arms.iter().find(|arm| arm.arm == *name)
    }
}

impl RunSet {
    /// All arms of all tasks.
    pub fn arms(&self) -> impl Iterator<Item = &ArmRuns> {
        self.tasks.iter().flat_map(|task| &task.arms)
    }
}
