//! How the jobs of a plan stand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use twirl_record::{JobStanding, Plan, Standing};

use crate::program;

/// A job and how it stands.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Stand {
    /// Its place in the plan.
    pub(crate) job: usize,
    /// `task/arm/seed-n`, or the label of a cell.
    pub(crate) name: String,
    pub(crate) task: String,
    pub(crate) arm: String,
    pub(crate) seed: u64,
    /// Last step of its schedule; 0 of a cell that is a value.
    pub(crate) steps: u64,
    #[serde(flatten)]
    pub(crate) found: JobStanding,
}

impl Stand {
    pub(crate) fn standing(&self) -> Standing {
        self.found.standing
    }
}

/// How a job of a plan stands, from its folder alone.
pub(crate) fn standing(plan: &Plan, out: &Path, number: usize) -> Result<JobStanding> {
    Ok(twirl_studies::standing(
        plan,
        out,
        number,
        &program::identity(),
    )?)
}

/// How every job of a plan stands, from the folders alone.
pub(crate) fn survey(plan: &Plan, out: &Path) -> Vec<Stand> {
    let stand = |number: usize| {
        let job = &plan.jobs[number];
        let cell = plan.cell(number);
        let is_value = cell.is_some_and(|cell| cell.value_of.is_some());
        // What cannot be read is no reason to know nothing of the others.
        let found = standing(plan, out, number).unwrap_or_else(|error| JobStanding {
            standing: Standing::Failed,
            step: 0,
            attempts: 0,
            fruitless: 0,
            reason: Some(error.to_string()),
        });
        Stand {
            job: number,
            name: plan.name(number),
            task: job.task.clone(),
            arm: job.arm.clone(),
            seed: job.seed,
            steps: if is_value { 0 } else { job.train.steps },
            found,
        }
    };
    (0..plan.jobs.len()).map(stand).collect()
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
