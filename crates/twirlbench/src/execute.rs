//! Runs the jobs of a plan one after the other; a failure is noted and the next goes on.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use twirl_harness::{DeviceChoice, Entry, Folder, Observer, RunError, write_whole};
use twirl_record::Plan;

use crate::args::After;
use crate::interrupt::{self, Interrupt};
use crate::log::{EventLog, LogKind};
use crate::plan::{DataSets, find};
use crate::print::{say, tell};
use crate::program;
use crate::progress::Bar;

/// Runs everything, then prints the report and writes it as a page.
pub(crate) fn execute(
    plan: &Plan,
    out: &Path,
    entries: &[Entry],
    sets: &DataSets,
    device: &DeviceChoice,
    after: After,
) -> Result<ExitCode> {
    let program = program::identity();
    interrupt::listen().context("signals")?;
    let mut failed = 0;
    for (place, job) in plan.jobs.iter().enumerate() {
        if let Some(signal) = interrupt::received() {
            return Ok(stopped(signal, &format!("after {place} jobs"), out));
        }
        let entry = find(entries, &job.task, &job.arm)?;
        let data = &sets[&(job.task.clone(), job.data.clone())];
        let label = format!("{}/{} {}/{}", place + 1, plan.jobs.len(), job.task, job.arm);
        let bar = Bar::new(label);
        let folder = Folder::of(out, &job.task, &job.arm, job.seed);
        let log = after
            .log
            .map(|LogKind::Tensorboard| EventLog::new(&folder, &bar));
        let observer: &dyn Observer = match &log {
            Some(log) => log,
            None => &bar,
        };
        let result = entry.run(job, out, data, device, &program, observer);
        bar.finish();
        let logged = log.map_or(Ok(()), EventLog::finish);
        if let (Err(RunError::Interrupted { step }), Some(signal)) =
            (&result, interrupt::received())
        {
            let place = format!("after step {step} of {}/{}", job.task, job.arm);
            return Ok(stopped(signal, &place, out));
        }
        if let Err(error) = result.map_err(anyhow::Error::from).and(logged) {
            failed += 1;
            tell!(
                "failed: {}/{} seed {}: {error:#}",
                job.task,
                job.arm,
                job.seed
            );
        }
    }
    let runs = twirl_compare::RunSet::read(out).context("report")?;
    let page = out.join("report.html");
    write_whole(&page, twirl_report::html(&runs).as_bytes())?;
    say!("{}", twirl_report::brief(&runs));
    say!(
        "every table: twirlbench report {} --full",
        quoted(&out.to_string_lossy())
    );
    say!("results: {}", out.display());
    say!("page: {}", page.display());
    if after.open {
        open(&page);
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Says how to go on.
fn stopped(signal: Interrupt, place: &str, out: &Path) -> ExitCode {
    let out = quoted(&out.to_string_lossy());
    tell!(
        "stopped by {} {place}; go on with: twirlbench resume {out}",
        signal.name
    );
    ExitCode::from(signal.code)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+:,@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Opens a page with the program that the system has for it.
fn open(page: &Path) {
    let (program, first): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let started = Command::new(program)
        .args(first)
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        tell!("the page was not opened: {program}: {error}; open it in a browser");
    }
}
