//! Does the jobs of a plan, and makes of their results what a command promises.

use std::path::Path;
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result};
use twirl_data::DataCache;
use twirl_harness::{Entry, Job, write_whole};
use twirl_record::{Plan, Standing};

use crate::allocator::other_program;
use crate::data_cache::Shared;
use crate::interrupt::Interrupt;
use crate::jobs::{Lane, Outcome, Queue};
use crate::log::LogKind;
use crate::options::After;
use crate::plan::DataSets;
use crate::print::{say, tell};
use crate::shell::quoted;
use crate::study::judge;
use crate::survey::{Stand, survey};

/// A plan, its folder, and where its jobs are done.
pub(crate) struct Execution<'a> {
    plan: &'a Plan,
    out: &'a Path,
    entries: &'a [Entry],
    lanes: &'a [Lane],
    cache: Option<DataCache>,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        out: &'a Path,
        entries: &'a [Entry],
        lanes: &'a [Lane],
        cache: Option<DataCache>,
    ) -> Self {
        Self {
            plan,
            out,
            entries,
            lanes,
            cache,
        }
    }

    /// Keeps large data sets that have been read, so that no job decodes them again.
    pub(crate) fn keep(&self, sets: DataSets) -> Result<()> {
        let jobs: Vec<&Job> = self.plan.jobs.iter().collect();
        let shared = Shared::of(self.cache.as_ref(), self.out, &jobs);
        for ((task, data), set) in sets {
            let job = jobs
                .iter()
                .find(|job| (&job.task, &job.data) == (&task, &data));
            job.map_or(Ok(()), |job| shared.keep(job, &set))?;
        }
        Ok(())
    }

    /// The numbers of all jobs; last those whose process was ended or lacked memory, because they may
    /// end so again.
    pub(crate) fn in_order(&self) -> Vec<usize> {
        let stands = survey(self.plan, self.out);
        let died =
            |stand: &Stand| matches!(stand.standing(), Standing::Killed | Standing::OutOfMemory);
        let died: Vec<bool> = stands.iter().map(died).collect();
        let mut numbers: Vec<usize> = (0..died.len()).collect();
        numbers.sort_by_key(|&number| died[number]);
        numbers
    }

    /// Does jobs in this order, then makes what the folder ends in.
    pub(crate) fn run(&self, wanted: Vec<usize>, after: After) -> Result<ExitCode> {
        let outcome = self.outcome(wanted, after.log)?;
        if let Some(code) = self.interrupted(&outcome) {
            return Ok(code);
        }
        let failed = conclude(self.plan, self.out, self.entries, self.cache.as_ref())?;
        if after.open {
            open(&self.out.join("report.html"));
        }
        Ok(ExitCode::from(u8::from(failed || outcome.failed > 0)))
    }

    /// Does jobs in this order; the exit code, if a signal ended it.
    pub(crate) fn attempt(&self, wanted: Vec<usize>) -> Result<Option<ExitCode>> {
        let outcome = self.outcome(wanted, None)?;
        Ok(self.interrupted(&outcome))
    }

    fn interrupted(&self, outcome: &Outcome) -> Option<ExitCode> {
        let (signal, saved) = outcome.stopped.as_ref()?;
        let command = format!("resume {}", quoted(&self.out.to_string_lossy()));
        let place = place(outcome, saved);
        Some(stopped(*signal, &place, &command, signal.code))
    }

    fn outcome(&self, wanted: Vec<usize>, log: Option<LogKind>) -> Result<Outcome> {
        let jobs: Vec<&Job> = wanted
            .iter()
            .map(|&number| &self.plan.jobs[number])
            .collect();
        // One job alone decodes for itself, unless that has been done.
        let shared = match &jobs[..] {
            [_] if !Shared::is_beside(self.out) => Shared::given(self.cache.as_ref()),
            jobs => Shared::of(self.cache.as_ref(), self.out, jobs),
        };
        let queue = Queue {
            plan: self.plan,
            out: self.out,
            entries: self.entries,
            lanes: self.lanes,
            log,
            cache: shared.cache(),
        };
        let outcome = queue.run(wanted)?;
        // Who goes on after a signal finds it.
        if outcome.stopped.is_none() {
            shared.remove();
        }
        Ok(outcome)
    }
}

/// Does one job and says how it went.
pub(crate) fn single(
    execution: &Execution<'_>,
    number: usize,
    log: Option<LogKind>,
    saved_code: Option<u8>,
) -> Result<ExitCode> {
    let outcome = execution.outcome(vec![number], log)?;
    if let Some((signal, saved)) = &outcome.stopped
        && outcome.failed + outcome.done + outcome.before == 0
    {
        let folder = quoted(&execution.out.to_string_lossy());
        let command = format!("run --plan {folder} --job {number}");
        let code = saved_code.unwrap_or(signal.code);
        return Ok(stopped(*signal, &place(&outcome, saved), &command, code));
    }
    if outcome.failed > 0 {
        let code = saved_code.filter(|_| outcome.taken);
        return Ok(ExitCode::from(code.unwrap_or(1)));
    }
    let already = if outcome.before > 0 { " already" } else { "" };
    say!("{}: done{already}", execution.plan.name(number));
    Ok(ExitCode::SUCCESS)
}

/// Makes what a folder ends in: the report of a suite, or the verdict of a study, of which a cell may fail.
pub(crate) fn conclude(
    plan: &Plan,
    out: &Path,
    entries: &[Entry],
    cache: Option<&DataCache>,
) -> Result<bool> {
    match &plan.study {
        None => report(out).map(|()| false),
        Some(_) => judge(plan, out, entries, cache),
    }
}

/// Prints the report of a results folder and writes it as a page.
fn report(out: &Path) -> Result<()> {
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
    Ok(())
}

/// Where a signal met the jobs.
fn place(outcome: &Outcome, saved: &[String]) -> String {
    match saved {
        [] => format!(
            "after {} jobs",
            outcome.before + outcome.done + outcome.failed
        ),
        saved => format!("after {}", saved.join(" and ")),
    }
}

/// Says how to go on.
fn stopped(signal: Interrupt, place: &str, command: &str, code: u8) -> ExitCode {
    tell!(
        "stopped by {} {place}; go on with: twirlbench {command}",
        signal.name
    );
    ExitCode::from(code)
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
    let started = other_program(program)
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
