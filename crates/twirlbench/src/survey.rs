//! How the jobs of a plan stand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use twirl_harness::{Folder, Job};
use twirl_record::{JobStanding, Plan, Standing};

use crate::jobs::job_name;

/// A job and how it stands.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Stand {
    /// Its place in the plan.
    pub(crate) job: usize,
    /// `task/arm/seed-n`.
    pub(crate) name: String,
    pub(crate) task: String,
    pub(crate) arm: String,
    pub(crate) seed: u64,
    /// Last step of its schedule.
    pub(crate) steps: u64,
    #[serde(flatten)]
    pub(crate) found: JobStanding,
}

impl Stand {
    pub(crate) fn standing(&self) -> Standing {
        self.found.standing
    }
}

/// How every job of a plan stands, from the folders alone.
pub(crate) fn survey(plan: &Plan, out: &Path) -> Vec<Stand> {
    let stand = |(number, job): (usize, &Job)| {
        let folder = Folder::of(out, &job.task, &job.arm, job.seed);
        // What cannot be read is no reason to know nothing of the others.
        let found = folder.standing(job).unwrap_or_else(|error| JobStanding {
            standing: Standing::Failed,
            step: 0,
            attempts: 0,
            fruitless: 0,
            reason: Some(error.to_string()),
        });
        Stand {
            job: number,
            name: job_name(job),
            task: job.task.clone(),
            arm: job.arm.clone(),
            seed: job.seed,
            steps: job.train.steps,
            found,
        }
    };
    plan.jobs.iter().enumerate().map(stand).collect()
}

/// The jobs that nobody does and that wait in no queue, of fewer than so many fruitless attempts.
pub(crate) fn to_do(stands: &[Stand], attempts: usize, queued: &BTreeSet<usize>) -> Vec<usize> {
    let open = stands.iter().filter(|stand| {
        let busy = matches!(stand.standing(), Standing::Done | Standing::Running);
        !busy && stand.found.fruitless < attempts && !queued.contains(&stand.job)
    });
    open.map(|stand| stand.job).collect()
}

/// How many jobs stand how.
pub(crate) fn counts<'a>(stands: impl IntoIterator<Item = &'a Stand>) -> BTreeMap<Standing, usize> {
    let mut counts = BTreeMap::new();
    for stand in stands {
        *counts.entry(stand.standing()).or_insert(0) += 1;
    }
    counts
}

/// `3 done, 1 failed`.
pub(crate) fn in_words(counts: &BTreeMap<Standing, usize>) -> String {
    let parts = counts
        .iter()
        .map(|(standing, count)| format!("{count} {}", standing.name()));
    parts.collect::<Vec<_>>().join(", ")
}
