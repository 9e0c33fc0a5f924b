//! Figures of runs for programs that plot them while they grow.

mod event;

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use twirl_harness::{Folder, Observer, Progress, Record, Split};

/// Where figures go besides `records.jsonl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogKind {
    /// Event files in each run folder: `tensorboard --logdir DIR`
    Tensorboard,
}

/// Writes the records of one run as a `TensorBoard` event file, and passes everything on to
/// another observer.
///
/// A measurement is never stopped by its log: the first error is kept for [`EventLog::finish`].
pub(crate) struct EventLog<'a> {
    folder: PathBuf,
    inner: &'a dyn Observer,
    file: RefCell<Option<Result<File>>>,
}

impl<'a> EventLog<'a> {
    /// A log that makes its file with the first record.
    pub(crate) fn new(folder: &Folder, inner: &'a dyn Observer) -> Self {
        Self {
            folder: folder.path().into(),
            inner,
            file: RefCell::new(None),
        }
    }

    /// The first error, if a record could not be written.
    pub(crate) fn finish(self) -> Result<()> {
        match self.file.into_inner() {
            Some(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }

    fn begin(&self, step: u64) -> Result<File> {
        let now = now();
        // TensorBoard reads files whose names hold `tfevents`, in the order of their names.
        let name = format!(
            "events.out.tfevents.{:010}.twirlbench.{}",
            now as u64,
            std::process::id()
        );
        let path = self.folder.join(name);
        let mut file = File::create(&path).with_context(|| format!("{}", path.display()))?;
        for content in [event::version(now), event::start(now, step)] {
            file.write_all(&event::record(&content))?;
        }
        Ok(file)
    }

    fn write(&self, record: &Record) {
        let mut file = self.file.borrow_mut();
        let content = event::scalars(now(), record.step, &figures(record));
        let written = match file.take() {
            Some(Err(error)) => Err(error),
            Some(Ok(file)) => Ok(file),
            None => self.begin(record.step),
        };
        *file = Some(written.and_then(|mut file| {
            file.write_all(&event::record(&content))
                .with_context(|| format!("event file in {}", self.folder.display()))?;
            Ok(file)
        }));
    }
}

impl Observer for EventLog<'_> {
    fn progress(&self, progress: &Progress) {
        self.inner.progress(progress);
    }

    fn measured(&self, record: &Record) {
        self.write(record);
        self.inner.measured(record);
    }

    fn turn(&self, device_seconds: Option<f64>) {
        self.inner.turn(device_seconds);
    }

    fn stop_requested(&self) -> bool {
        self.inner.stop_requested()
    }

    fn searching(&self, index: usize, count: usize, rate: f64) {
        self.inner.searching(index, count, rate);
    }
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// Names and values of everything in a record.
fn figures(record: &Record) -> Vec<(String, f64)> {
    let mut figures = Vec::new();
    let mut add = |split: &Split, name: &str| {
        let known = [
            ("loss", split.loss),
            ("loss_mean", split.loss_mean),
            ("loss_equiv", split.loss_equiv),
            ("percent_equiv", split.percent_equiv),
            ("floor", split.floor),
        ];
        figures.extend(known.map(|(figure, value)| (format!("{figure}/{name}"), value)));
        let ends = [
            ("percent_low", split.percent_low),
            ("percent_high", split.percent_high),
        ];
        let present = ends
            .into_iter()
            .filter_map(|(end, value)| Some((end, value?)));
        figures.extend(present.map(|(end, value)| (format!("{end}/{name}"), value)));
    };
    add(&record.split, "total");
    for (name, term) in &record.terms {
        add(&term.split, name);
    }
    for (name, score) in &record.scores {
        figures.push((format!("score/{name}"), *score));
    }
    figures.push(("cost/device_seconds".into(), record.device_seconds));
    figures.extend(
        record
            .model_flops
            .map(|flops| ("cost/model_flops".into(), flops)),
    );
    figures.push(("cost/samples".into(), record.samples as f64));
    let step = [
        ("train/grad_norm", record.grad_norm),
        ("train/learning_rate", record.learning_rate),
    ];
    let present = step
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    figures.extend(present);
    figures
}
