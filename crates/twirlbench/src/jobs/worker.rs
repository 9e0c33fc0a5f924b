//! The process of one job.

use std::cell::Cell;
use std::io::{BufRead, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use twirl_harness::{Entry, Folder, Job, Observer, Progress, Record, RunError};
use twirl_record::{RecordError, Status};
use twirl_studies::StudyError;

use super::turns::{Token, Turns};
use super::wire::{Request, Said, Told};
use crate::log::{EventLog, LogKind};
use crate::plan::find;
use crate::print::say;
use crate::study::{CellRequest, make};
use crate::{devices, interrupt, program};

/// Least time between two lines of progress.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// The folder of the plan
    out: PathBuf,
}

/// Does the job that standard input names, and says on standard output how it goes.
pub(crate) fn work(args: &WorkerArgs, entries: &[Entry]) -> Result<ExitCode> {
    let mut line = String::new();
    stdin().read_line(&mut line).context("standard input")?;
    let request: Request = serde_json::from_str(&line).context("the job on standard input")?;
    interrupt::listen().context("signals")?;
    let is_value = |request: &CellRequest| request.cell.value_of.is_some();
    let saves = !request.cell.as_ref().is_some_and(is_value);
    let token = Arc::new(Token::default());
    let turns = Turns::new(request.slice_seconds, Arc::clone(&token));
    std::thread::spawn(move || listen(&token, saves));
    let said = match run(&request, turns, &args.out, entries) {
        Ok(said) => said,
        Err(Error::Run(RunError::Interrupted { step })) => Said::Stopped { step },
        Err(Error::Run(RunError::Record(RecordError::Locked(_)))) => Said::Taken,
        Err(Error::Run(error)) => Said::Failed {
            status: match error {
                RunError::OutOfMemory(_) => Status::OutOfMemory,
                _ => Status::Failed,
            },
            error: error.to_string(),
        },
        Err(Error::Other(error)) => Said::Failed {
            status: Status::Failed,
            error: format!("{error:#}"),
        },
    };
    tell(&said);
    Ok(ExitCode::SUCCESS)
}

enum Error {
    Run(RunError),
    Other(anyhow::Error),
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast() {
            Ok(StudyError::Run(error)) => Self::Run(error),
            Ok(StudyError::Record(error)) => Self::Run(error.into()),
            Ok(other) => Self::Other(other.into()),
            Err(error) => Self::Other(error),
        }
    }
}

fn run(request: &Request, turns: Turns, out: &Path, entries: &[Entry]) -> Result<Said, Error> {
    let Job {
        task, arm, seed, ..
    } = &request.job;
    let mut device = devices::resolve(&request.device)?;
    device.beside = request.beside;
    device.slice_seconds = request.slice_seconds;
    let cache = request.cache.as_ref();
    let line = Line {
        last: Cell::new(None),
        turns,
    };
    if let Some(cell) = &request.cell {
        let (of, with) = ((cell, &request.job), (device, cache));
        make(of, out, entries, with, &line)?;
        return Ok(Said::Done);
    }
    let entry = find(entries, task, arm)?;
    let data = entry.open_data(&request.job, cache)?;
    if request.estimate {
        return Ok(Said::Cost(entry.step_cost(&request.job, &data, &device)?));
    }
    let folder = Folder::of(out, task, arm, *seed);
    let log = request
        .log
        .map(|LogKind::Tensorboard| EventLog::new(&folder, &line));
    let observer: &dyn Observer = match &log {
        Some(log) => log,
        None => &line,
    };
    let program = program::identity();
    let result = entry.run(&request.job, out, &data, &device, &program, observer);
    let logged = log.map_or(Ok(()), EventLog::finish);
    result?;
    logged?;
    Ok(Said::Done)
}

/// Takes turns and the wish to stop from standard input: a run is saved, and what `saves` nothing ends at
/// once, since its file is there whole or not at all. At the end of the input the process that started this
/// one is gone, and this one goes as it would have gone with it.
fn listen(token: &Token, saves: bool) {
    for line in stdin().lock().lines() {
        match line.map(|line| serde_json::from_str(&line)) {
            Ok(Ok(Told::Stop { .. })) if !saves => {
                tell(&Said::Stopped { step: 0 });
                std::process::exit(0);
            }
            Ok(Ok(Told::Stop { signal })) => interrupt::note(signal),
            Ok(Ok(Told::Turn)) => token.give(),
            Ok(Err(_)) => {}
            Err(_) => break,
        }
    }
    interrupt::vanish();
}

fn tell(said: &Said) {
    let line = serde_json::to_string(said).expect("what is said is plain data");
    say!("{line}");
}

/// Says on standard output how the run goes.
struct Line {
    /// When progress was said last.
    last: Cell<Option<Instant>>,
    turns: Turns,
}

impl Observer for Line {
    fn progress(&self, progress: &Progress) {
        let last = self.last.get();
        if last.is_none_or(|last| last.elapsed() >= PAUSE) {
            tell(&Said::progress(progress));
            self.last.set(Some(Instant::now()));
        }
    }

    fn measured(&self, record: &Record) {
        tell(&Said::Measured {
            step: record.step,
            loss: record.split.loss,
            percent_equiv: record.split.percent_equiv,
        });
    }

    fn searching(&self, index: usize, count: usize, rate: f64) {
        tell(&Said::Searching { index, count, rate });
    }

    fn turn(&self, device_seconds: Option<f64>) {
        self.turns.take(device_seconds, || tell(&Said::Waits));
    }

    fn stop_requested(&self) -> bool {
        interrupt::received().is_some()
    }
}
