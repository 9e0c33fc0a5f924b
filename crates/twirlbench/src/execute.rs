//! Runs the jobs of a plan one after the other; a failure is noted and the next goes on.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use twirl_harness::{DeviceChoice, Entry};

use crate::plan::{DataSets, Plan, find};
use crate::program;
use crate::progress::Bar;

/// Runs everything, then prints the report.
pub(crate) fn execute(
    plan: &Plan,
    out: &Path,
    entries: &[Entry],
    sets: &DataSets,
    device: &DeviceChoice,
) -> Result<ExitCode> {
    let program = program::identity();
    let mut failed = 0;
    for (place, job) in plan.jobs.iter().enumerate() {
        let entry = find(entries, &job.task, &job.arm)?;
        let data = &sets[&(job.task.clone(), job.data.clone())];
        let label = format!("{}/{} {}/{}", place + 1, plan.jobs.len(), job.task, job.arm);
        let bar = Bar::new(label);
        let result = entry.run(job, out, data, device, &program, &bar);
        bar.finish();
        if let Err(error) = result {
            failed += 1;
            eprintln!(
                "failed: {}/{} seed {}: {error}",
                job.task, job.arm, job.seed
            );
        }
    }
    let runs = twirl_report::RunSet::read(out).context("report")?;
    println!("{}", twirl_report::table(&runs));
    println!("results: {}", out.display());
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
