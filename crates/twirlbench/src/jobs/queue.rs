//! The jobs of a results folder, each in a process of its own; a failure is noted and the others go on.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::MultiProgress;
use twirl_data::DataCache;
use twirl_harness::{Entry, Folder, Job, RunError};
use twirl_record::{Event, Plan, Standing, Status};
use twirl_report::{Medium, escape};

use super::child::{Ended, Inputs, conduct};
use super::lanes::Lane;
use super::round::Round;
use super::wire::Request;
use crate::interrupt::{self, Interrupt};
use crate::log::LogKind;
use crate::machine;
use crate::plan::find;
use crate::print::tell;
use crate::progress::Bar;
use crate::study::CellRequest;
use crate::survey::standing;

/// How often a signal is looked for.
const PULSE: Duration = Duration::from_millis(20);

/// Jobs, and where they are done.
pub(crate) struct Queue<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) out: &'a Path,
    pub(crate) entries: &'a [Entry],
    pub(crate) lanes: &'a [Lane],
    pub(crate) log: Option<LogKind>,
    /// Where decoded data sets are kept.
    pub(crate) cache: Option<&'a DataCache>,
}

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Jobs that were at their end before.
    pub(crate) before: usize,
    /// Jobs that reached their end.
    pub(crate) done: usize,
    /// Jobs that ended with an error.
    pub(crate) failed: usize,
    /// Whether one of them is in the hands of another process.
    pub(crate) taken: bool,
    /// The signal that ended it, and which runs were saved: `step 5 of task/arm`.
    pub(crate) stopped: Option<(Interrupt, Vec<String>)>,
}

/// How a job was met.
enum Met {
    Before,
    Taken,
    Ended(Ended),
}

impl Queue<'_> {
    /// Does jobs of the plan, by their numbers, in this order. One that was begun on a device goes on
    /// there if that is among the lanes. Where lanes give turns, a lane does the arms of a task with one
    /// data set and seed together.
    ///
    /// # Errors
    /// If signals cannot be listened to.
    pub(crate) fn run(&self, wanted: Vec<usize>) -> Result<Outcome> {
        interrupt::listen().context("signals")?;
        let (waiting, inputs) = (Mutex::new(self.groups(wanted)), Inputs::default());
        let bars = MultiProgress::new();
        let (sender, ends) = channel();
        std::thread::scope(|scope| {
            for lane in self.lanes {
                let (sender, waiting, inputs, bars) = (sender.clone(), &waiting, &inputs, &bars);
                scope.spawn(move || self.serve(lane, waiting, inputs, bars, &sender));
            }
            drop(sender);
            let mut outcome = Outcome::default();
            let mut saved = Vec::new();
            loop {
                if let Some(signal) = interrupt::received() {
                    inputs.pass_on(signal.number);
                }
                match ends.recv_timeout(PULSE) {
                    Ok((number, met)) => {
                        let told = || self.count(number, met, &mut outcome, &mut saved);
                        bars.suspend(told);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            outcome.stopped = interrupt::received().map(|signal| (signal, saved));
            Ok(outcome)
        })
    }

    fn count(
        &self,
        number: usize,
        met: Result<Met>,
        outcome: &mut Outcome,
        saved: &mut Vec<String>,
    ) {
        let Job {
            task, arm, seed, ..
        } = &self.plan.jobs[number];
        let error = match met {
            Ok(Met::Before) => return outcome.before += 1,
            Ok(Met::Ended(Ended::Done | Ended::Cost(_))) => return outcome.done += 1,
            Ok(Met::Ended(Ended::Stopped(step))) => {
                return saved.push(format!("step {step} of {task}/{arm}"));
            }
            Ok(Met::Taken | Met::Ended(Ended::Taken)) => {
                outcome.taken = true;
                twirl_record::RecordError::Locked(self.folder(number).path().into()).to_string()
            }
            Ok(Met::Ended(Ended::Failed(_, error) | Ended::Died(_, error))) => error,
            Err(error) => format!("{error:#}"),
        };
        outcome.failed += 1;
        let error = escape(&error, Medium::Terminal);
        match self.plan.cell(number) {
            None => tell!("failed: {task}/{arm} seed {seed}: {error}"),
            Some(cell) => tell!("failed: {}: {error}", cell.label),
        }
    }

    /// Jobs that are done together, those of one alone where there are no turns. Those that ended for want
    /// of memory or were killed, and may end so again, are apart from the others.
    fn groups(&self, wanted: Vec<usize>) -> VecDeque<Vec<usize>> {
        let key = |number: usize| {
            let job = &self.plan.jobs[number];
            let manifest = self.folder(number).read_manifest().ok().flatten();
            let died = manifest
                .is_some_and(|found| matches!(found.status, Status::Killed | Status::OutOfMemory));
            (died, &job.task, &job.data, &job.data_options, job.seed)
        };
        let turns = self.lanes.iter().any(|lane| lane.slice_seconds.is_some());
        let mut groups = Vec::new();
        for number in wanted {
            let own = turns.then(|| key(number));
            let same = |(other, _): &&mut (Option<_>, Vec<usize>)| turns && *other == own;
            match groups.iter_mut().find(same) {
                Some((_, group)) => group.push(number),
                None => groups.push((own, vec![number])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Does one group after the other until none is left for this lane or a signal has come.
    fn serve(
        &self,
        lane: &Lane,
        waiting: &Mutex<VecDeque<Vec<usize>>>,
        inputs: &Inputs,
        bars: &MultiProgress,
        ends: &Sender<(usize, Result<Met>)>,
    ) {
        while interrupt::received().is_none() {
            let Some(group) = self.next(lane, waiting) else {
                return;
            };
            let round = Round::default();
            std::thread::scope(|scope| {
                for number in group {
                    let (round, ends) = (&round, ends.clone());
                    scope.spawn(move || {
                        let met = self.meet(number, lane, round, inputs, bars);
                        // Who counts ends after all lanes.
                        let _ = ends.send((number, met));
                    });
                }
            });
        }
    }

    /// The jobs of the next group that this lane may do; it may leave some to others.
    fn next(&self, lane: &Lane, waiting: &Mutex<VecDeque<Vec<usize>>>) -> Option<Vec<usize>> {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let may = |number: &usize| {
            let begun_on = self.begun_on(*number);
            begun_on.is_none_or(|device| {
                device == lane.device || self.lanes.iter().all(|lane| lane.device != device)
            })
        };
        let place = waiting.iter().position(|group| group.iter().any(may))?;
        let group = waiting[place].iter().copied();
        let (own, left): (Vec<usize>, Vec<usize>) = group.partition(may);
        waiting[place] = left;
        waiting.retain(|group| !group.is_empty());
        Some(own)
    }

    /// The device that a run was begun on, where there are several to choose from.
    fn begun_on(&self, number: usize) -> Option<String> {
        if self
            .lanes
            .iter()
            .all(|lane| lane.device == self.lanes[0].device)
        {
            return None;
        }
        let manifest = self.folder(number).read_manifest().ok()??;
        Some(manifest.device.name)
    }

    fn folder(&self, number: usize) -> Folder {
        self.plan.folder(self.out, number)
    }

    fn is_done(&self, number: usize) -> Result<bool> {
        if self.plan.study.is_some() {
            return Ok(standing(self.plan, self.out, number)?.standing == Standing::Done);
        }
        let job = &self.plan.jobs[number];
        let entry = find(self.entries, &job.task, &job.arm)?;
        Ok(entry.finished(job, self.out)?.is_some())
    }

    fn meet(
        &self,
        number: usize,
        lane: &Lane,
        round: &Round,
        inputs: &Inputs,
        bars: &MultiProgress,
    ) -> Result<Met> {
        let job = &self.plan.jobs[number];
        if self.is_done(number)? {
            return Ok(Met::Before);
        }
        let folder = self.folder(number);
        folder.create().map_err(RunError::from)?;
        match folder.lock() {
            Err(twirl_record::RecordError::Locked(_)) => return Ok(Met::Taken),
            lock => {
                let _lock = lock?;
                folder.note(&machine::begun(folder.saved_step()))?;
            }
        }
        let label = format!(
            "{}/{} {}/{}",
            number + 1,
            self.plan.jobs.len(),
            job.task,
            job.arm
        );
        let request = Request {
            job: job.clone(),
            cell: CellRequest::of(self.plan, number),
            device: lane.device.clone(),
            beside: lane.beside,
            slice_seconds: lane.slice_seconds,
            log: self.log,
            cache: self.cache.cloned(),
            estimate: false,
        };
        let bar = Bar::among(bars, label);
        let ended = conduct(&request, self.out, lane.threads, &bar, inputs, round)?;
        bar.finish();
        write_down(&folder, &ended)?;
        Ok(Met::Ended(ended))
    }
}

/// Notes how a job ended that is not at its end, or that made a value; in its manifest, if its process did
/// not.
fn write_down(folder: &Folder, ended: &Ended) -> Result<()> {
    let is_run = folder.manifest().exists();
    let (status, reason) = match ended {
        Ended::Cost(_) | Ended::Taken => return Ok(()),
        Ended::Done if is_run => return Ok(()),
        // A value has no manifest to say so.
        Ended::Done => (Status::Ok, "made".into()),
        Ended::Stopped(step) if is_run => (Status::Stopped, format!("saved after step {step}")),
        Ended::Stopped(_) => (Status::Stopped, "saved nothing and begins anew".into()),
        Ended::Failed(status, error) | Ended::Died(status, error) => (*status, error.clone()),
    };
    let _lock = folder.lock()?;
    if matches!(ended, Ended::Died(..)) {
        folder.note_end(status, reason.clone())?;
    }
    let time = Event::now();
    folder.note(&Event::Ended {
        time,
        status,
        reason,
    })?;
    Ok(())
}
