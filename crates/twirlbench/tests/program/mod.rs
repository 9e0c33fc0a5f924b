//! The program under test, and what it has written.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The program with arguments, to be started in a folder.
pub(crate) fn command(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twirlbench"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// The records of a run without the fields that hold times.
pub(crate) fn untimed(run: &Path) -> Vec<Value> {
    let text = fs::read_to_string(run.join("records.jsonl")).expect("records");
    let parse = |line| {
        let mut record: Value = serde_json::from_str(line).expect("a record");
        let fields = record.as_object_mut().expect("an object");
        for time in ["device_seconds", "cpu_seconds", "wall_seconds"] {
            assert!(fields.remove(time).is_some(), "{time} is recorded");
        }
        record
    };
    text.lines().map(parse).collect()
}
