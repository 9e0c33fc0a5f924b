//! A run whose files are changed behind its back: found, and gone on from before the change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    SUITE, command, complaint, edit_json, folder_with, output, read_json, run_in, untimed,
};

/// A finished run of [`SUITE`], with checkpoints of step 28, which three more records follow, and of
/// its last step.
struct Finished {
    folder: TempDir,
    run: PathBuf,
    records: Vec<Value>,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Finished {
    fn new() -> Self {
        let folder = folder_with(SUITE);
        let run = run_in(&folder);
        let names = ["step-000000028", "step-000000030"];
        let mut paths = vec![run.join("records.jsonl"), run.join("manifest.json")];
        for name in names {
            let checkpoint = run.join("checkpoints").join(name);
            let entries = fs::read_dir(checkpoint).expect("a checkpoint");
            paths.extend(entries.map(|entry| entry.expect("an entry").path()));
        }
        let read = |path: PathBuf| (path.clone(), fs::read(path).expect("a file"));
        Self {
            records: untimed(&run),
            files: paths.into_iter().map(read).collect(),
            folder,
            run,
        }
    }

    /// As it was when it had just finished.
    fn restored(&self) {
        fs::remove_dir_all(self.run.join("checkpoints")).expect("removed");
        for (path, bytes) in &self.files {
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, bytes).expect("written");
        }
    }

    fn stopped(&self) {
        edit_json(&self.run.join("manifest.json"), |manifest| {
            manifest["status"] = json!("stopped");
        });
    }

    fn counters(&self, step: u64) -> PathBuf {
        let name = format!("checkpoints/step-{step:09}/checkpoint.json");
        self.run.join(name)
    }

    /// The run goes on and ends as the untouched one did. What it says of what it found.
    fn mended(&self, what: &str) -> String {
        let resumed = output(&["resume", "out"], self.folder.path());
        let told = String::from_utf8_lossy(&resumed.stderr).into_owned();
        assert!(resumed.status.success(), "{what}: {told}");
        assert_eq!(untimed(&self.run), self.records, "{what}");
        let manifest = read_json(&self.run.join("manifest.json"));
        assert_eq!(manifest["status"], "ok", "{what}");
        told
    }

    /// The run is refused, in one line, and not called finished.
    fn refused(&self, what: &str) -> String {
        let told = complaint(&["resume", "out"], self.folder.path(), 1);
        let manifest = read_json(&self.run.join("manifest.json"));
        assert_eq!(manifest["status"], "failed", "{what}: {told}");
        told
    }
}

/// Places in `checkpoint.json`, and what is written there instead.
const CHANGES: [(&str, &str); 9] = [
    ("/counters/learning_rate", "0.5"),
    ("/counters/step", "29"),
    ("/counters/records/count", "2"),
    ("/counters/records/sha256", "\"\""),
    ("/counters/model_flops", "1.0"),
    ("/counters/device_seconds", "0.0"),
    ("/sha256", "{}"),
    ("/seal", "\"\""),
    ("", "{}"),
];

#[test]
fn a_changed_checkpoint_is_passed_over_for_the_one_before_and_refused_if_there_is_none() {
    let finished = Finished::new();
    for (what, instead) in CHANGES {
        let change = |file: &mut Value| {
            let place = file.pointer_mut(what).expect("a place");
            *place = serde_json::from_str(instead).expect("JSON");
        };
        finished.restored();
        finished.stopped();
        edit_json(&finished.counters(30), change);
        let told = finished.mended(what);
        assert!(told.contains("checkpoint skipped: "), "{what}: {told}");

        finished.restored();
        finished.stopped();
        for step in [28, 30] {
            edit_json(&finished.counters(step), change);
        }
        let told = finished.refused(what);
        assert!(told.contains("checkpoint.json: "), "{what}: {told}");
    }
    for name in ["weights.safetensors", "ema.safetensors", "optimizer.bpk"] {
        finished.restored();
        finished.stopped();
        let path = finished.counters(30).with_file_name(name);
        let mut bytes = fs::read(&path).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).expect("written");
        finished.mended(name);
    }
}

/// A change of the lines of `records.jsonl`, the last of which only the newest checkpoint counts.
type Edit = (&'static str, fn(&mut Vec<String>));

const LATE: [Edit; 6] = [
    ("digit", |lines| {
        let last = lines.len() - 1;
        lines[last] = lines[last].replacen("\"loss\":", "\"loss\":1", 1);
    }),
    ("NUL", |lines| {
        let last = lines.len() - 1;
        lines[last].insert(9, '\0');
    }),
    ("doubled", |lines| {
        let last = lines.len() - 1;
        lines.insert(last, lines[last - 1].clone());
    }),
    ("torn", |lines| {
        let last = lines.len() - 1;
        lines[last].truncate(40);
    }),
    ("lost", |lines| drop(lines.pop())),
    ("one more", |lines| lines.push(lines[0].clone())),
];

const EARLY: [Edit; 5] = [
    ("digit", |lines| {
        lines[1] = lines[1].replacen("\"loss\":", "\"loss\":1", 1);
    }),
    ("swapped", |lines| lines.swap(1, 2)),
    ("doubled", |lines| lines.insert(1, lines[1].clone())),
    ("lost", |lines| drop(lines.remove(1))),
    ("deleted", Vec::clear),
];

fn edit_lines(path: &Path, edit: fn(&mut Vec<String>)) {
    let text = fs::read_to_string(path).expect("records");
    let mut lines: Vec<String> = text.split_inclusive('\n').map(Into::into).collect();
    edit(&mut lines);
    assert_ne!(lines.concat(), text);
    fs::write(path, lines.concat()).expect("written");
}

/// Also where the run has finished: its manifest knows the records, and a report leaves it out until
/// it has been resumed.
#[test]
fn a_changed_record_is_made_anew_from_a_checkpoint_before_it_or_the_run_is_refused() {
    let finished = Finished::new();
    let records = finished.run.join("records.jsonl");
    for stop in [true, false] {
        for (what, edit) in LATE {
            finished.restored();
            if stop {
                finished.stopped();
            }
            edit_lines(&records, edit);
            if !stop {
                let report = output(&["report", "out"], finished.folder.path());
                let text = String::from_utf8_lossy(&report.stdout);
                assert!(text.contains("records.jsonl: "), "{what}: {text}");
            }
            finished.mended(what);
        }
        for (what, edit) in EARLY {
            finished.restored();
            if stop {
                finished.stopped();
            }
            edit_lines(&records, edit);
            let damaged = fs::read(&records).expect("records");
            let resumed = output(&["resume", "out"], finished.folder.path());
            let told = String::from_utf8_lossy(&resumed.stderr);
            assert_eq!(resumed.status.code(), Some(1), "{what}: {told}");
            assert!(told.contains("records.jsonl: "), "{what}: {told}");
            assert_eq!(fs::read(&records).expect("records"), damaged, "{what}");
            let manifest = read_json(&finished.run.join("manifest.json"));
            assert_eq!(manifest["status"], "failed", "{what}");
        }
    }
}

#[test]
fn a_run_whose_records_vanish_under_it_is_not_ok() {
    let folder = folder_with(&SUITE.replace("steps = 30", "steps = 3000"));
    let run = folder.path().join("out").join(crate::RUN);
    let arguments = ["run", "--suite", "tiny.toml", "--out", "out"];
    let mut child = command(&arguments, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let begun = Instant::now();
    // A file that holds nothing yet is made again without a loss.
    let empty = |path: &Path| fs::metadata(path).map_or(true, |found| found.len() == 0);
    while empty(&run.join("records.jsonl")) {
        assert!(begun.elapsed() < Duration::from_mins(2), "no record");
        std::thread::sleep(Duration::from_millis(2));
    }
    fs::remove_file(run.join("records.jsonl")).expect("removed");
    assert_eq!(child.wait().expect("a status").code(), Some(1));
    let manifest = read_json(&run.join("manifest.json"));
    assert_eq!(manifest["status"], "failed");
}
