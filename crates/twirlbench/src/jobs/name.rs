//! Jobs by number or name.

use anyhow::{Result, bail};
use twirl_harness::Job;
use twirl_record::Plan;

/// `task/arm/seed-n`: the folder of a job inside of its results folder.
pub(crate) fn job_name(job: &Job) -> String {
    format!("{}/{}/seed-{}", job.task, job.arm, job.seed)
}

/// The place of a job in a plan, from its number (from 0) or its name.
///
/// # Errors
/// If there is none.
pub(crate) fn find_job(plan: &Plan, wanted: &str) -> Result<usize> {
    let count = plan.jobs.len();
    if let Ok(number) = wanted.parse::<usize>() {
        if number < count {
            return Ok(number);
        }
        bail!(
            "no job {number}: the plan has {count}, from 0 to {}",
            count.saturating_sub(1)
        );
    }
    let named = |job: &Job| job_name(job) == wanted.trim_end_matches('/');
    match plan.jobs.iter().position(named) {
        Some(place) => Ok(place),
        None => bail!(
            "no job {wanted} in the plan; give a number from 0 to {} or a name like {}",
            count.saturating_sub(1),
            plan.jobs.first().map(job_name).unwrap_or_default()
        ),
    }
}
