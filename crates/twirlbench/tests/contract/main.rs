//! What lies on disk between one version and the next, between one process and the next.

mod formats;
mod integrity;
mod output;
#[path = "../program/mod.rs"]
mod program;
mod settings;
#[cfg(unix)]
mod signals;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use program::{command, untimed};
use serde_json::Value;
use tempfile::TempDir;

/// A suite of one small arm, whose end is a step and not a time.
const SUITE: &str = r#"
name = "tiny"
about = "One small arm"
seeds = [0]

[train]
steps = 30
batch = 4
ema = 0.9
checkpoint_every = 7

[train.evaluation]
items = 6
batch = 6
per_decade = 6
replicates = 100
design = { kind = "iid", rotations = 2 }

[[task]]
name = "force-field"
data = "embedded"

[[task.arm]]
name = "coordinate-transformer"
config = { width = 8, layers = 1, heads = 1, expansion = 1 }
"#;

/// The same with steps so long that the gradient overflows before the second measurement.
fn diverging() -> String {
    SUITE
        .replace(
            "batch = 4\n",
            "batch = 4\nlearning_rate = 1e7\nclip = 0.0\n",
        )
        .replace("per_decade = 6", "per_decade = 1")
}

/// The run of [`SUITE`] inside of its results folder.
const RUN: &str = "force-field/coordinate-transformer/seed-0";

fn output(arguments: &[&str], folder: &Path) -> Output {
    let output = command(arguments, folder).output();
    output.expect("the program starts")
}

/// The one line on standard error of a command that ends with a code.
fn complaint(arguments: &[&str], folder: &Path, code: i32) -> String {
    let output = output(arguments, folder);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
    error
}

/// A folder with a suite file `tiny.toml`.
fn folder_with(suite: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), suite).expect("a suite file");
    folder
}

/// Runs the suite of a folder into `out`; the folder of its run.
fn run_in(folder: &TempDir) -> PathBuf {
    let run = output(
        &["run", "--suite", "tiny.toml", "--out", "out"],
        folder.path(),
    );
    let error = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{error}");
    folder.path().join("out").join(RUN)
}

fn read_json(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("JSON")
}

fn edit_json(path: &Path, edit: impl FnOnce(&mut Value)) {
    let mut value = read_json(path);
    edit(&mut value);
    fs::write(path, value.to_string()).expect("written");
}
