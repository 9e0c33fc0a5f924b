//! `twirlbench status`: how the jobs of a plan stand, from their folders alone.

use std::fmt::Write as _;
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde_json::json;
use twirl_record::{Plan, Standing};

use crate::print::say;
use crate::survey::{Stand, counts, in_words, survey};

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The folder that `run`, `plan` or `study --plan` wrote
    dir: PathBuf,
    /// Look again every so many seconds, until all jobs are done
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10", conflicts_with = "json",
          value_parser = clap::value_parser!(u64).range(1..))]
    watch: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &StatusArgs) -> Result<ExitCode> {
    let plan = Plan::read(&args.dir)?;
    let mut shown = None;
    loop {
        let stands = survey(&plan, &args.dir);
        if args.json {
            let mut all = json!({ "suite": plan.suite, "jobs": stands });
            if let Some(study) = &plan.study {
                all["study"] = json!(study.name);
            }
            say!("{all:#}");
            return Ok(ExitCode::SUCCESS);
        }
        let text = text(&stands);
        if shown.as_ref() != Some(&text) {
            if args.watch.is_some() && stdout().is_terminal() {
                say!("\x1b[2J\x1b[H{text}");
            } else {
                say!("{text}");
            }
            shown = Some(text);
        }
        let done = stands
            .iter()
            .all(|stand| stand.standing() == Standing::Done);
        match args.watch {
            Some(seconds) if !done => sleep(Duration::from_secs(seconds)),
            _ => return Ok(ExitCode::SUCCESS),
        }
    }
}

/// A line for each arm, one for each of its jobs that is begun and not done, and a last one for all.
fn text(stands: &[Stand]) -> String {
    let mut text = String::new();
    let mut places: Vec<(&str, &str)> = Vec::new();
    for Stand { task, arm, .. } in stands {
        if !places.contains(&(task.as_str(), arm.as_str())) {
            places.push((task, arm));
        }
    }
    for (task, arm) in places {
        let place = format!("{task}/{arm}");
        let of_arm = || {
            let all = stands.iter();
            all.filter(|stand| (&*stand.task, &*stand.arm) == (task, arm))
        };
        let _ = writeln!(text, "{place:44} {}", in_words(&counts(of_arm())));
        for stand in of_arm() {
            if !matches!(stand.standing(), Standing::Done | Standing::Missing) {
                let _ = writeln!(text, "  {}", line(stand, &place));
            }
        }
    }
    let _ = write!(text, "{} jobs: {}", stands.len(), in_words(&counts(stands)));
    text
}

/// `job 3, seed 1: failed at step 40 of 300, attempt 2: why`.
fn line(stand: &Stand, place: &str) -> String {
    let Stand {
        job,
        name,
        steps,
        found,
        ..
    } = stand;
    // The end of `task/arm/seed-1` or `task/arm/variant/seed-1`.
    let part = name.strip_prefix(place).unwrap_or(name);
    let part = part.trim_start_matches('/').replace("seed-", "seed ");
    let mut line = format!("job {job}, {part}: {}", found.standing.name());
    if *steps > 0 {
        let _ = write!(line, " at step {} of {steps}", found.step);
    }
    if found.attempts > 1 {
        let _ = write!(line, ", attempt {}", found.attempts);
    }
    if let Some(reason) = &found.reason {
        let _ = write!(line, ": {reason}");
    }
    line
}
