//! A process that does one job, seen from the one that started it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use twirl_harness::StepCost;
use twirl_record::Status;

use super::death::{cause, is_refusal, kills};
use super::round::Round;
use super::wire::{Request, Said, Told};
use crate::print::out;
use crate::progress::Bar;

/// How a job ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    /// It is at its end.
    Done,
    /// Its steps were measured.
    Cost(StepCost),
    /// It was saved at this step.
    Stopped(u64),
    /// Another process took it first.
    Taken,
    /// By an error, which its process has written down.
    Failed(Status, String),
    /// Its process ended before it could write anything down.
    Died(Status, String),
}

/// The standard input of every process that has been started, to which signals and turns are passed on.
#[derive(Default)]
pub(super) struct Inputs(Mutex<State>);

#[derive(Default)]
struct State {
    signal: Option<usize>,
    open: Vec<(u32, ChildStdin)>,
}

impl Inputs {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks every process, also those that are yet to be started, to save and end.
    pub(super) fn pass_on(&self, signal: usize) {
        let mut state = self.state();
        if state.signal.replace(signal).is_none() {
            for (_, input) in &mut state.open {
                tell(input, &Told::Stop { signal });
            }
        }
    }

    /// Tells a process, if there is one, that its turn has come.
    fn give_turn(&self, process: Option<u32>) {
        let mut state = self.state();
        let open = state.open.iter_mut();
        for (_, input) in open.filter(|(other, _)| Some(*other) == process) {
            tell(input, &Told::Turn);
        }
    }

    fn add(&self, process: u32, mut input: ChildStdin) {
        let mut state = self.state();
        if let Some(signal) = state.signal {
            tell(&mut input, &Told::Stop { signal });
        }
        state.open.push((process, input));
    }

    fn remove(&self, process: u32) {
        self.state().open.retain(|(other, _)| *other != process);
    }
}

/// A process that has gone is met by its waiter.
fn tell(input: &mut ChildStdin, told: &Told) {
    let line = serde_json::to_string(told).expect("plain data");
    let _ = writeln!(input, "{line}").and_then(|()| input.flush());
}

/// Does a job in a process of its own and waits for its end. If it takes turns, then with those of the
/// round.
pub(super) fn conduct(
    request: &Request,
    place: &Path,
    threads: Option<usize>,
    bar: &Bar,
    inputs: &Inputs,
    round: &Round,
) -> Result<Ended> {
    let before = kills();
    let mut child = start(place, threads)?;
    let process = child.id();
    let mut input = child.stdin.take().expect("piped");
    let output = child.stdout.take().expect("piped");
    let errors = child.stderr.take().expect("piped");
    let line = serde_json::to_string(request).expect("a job is plain data");
    // A process that ended at once is met below.
    let _ = writeln!(input, "{line}").and_then(|()| input.flush());
    inputs.add(process, input);
    let mut last = None;
    let refusal = std::thread::scope(|scope| {
        let refusal = scope.spawn(|| pass_errors_on(errors, bar));
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            match serde_json::from_slice(&line) {
                Ok(Said::Waits) => inputs.give_turn(round.asks(process)),
                Ok(said) => last = follow(said, bar).or(last.take()),
                Err(_) => bar.aside(|| out(format_args!("{}\n", String::from_utf8_lossy(&line)))),
            }
        }
        refusal.join().unwrap_or_default()
    });
    let status = child.wait();
    inputs.remove(process);
    inputs.give_turn(round.leaves(process));
    let status = status.context("the process of a job")?;
    Ok(last.unwrap_or_else(|| {
        let kills = kills().saturating_sub(before);
        let (status, reason) = cause(status, refusal.as_deref(), kills);
        Ended::Died(status, reason)
    }))
}

fn start(place: &Path, threads: Option<usize>) -> Result<Child> {
    // The program that runs, also after another has been put in its place.
    let linux = Path::new("/proc/self/exe");
    let own = std::env::current_exe().context("the running program")?;
    let mut command = Command::new(if linux.exists() { linux } else { &own });
    command.arg("worker").arg(place);
    if let Some(threads) = threads {
        command.env("RAYON_NUM_THREADS", threads.to_string());
    }
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    piped.spawn().with_context(|| own.display().to_string())
}

/// Shows how a run goes; how it ended, if that is said.
fn follow(said: Said, bar: &Bar) -> Option<Ended> {
    match said {
        Said::Progress {
            step,
            steps,
            device_seconds,
            budget_seconds,
        } => bar.at(&twirl_harness::Progress {
            step,
            steps,
            device_seconds,
            budget_seconds,
        }),
        Said::Measured {
            step,
            loss,
            percent_equiv,
        } => bar.measured_at(step, loss, percent_equiv),
        Said::Searching { index, count, rate } => bar.searches(index, count, rate),
        Said::Waits => {}
        Said::Stopped { step } => return Some(Ended::Stopped(step)),
        Said::Taken => return Some(Ended::Taken),
        Said::Failed { status, error } => return Some(Ended::Failed(status, error)),
        Said::Done => return Some(Ended::Done),
        Said::Cost(cost) => return Some(Ended::Cost(cost)),
    }
    None
}

/// Passes on what a process says on standard error, up to its last words for want of memory, which it
/// returns.
fn pass_errors_on(errors: ChildStderr, bar: &Bar) -> Option<String> {
    let mut refusal = None;
    for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if is_refusal(&line) {
            refusal.get_or_insert_with(|| line.trim_end().to_owned());
        }
        if refusal.is_none() {
            bar.aside(|| crate::print::tell!("{line}"));
        }
    }
    refusal
}
