//! `twirlbench study`: conducts the studies of `twirl-studies` on the arms of a suite.

mod arguments;
mod judge;
mod one_cell;
mod open;
mod planned;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use twirl_harness::{Entry, write_whole};
use twirl_studies::{Request, STUDIES, find_study};

pub(crate) use arguments::StudyArgs;
pub(crate) use judge::judge;
pub(crate) use one_cell::{CellRequest, make};

use crate::devices;
use crate::execute::{Execution, single};
use crate::jobs::{Sharing, find_job, lanes};
use crate::print::say;

/// Runs one study, or all of them one after the other.
pub(crate) fn run(args: &StudyArgs, entries: &[Entry]) -> Result<ExitCode> {
    let stem = Path::new(&args.suite).file_stem().unwrap_or_default();
    let folder = || Path::new("runs").join(format!("studies-{}", stem.to_string_lossy()));
    let out = args.out.clone().unwrap_or_else(folder);
    if args.name == "all" {
        return all(args, &out);
    }
    let dir = out.join(find_study(&args.name)?.card().name);
    let planned = || planned::plan(args, &out, entries);
    if args.cells.list {
        planned::list(&planned()?, &dir);
    } else if args.cells.plan {
        let plan = planned()?;
        planned::settle(&plan, &dir)?;
        say!("{}: {} jobs", dir.display(), plan.jobs.len());
    } else if let Some(job) = &args.cells.job {
        let plan = planned()?;
        let number = find_job(&plan, job)?;
        planned::settle(&plan, &dir)?;
        let lanes = lanes(&plan.device, Sharing::default())?;
        let execution = Execution::new(&plan, &dir, entries, &lanes, args.cache.cache()?);
        return single(&execution, number, None, None);
    } else {
        return one(args, &out, entries);
    }
    Ok(ExitCode::SUCCESS)
}

/// Every study in a process of its own, because the float type of a device is set once per
/// process.
fn all(args: &StudyArgs, out: &Path) -> Result<ExitCode> {
    if args.cells.job.is_some() {
        bail!("--job is a cell of one study; name that study instead of `all`");
    }
    let program = std::env::current_exe().context("the running program")?;
    let mut failed = 0;
    let mut index = String::from("| study | verdict |\n| --- | --- |\n");
    let judged = !(args.cells.list || args.cells.plan);
    for study in STUDIES {
        let own = StudyArgs {
            name: study.card().name.into(),
            out: Some(out.to_owned()),
            ..args.clone()
        };
        let status = Command::new(&program)
            .arg("study")
            .args(own.to_arguments()?)
            .status()
            .with_context(|| program.display().to_string())?;
        failed += usize::from(!status.success());
        if !judged {
            continue;
        }
        let verdict = std::fs::read_to_string(out.join(study.card().name).join("verdict.txt"));
        let verdict = verdict.unwrap_or_else(|error| format!("no verdict: {error}"));
        let line = verdict.trim().replace('|', "\\|");
        let _ = writeln!(index, "| [{0}]({0}/table.md) | {line} |", study.card().name);
    }
    if judged {
        write_whole(&out.join("README.md"), index.as_bytes())?;
        say!("studies: {}", out.display());
    }
    Ok(ExitCode::from(u8::from(failed > 0)))
}

fn one(args: &StudyArgs, out: &Path, entries: &[Entry]) -> Result<ExitCode> {
    let cache = args.cache.cache()?;
    let opening = open::Opening {
        args,
        out,
        planned: &[],
        device: devices::resolve(&args.device)?,
        cache: cache.as_ref(),
    };
    let failed = opening.with(entries, |study, suite, context| {
        let request = Request {
            suite: suite.to_owned(),
            tasks: args.task.clone(),
            seconds: args.seconds,
            cells: args.cell.clone(),
            kept_only: false,
        };
        judge::conducted(study, context, &request)
    })?;
    Ok(ExitCode::from(u8::from(failed)))
}
