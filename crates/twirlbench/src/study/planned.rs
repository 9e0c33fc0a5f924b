//! The cells of a study as the jobs of a plan.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use twirl_harness::{DeviceChoice, Entry};
use twirl_record::{Plan, Standing, StudyPlan};
use twirl_studies::list_cells;

use super::arguments::StudyArgs;
use super::open::Opening;
use crate::devices;
use crate::print::say;
use crate::survey::survey;

/// Lists the cells; none is made, and the device is known by its name alone.
pub(super) fn plan(args: &StudyArgs, out: &Path, entries: &[Entry]) -> Result<Plan> {
    let device = devices::name(&args.device)?;
    let cache = args.cache.cache()?;
    let opening = Opening {
        args,
        out,
        planned: &[],
        device: DeviceChoice {
            name: device.clone(),
            ..DeviceChoice::cpu()
        },
        cache: cache.as_ref(),
    };
    opening.with(entries, |study, suite, context| {
        let name = study.card().name;
        let (jobs, cells): (Vec<_>, Vec<_>) = list_cells(study, context)?.into_iter().unzip();
        if jobs.is_empty() {
            bail!("study {name} has no cell here: no arm of suite {suite} is of its kind");
        }
        let arguments = args.for_plan()?;
        Ok(Plan {
            suite: suite.to_owned(),
            device,
            at_once: None,
            slice_seconds: None,
            jobs,
            study: Some(StudyPlan {
                name: name.to_owned(),
                arguments,
                cells,
            }),
        })
    })
}

/// Prints the cells with their numbers and how they stand.
pub(super) fn list(plan: &Plan, dir: &Path) {
    let stands = survey(plan, dir);
    for stand in &stands {
        let standing = match stand.standing() {
            Standing::Done => "kept",
            other => other.name(),
        };
        say!("{:4} {:60} {standing}", stand.job, stand.name);
    }
    let kept = stands
        .iter()
        .filter(|stand| stand.standing() == Standing::Done);
    let (title, count, kept) = (plan.title(), stands.len(), kept.count());
    say!("{title}: {count} cells, {kept} kept");
}

/// Writes the plan of a study that has none; of several processes that try, one does.
///
/// # Errors
/// If the study has another one.
pub(super) fn settle(plan: &Plan, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let Err(error) = plan.write(dir) else {
        return Ok(());
    };
    let path = Plan::path(dir);
    match Plan::read(dir) {
        Ok(there) if there == *plan => Ok(()),
        Ok(_) => bail!(
            "{}: is of other cells; give the arguments with which it was made, or delete it",
            path.display()
        ),
        Err(_) => Err(error.into()),
    }
}
