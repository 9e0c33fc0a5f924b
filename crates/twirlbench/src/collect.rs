//! `twirlbench collect`: what is missing or failed once more, up to a bound; then the report or the verdict.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use twirl_harness::Entry;
use twirl_record::{Plan, Standing};

use crate::data_cache::CacheArgs;
use crate::execute::{Execution, conclude};
use crate::jobs::{Sharing, lanes};
use crate::print::{say, tell};
use crate::slurm::Cluster;
use crate::survey::{Stand, counts, in_words, survey, to_do};

/// Exit code while jobs are at work or in the queue: come again (`EX_TEMPFAIL`).
const LATER: u8 = 75;

#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    /// The folder that `plan` or `study --plan` wrote
    dir: PathBuf,
    /// Attempts in a row that bring a job no further, after which it is left
    #[arg(long, value_name = "N", default_value_t = 3)]
    attempts: usize,
    /// Do here what is to be done, instead of handing it to the queue
    #[arg(long)]
    local: bool,
    /// With --local: runs at once on the CPU
    #[arg(long, value_name = "K", requires = "local")]
    jobs: Option<usize>,
    #[command(flatten)]
    cache: CacheArgs,
}

/// Runs the command. Exit code 0 if every job is done, 75 while some are at work or in the queue, 1 if
/// some have been left.
pub(crate) fn run(args: &CollectArgs, entries: &[Entry]) -> Result<ExitCode> {
    let plan = Plan::read(&args.dir)?;
    if args.local {
        here(args, &plan, entries)
    } else {
        there(args, &plan, entries)
    }
}

fn here(args: &CollectArgs, plan: &Plan, entries: &[Entry]) -> Result<ExitCode> {
    let sharing = Sharing {
        at_once: args.jobs,
        slice_seconds: None,
    };
    let lanes = lanes(&plan.device, sharing.or_of(plan))?;
    let execution = Execution::new(plan, &args.dir, entries, &lanes, args.cache.cache()?);
    loop {
        let stands = survey(plan, &args.dir);
        let again = to_do(&stands, args.attempts, &BTreeSet::new());
        if again.is_empty() {
            return end(args, plan, &stands, entries);
        }
        if let Some(code) = execution.attempt(again)? {
            return Ok(code);
        }
    }
}

fn there(args: &CollectArgs, plan: &Plan, entries: &[Entry]) -> Result<ExitCode> {
    let stands = survey(plan, &args.dir);
    if stands
        .iter()
        .all(|stand| stand.standing() == Standing::Done)
    {
        return end(args, plan, &stands, entries);
    }
    let cluster = Cluster::submitted(plan, &args.dir)?;
    let queued = cluster.queued();
    let again = to_do(&stands, args.attempts, &queued);
    if !again.is_empty() {
        cluster.submit(&again)?;
    } else if queued.is_empty() {
        return end(args, plan, &stands, entries);
    }
    say!("{}", in_words(&counts(&stands)));
    let place = args.dir.display();
    say!(
        "not at its end: {} submitted, {} in the queue; collect {place} again later",
        again.len(),
        queued.len()
    );
    Ok(ExitCode::from(LATER))
}

/// Nothing more is to be done: says what was left, and makes the report or the verdict.
fn end(args: &CollectArgs, plan: &Plan, stands: &[Stand], entries: &[Entry]) -> Result<ExitCode> {
    let running = |stand: &&Stand| stand.standing() == Standing::Running;
    if let Some(stand) = stands.iter().find(running) {
        tell!(
            "{} is at work; collect {} again later",
            stand.name,
            args.dir.display()
        );
        return Ok(ExitCode::from(LATER));
    }
    let left: Vec<&Stand> = stands
        .iter()
        .filter(|stand| stand.standing() != Standing::Done)
        .collect();
    for stand in &left {
        let reason = stand
            .found
            .reason
            .as_deref()
            .unwrap_or("no reason is known");
        let (count, standing) = (stand.found.attempts, stand.standing().name());
        tell!(
            "left after {count} attempts: {}: {standing}: {reason}",
            stand.name
        );
    }
    let failed = conclude(plan, &args.dir, entries, args.cache.cache()?.as_ref())?;
    Ok(ExitCode::from(u8::from(failed || !left.is_empty())))
}
