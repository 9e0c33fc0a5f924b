//! Jobs by number or name.

use anyhow::{Result, bail};
use twirl_record::Plan;

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
    let named = |&number: &usize| plan.name(number) == wanted.trim_end_matches('/');
    match (0..count).find(named) {
        Some(place) => Ok(place),
        None => bail!(
            "no job {wanted} in the plan; give a number from 0 to {} or a name like {}",
            count.saturating_sub(1),
            plan.jobs.first().map_or_else(String::new, |_| plan.name(0))
        ),
    }
}
