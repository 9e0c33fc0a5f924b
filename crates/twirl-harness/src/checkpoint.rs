//! Checkpoints that survive a kill at any moment.
//!
//! A checkpoint is written into a temporary sibling folder; every file is made durable; the
//! manifest with their hashes comes last; then the folder is renamed and its parent made durable.
//! Two are kept. A folder without a valid manifest is never read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use twirl_record::{
    FORMAT, Folder, Kept, RecordError, SearchReport, sha256, sync_folder, write_whole,
};

use crate::error::RunError;
use crate::setting::Trainee;
use crate::trainer::BatchLosses;
use crate::weights::{load_weights, save_weights};

/// The counters of a run. Random streams and the data cursor are functions of seed and step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counters {
    pub(crate) step: u64,
    pub(crate) records: Kept,
    /// Step of the last record, because a checkpoint may fall before or after a measurement.
    pub(crate) measured: Option<u64>,
    pub(crate) device_seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) model_flops: f64,
    pub(crate) wall_seconds: f64,
    pub(crate) measuring_seconds: f64,
    pub(crate) cold_start_seconds: f64,
    pub(crate) grad_norm: Option<f64>,
    pub(crate) rate: Option<f64>,
    pub(crate) losses: BatchLosses,
    pub(crate) learning_rate: f64,
    pub(crate) search: Option<SearchReport>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    counters: Counters,
    /// Hashes of the other files, by name.
    sha256: BTreeMap<String, String>,
}

/// `checkpoint.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    format: u32,
    #[serde(flatten)]
    contents: Contents,
    /// Hash of the contents.
    seal: String,
}

impl Contents {
    fn seal(&self) -> String {
        sha256(&serde_json::to_vec(self).expect("counters are plain data"))
    }
}

const WEIGHTS: &str = "weights.safetensors";
const AVERAGE: &str = "ema.safetensors";
const OPTIMIZER: &str = "optimizer.bpk";
const CONTENTS: &str = "checkpoint.json";
const FILES: [&str; 3] = [WEIGHTS, AVERAGE, OPTIMIZER];
const REMEDY: &str =
    "delete this checkpoint to go on from an older one, or the run's folder to begin anew";
/// How many are kept.
const KEPT: usize = 2;

/// What a checkpoint holds.
pub(crate) struct State<A> {
    pub(crate) model: A,
    pub(crate) average: A,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) counters: Counters,
}

/// Writes a checkpoint and drops the oldest beyond two.
pub(crate) fn save<A: Module>(
    folder: &Folder,
    trainee: &Trainee<A>,
    counters: &Counters,
) -> Result<(), RunError> {
    let parent = folder.checkpoints();
    let name = format!("step-{:09}", counters.step);
    let (temporary, last) = (parent.join(format!(".{name}.tmp")), parent.join(&name));
    let file_error = RunError::file(&temporary);
    if temporary.exists() {
        fs::remove_dir_all(&temporary).map_err(RunError::file(&temporary))?;
    }
    fs::create_dir_all(&parent).map_err(RunError::file(&parent))?;
    fs::create_dir(&temporary).map_err(RunError::file(&temporary))?;
    save_weights(&trainee.model, &temporary.join(WEIGHTS))?;
    save_weights(&trainee.average.model, &temporary.join(AVERAGE))?;
    let path = temporary.join(OPTIMIZER);
    trainee.optimizer.save(&path).map_err(|error| {
        RunError::content(&path, format!("{error:?}"), "free disk space and resume")
    })?;
    let mut sha256 = BTreeMap::new();
    for name in FILES {
        sha256.insert(name.to_owned(), hash(&temporary.join(name))?);
    }
    let contents = Contents {
        counters: counters.clone(),
        sha256,
    };
    let sealed = Sealed {
        format: FORMAT,
        seal: contents.seal(),
        contents,
    };
    let text = serde_json::to_string_pretty(&sealed).expect("counters are plain data");
    write_whole(&temporary.join(CONTENTS), text.as_bytes())?;
    let publish = || {
        for name in FILES {
            File::open(temporary.join(name))?.sync_all()?;
        }
        sync_folder(&temporary)?;
        if last.exists() {
            fs::remove_dir_all(&last)?;
        }
        fs::rename(&temporary, &last)?;
        sync_folder(&parent)?;
        let mut names = published(&parent)?;
        names.reverse();
        names
            .into_iter()
            .skip(KEPT)
            .try_for_each(|(_, path)| fs::remove_dir_all(path))
    };
    publish().map_err(file_error)
}

/// The newest valid checkpoint, if there are any, loaded into freshly initialised weights and optimiser.
/// What is newer is removed: nothing goes on from it any more.
pub(crate) fn load_latest<A: Module>(
    folder: &Folder,
    model: A,
    optimizer: ModuleOptimizer,
) -> Result<Option<State<A>>, RunError> {
    let parent = folder.checkpoints();
    if parent.exists() {
        remove_leftovers(&parent).map_err(RunError::file(&parent))?;
    }
    let valid = |path: &Path| {
        let contents = sealed(path)?;
        verify(path, &contents.sha256)?;
        folder.begins_with(&contents.counters.records)?;
        Ok(contents.counters)
    };
    let Some((path, counters, newer)) = newest(folder, valid)? else {
        return Ok(None);
    };
    for path in newer {
        fs::remove_dir_all(&path).map_err(RunError::file(&path))?;
    }
    let average = load_weights(model.valid(), &path.join(AVERAGE))?;
    let model = load_weights(model, &path.join(WEIGHTS))?;
    let file = path.join(OPTIMIZER);
    let optimizer = optimizer
        .load(&file)
        .map_err(|error| RunError::content(&file, format!("{error:?}"), REMEDY))?;
    Ok(Some(State {
        model,
        average,
        optimizer,
        counters,
    }))
}

/// Path of the weights of the newest checkpoint whose files are whole, also of an older format.
pub(crate) fn latest_weights(folder: &Folder, averaged: bool) -> Result<Option<PathBuf>, RunError> {
    let name = if averaged { AVERAGE } else { WEIGHTS };
    let whole = |path: &Path| {
        let file = path.join(CONTENTS);
        let mut content = read(&file)?;
        let older = content.get("format").is_none_or(|format| {
            let number = format.as_u64();
            number.is_some_and(|number| number < u64::from(FORMAT))
        });
        let hashes = if older {
            serde_json::from_value(content["sha256"].take())
                .map_err(|error| RunError::content(&file, error, REMEDY))?
        } else {
            sealed(path)?.sha256
        };
        verify(path, &hashes)
    };
    Ok(newest(folder, whole)?.map(|(path, ..)| path.join(name)))
}

/// The newest checkpoint that passes a check, what the check found, and the newer ones that do not.
fn newest<F>(
    folder: &Folder,
    check: impl Fn(&Path) -> Result<F, RunError>,
) -> Result<Option<(PathBuf, F, Vec<PathBuf>)>, RunError> {
    let parent = folder.checkpoints();
    if !parent.exists() {
        return Ok(None);
    }
    let mut published = published(&parent).map_err(RunError::file(&parent))?;
    published.reverse();
    let (mut newer, mut skipped) = (Vec::new(), None);
    for (_, path) in published {
        match check(&path) {
            Ok(found) => {
                if let Some(error) = skipped {
                    tracing::warn!("checkpoint skipped: {error}");
                }
                return Ok(Some((path, found, newer)));
            }
            // It may be whole, and is left to the version that knows.
            Err(error @ RunError::Record(RecordError::Format { .. })) => return Err(error),
            Err(error) => skipped = skipped.or(Some(error)),
        }
        newer.push(path);
    }
    // Going on from nothing would erase the records of what they held.
    skipped.map_or(Ok(None), Err)
}

/// Removes what a killed process was about to rename.
fn remove_leftovers(parent: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(".step-") {
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

fn published(parent: &Path) -> std::io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if let Some(step) = name
            .strip_prefix("step-")
            .and_then(|step| step.parse().ok())
        {
            found.push((step, path));
        }
    }
    found.sort();
    Ok(found)
}

fn read(file: &Path) -> Result<Value, RunError> {
    let text = fs::read(file).map_err(RunError::file(file))?;
    serde_json::from_slice(&text).map_err(|error| RunError::content(file, error, REMEDY))
}

/// What a checkpoint of today's format holds, if it is what was written.
fn sealed(path: &Path) -> Result<Contents, RunError> {
    let file = path.join(CONTENTS);
    let content = read(&file)?;
    match content.get("format").map(Value::as_u64) {
        Some(Some(format)) if format == u64::from(FORMAT) => {}
        None if content.get("counters").is_some() && content.get("seal").is_none() => {
            return Err(other_format(
                file,
                "is of format 1, which does not protect its counters and the records behind them",
            ));
        }
        Some(Some(2)) => {
            return Err(other_format(
                file,
                "is of format 2, in which train_items were the first of a set and arms of a finite \
                 symmetry were trained and measured in stored poses",
            ));
        }
        Some(Some(format)) => {
            return Err(other_format(
                file,
                &format!("is of format {format}, and this version goes on from format {FORMAT}"),
            ));
        }
        None | Some(None) => {
            return Err(RunError::content(file, "has no format", REMEDY));
        }
    }
    let sealed: Sealed =
        serde_json::from_value(content).map_err(|error| RunError::content(&file, error, REMEDY))?;
    if sealed.contents.seal() != sealed.seal {
        return Err(RunError::content(file, "does not match its hash", REMEDY));
    }
    Ok(sealed.contents)
}

fn other_format(path: PathBuf, problem: &str) -> RunError {
    let remedy = "finish the run with the version that began it, or run it anew into another --out";
    let problem = problem.into();
    RecordError::Format {
        path,
        problem,
        remedy,
    }
    .into()
}

fn verify(path: &Path, hashes: &BTreeMap<String, String>) -> Result<(), RunError> {
    for name in FILES {
        let part = path.join(name);
        if hashes.get(name) != Some(&hash(&part)?) {
            return Err(RunError::content(part, "does not match its hash", REMEDY));
        }
    }
    Ok(())
}

fn hash(path: &Path) -> Result<String, RunError> {
    let bytes = fs::read(path).map_err(RunError::file(path))?;
    Ok(sha256(&bytes))
}
