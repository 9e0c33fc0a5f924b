//! `twirlbench submit slurm`: the jobs of a plan as job arrays.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use twirl_record::Plan;

use crate::print::say;
use crate::slurm::{Cluster, Given};
use crate::survey::{survey, to_do};

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    #[command(subcommand)]
    queue: Queue,
}

#[derive(Debug, Subcommand)]
enum Queue {
    /// Slurm job arrays
    Slurm(SlurmArgs),
}

#[derive(Debug, Args)]
struct SlurmArgs {
    /// The folder that `plan`, `run` or `study --plan` wrote
    dir: PathBuf,
    /// Print the scripts; write and submit nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    given: Given,
}

/// Runs the command.
pub(crate) fn run(args: &SubmitArgs) -> Result<ExitCode> {
    let Queue::Slurm(SlurmArgs {
        dir,
        dry_run,
        given,
    }) = &args.queue;
    let plan = Plan::read(dir)?;
    let cluster = Cluster {
        plan: &plan,
        out: dir,
        settings: given.settings()?,
    };
    let queued = cluster.queued();
    let jobs = to_do(&survey(&plan, dir), usize::MAX, &queued);
    if jobs.is_empty() {
        say!("nothing to submit: every job is done, at work or in the queue");
    } else if *dry_run {
        cluster.show(&jobs)?;
    } else {
        cluster.submit(&jobs)?;
    }
    Ok(ExitCode::SUCCESS)
}
