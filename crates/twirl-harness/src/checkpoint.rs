//! Checkpoints that survive a kill at any moment.
//!
//! A checkpoint is written into a temporary sibling folder; every file is made durable; the
//! manifest with their hashes comes last; then the folder is renamed and its parent made durable.
//! Two are kept. A folder without a valid manifest is never read.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use twirl_record::{Folder, SearchReport, sync_folder, write_whole};

use crate::error::RunError;
use crate::trainer::Trainee;

/// The counters of a run. Random streams and the data cursor are functions of seed and step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counters {
    pub(crate) step: u64,
    pub(crate) records: usize,
    /// Step of the last record, because a checkpoint may fall before or after a measurement.
    pub(crate) measured: Option<u64>,
    pub(crate) device_seconds: f64,
    pub(crate) model_flops: f64,
    pub(crate) wall_seconds: f64,
    pub(crate) measuring_seconds: f64,
    pub(crate) cold_start_seconds: f64,
    pub(crate) grad_norm: Option<f64>,
    pub(crate) rate: Option<f64>,
    pub(crate) learning_rate: f64,
    pub(crate) search: Option<SearchReport>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    counters: Counters,
    sha256: BTreeMap<String, String>,
}

const WEIGHTS: &str = "weights.safetensors";
const AVERAGE: &str = "ema.safetensors";
const OPTIMIZER: &str = "optimizer.bpk";
const CONTENTS: &str = "checkpoint.json";
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
    fs::create_dir_all(&temporary).map_err(RunError::file(&temporary))?;
    save_weights(&trainee.model, &temporary.join(WEIGHTS))?;
    save_weights(&trainee.average.model, &temporary.join(AVERAGE))?;
    let path = temporary.join(OPTIMIZER);
    trainee.optimizer.save(&path).map_err(|error| {
        RunError::content(&path, format!("{error:?}"), "free disk space and resume")
    })?;
    let mut sha256 = BTreeMap::new();
    for name in [WEIGHTS, AVERAGE, OPTIMIZER] {
        sha256.insert(name.to_owned(), hash(&temporary.join(name))?);
    }
    let contents = Contents {
        counters: counters.clone(),
        sha256,
    };
    let text = serde_json::to_string_pretty(&contents).expect("counters are plain data");
    write_whole(&temporary.join(CONTENTS), text.as_bytes())?;
    let publish = || {
        for name in [WEIGHTS, AVERAGE, OPTIMIZER] {
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
pub(crate) fn load_latest<A: Module>(
    folder: &Folder,
    model: A,
    optimizer: ModuleOptimizer,
) -> Result<Option<State<A>>, RunError> {
    let Some((path, counters)) = latest(folder)? else {
        return Ok(None);
    };
    let average = load_weights(model.valid(), &path.join(AVERAGE))?;
    let model = load_weights(model, &path.join(WEIGHTS))?;
    let file = path.join(OPTIMIZER);
    let optimizer = optimizer.load(&file).map_err(|error| {
        RunError::content(
            &file,
            format!("{error:?}"),
            "delete this checkpoint to go on from an older one",
        )
    })?;
    Ok(Some(State {
        model,
        average,
        optimizer,
        counters,
    }))
}

/// Path of the averaged weights of the newest valid checkpoint.
pub(crate) fn latest_weights(folder: &Folder, averaged: bool) -> Result<Option<PathBuf>, RunError> {
    let name = if averaged { AVERAGE } else { WEIGHTS };
    Ok(latest(folder)?.map(|(path, _)| path.join(name)))
}

fn latest(folder: &Folder) -> Result<Option<(PathBuf, Counters)>, RunError> {
    let parent = folder.checkpoints();
    if !parent.exists() {
        return Ok(None);
    }
    let mut found = published(&parent).map_err(RunError::file(&parent))?;
    found.reverse();
    let mut skipped = None;
    for (_, path) in found {
        match verify(&path) {
            Ok(counters) => {
                if let Some(error) = skipped {
                    tracing::warn!("checkpoint skipped: {error}");
                }
                return Ok(Some((path, counters)));
            }
            Err(error) => skipped = skipped.or(Some(error)),
        }
    }
    // Going on from nothing would erase the records of what they held.
    skipped.map_or(Ok(None), Err)
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

fn verify(path: &Path) -> Result<Counters, RunError> {
    let file = path.join(CONTENTS);
    let remedy =
        "delete this checkpoint to go on from an older one, or the run's folder to begin anew";
    let text = fs::read_to_string(&file).map_err(RunError::file(&file))?;
    let contents: Contents =
        serde_json::from_str(&text).map_err(|error| RunError::content(&file, error, remedy))?;
    for (name, expected) in &contents.sha256 {
        let part = path.join(name);
        if hash(&part)? != *expected {
            return Err(RunError::content(part, "does not match its hash", remedy));
        }
    }
    Ok(contents.counters)
}

fn hash(path: &Path) -> Result<String, RunError> {
    let bytes = fs::read(path).map_err(RunError::file(path))?;
    let digits = Sha256::digest(&bytes);
    Ok(digits.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string grows");
        text
    }))
}

/// Writes a model's weights as safetensors.
///
/// # Errors
/// If the file cannot be written.
pub fn save_weights<M: Module>(model: &M, path: &Path) -> Result<(), RunError> {
    let mut store = SafetensorsStore::from_file(path);
    model.save_into(&mut store).map_err(|error| {
        RunError::content(path, format!("{error:?}"), "free disk space and run again")
    })
}

/// Reads weights into a model of the same shape.
///
/// # Errors
/// If the file cannot be read or a weight is missing or of another shape.
pub fn load_weights<M: Module>(mut model: M, path: &Path) -> Result<M, RunError> {
    let mut store = SafetensorsStore::from_file(path);
    let remedy = "the weights belong to another model; use the settings they were trained with";
    let applied = model
        .load_from(&mut store)
        .map_err(|error| RunError::content(path, format!("{error:?}"), remedy))?;
    if !applied.missing.is_empty() {
        return Err(RunError::content(
            path,
            format!("{} weights missing", applied.missing.len()),
            remedy,
        ));
    }
    Ok(model)
}
