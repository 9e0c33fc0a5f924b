//! Files of older formats: read, reported, and resumed or refused with the reason.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use twirl_compare::RunSet;
use twirl_harness::DeviceChoice;
use twirl_record::{FORMAT, Folder, Plan, Status, read_records};

use crate::{RUN, SUITE, complaint, edit_json, folder_with, output, read_json, run_in};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A results folder of an older format: seed 0 finished, seed 1 was stopped after a checkpoint.
fn fixture(format: u32) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(format!("format-{format}"))
}

fn run_folders(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            run_folders(&path, found);
        } else if path.file_name().is_some_and(|name| name == "records.jsonl") {
            found.push(dir.into());
        }
    }
}

#[test]
fn every_committed_result_still_reads() {
    let mut folders = Vec::new();
    run_folders(&root().join("results"), &mut folders);
    assert!(folders.len() > 10, "{} runs", folders.len());
    for path in folders {
        let folder = Folder::at(&path);
        let manifest = folder.read_manifest().expect("a manifest");
        let manifest = manifest.expect("it is there");
        let records = read_records(&folder.records()).expect("records");
        let last = records.last().expect("a record");
        assert_eq!(last.step, manifest.steps, "{}", path.display());
    }
}

#[test]
fn every_older_format_has_a_stored_folder_that_loads_and_is_reported() {
    for format in 1..FORMAT {
        let dir = fixture(format);
        let plan = Plan::read(&dir).expect("a plan");
        assert_eq!(plan.jobs.len(), 2);
        let set = RunSet::read(&dir).expect("runs");
        assert!(set.broken.is_empty(), "{:?}", set.broken);
        let arms: Vec<_> = set.arms().collect();
        let runs = &arms[0].runs;
        assert_eq!((arms.len(), runs.len()), (1, 2));
        for (run, job) in runs.iter().zip(&plan.jobs) {
            assert_eq!(run.manifest.job, *job);
        }
        assert_eq!(runs[0].manifest.status, Status::Ok);
        assert_eq!(runs[1].manifest.status, Status::Stopped);
        assert_eq!(runs[0].last().expect("a record").step, 4);
        let report = output(&["report", "."], &dir);
        let text = String::from_utf8_lossy(&report.stdout);
        assert!(
            report.status.success() && text.contains("coordinate-transformer"),
            "{text}"
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let copied = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).expect("copied");
        }
    }
}

/// Checkpoints of format 1 do not say whether their counters and records are whole. What is refused
/// is left to the version that can finish it.
#[test]
fn a_finished_run_of_format_1_stays_and_a_stopped_one_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    copy(&fixture(1), &out);
    let here = json!(DeviceChoice::cpu().identity());
    let arm = out.join(RUN).parent().expect("an arm").to_owned();
    let read = || {
        [0, 1].map(|seed| {
            let run = arm.join(format!("seed-{seed}"));
            ["manifest.json", "records.jsonl"].map(|name| fs::read(run.join(name)).expect("a file"))
        })
    };
    for seed in [0, 1] {
        let manifest = arm.join(format!("seed-{seed}/manifest.json"));
        edit_json(&manifest, |manifest| manifest["device"] = here.clone());
    }
    let before = read();
    let refused = complaint(&["resume", "out"], folder.path(), 1);
    let told = "checkpoint.json: is of format 1, which does not protect its counters";
    assert!(
        refused.contains("seed 1") && refused.contains(told),
        "{refused}"
    );
    assert!(
        refused.contains("finish the run with the version that began it"),
        "{refused}"
    );
    assert_eq!(read(), before);
}

/// A file of a later version may mean something else by the same keys.
#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let folder = folder_with(SUITE);
    let run = run_in(&folder);
    assert_eq!(read_json(&run.join("manifest.json"))["format"], FORMAT);
    for (name, told, code) in [
        ("plan.json".into(), "plan.json: is of format", 2),
        (
            format!("{RUN}/manifest.json"),
            "manifest.json: is of format",
            1,
        ),
    ] {
        let path = folder.path().join("out").join(name);
        let before = fs::read(&path).expect("a file");
        edit_json(&path, |file| file["format"] = json!(FORMAT + 1));
        let newer = fs::read(&path).expect("a file");
        let resumed = output(&["resume", "out"], folder.path());
        let error = String::from_utf8_lossy(&resumed.stderr);
        assert_eq!(resumed.status.code(), Some(code), "{error}");
        assert!(
            error.contains(told) && error.contains("use the version"),
            "{error}"
        );
        assert_eq!(fs::read(&path).expect("a file"), newer);
        fs::write(&path, before).expect("written");
    }
}
