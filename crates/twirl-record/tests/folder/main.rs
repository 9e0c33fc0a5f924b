//! Run folders under hands that were not meant to touch them.

#[cfg(unix)]
mod files;
mod plan;
mod records;
mod standing;

use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;
use twirl_record::{Folder, Kept, Record, Split};

/// A run folder that has been made.
fn folder() -> (TempDir, Folder) {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = Folder::of(dir.path(), "task", "arm", 3);
    folder.create().expect("made");
    (dir, folder)
}

fn record(step: u64) -> Record {
    Record {
        step,
        samples: 4 * step,
        device_seconds: 0.1 * step as f64,
        cpu_seconds: Some(0.75),
        model_flops: Some(1e9),
        wall_seconds: 0.2,
        split: Split {
            loss: 1.0 / (1.0 + step as f64),
            loss_mean: 0.5,
            loss_equiv: 0.5,
            percent_equiv: 50.0,
            percent_low: None,
            percent_high: None,
            floor: 1e-12,
        },
        training_loss: Some(1.25),
        loss_zero: Some(2.0),
        rotations: 2,
        molecules: 3,
        grad_norm: None,
        learning_rate: None,
        terms: BTreeMap::new(),
        loss_replicates: Vec::new(),
        scores: BTreeMap::new(),
        companions: BTreeMap::new(),
    }
}

/// Appends records of steps; what is kept after each, from none on.
fn write(folder: &Folder, steps: std::ops::Range<u64>) -> Vec<Kept> {
    let mut kept = vec![Kept::default()];
    for step in steps {
        let last = &kept[kept.len() - 1];
        kept.push(folder.append(&record(step), last).expect("written"));
    }
    kept
}

/// The hidden files of a folder.
fn hidden(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).expect("a folder");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.starts_with('.'))
        .collect()
}
