//! The program as a user meets it: kills and resumes, wrong arguments, wrong data.

mod program;

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use program::{command, untimed};
use serde_json::Value;

const SEED: u64 = 77;

fn output(arguments: &[&str], folder: &Path) -> Output {
    command(arguments, folder)
        .output()
        .expect("the program starts")
}

/// A suite of one small arm whose end is a step and not a time.
const SUITE: &str = r#"
name = "tiny"
about = "One small arm"
seeds = [0]

[train]
steps = 120
batch = 4
ema = 0.9
checkpoint_every = 7

[train.search]
rates = [1e-3, 3e-3]
steps = 5
items = 4

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
config = { width = 16, layers = 1, heads = 2, expansion = 1 }
"#;

const RUN: &str = "force-field/coordinate-transformer/seed-0";

/// The records of [`SUITE`] without the fields that hold times.
fn records(out: &Path) -> Vec<Value> {
    untimed(&out.join(RUN))
}

#[test]
fn twenty_kills_and_resumes_give_the_records_of_an_uninterrupted_run() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), SUITE).expect("a suite file");
    let started = std::time::Instant::now();
    let whole = output(
        &["run", "--suite", "tiny.toml", "--out", "whole"],
        folder.path(),
    );
    assert!(
        whole.status.success(),
        "{}",
        String::from_utf8_lossy(&whole.stderr)
    );
    let length = started.elapsed();
    let expected = records(&folder.path().join("whole"));
    assert!(expected.len() > 8, "{} records", expected.len());
    let flops: Vec<f64> = expected
        .iter()
        .map(|record| {
            record["model_flops"]
                .as_f64()
                .expect("operations are counted")
        })
        .collect();
    assert_eq!(flops[0], 0.0);
    assert!(flops.is_sorted_by(|a, b| a < b), "{flops:?}");

    let mut arguments = vec!["run", "--suite", "tiny.toml", "--out", "killed"];
    let mut state = SEED;
    let (mut kills, mut tries) = (0, 0);
    while kills < 20 && tries < 200 {
        tries += 1;
        let mut child = command(&arguments, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // Between nothing and a run's whole length, so that every phase is hit.
        let fraction = (state >> 40) as f64 / (1_u64 << 24) as f64;
        std::thread::sleep(Duration::from_secs_f64(
            length.as_secs_f64() * fraction * 0.5,
        ));
        let ended = child.try_wait().expect("a status").is_some();
        child.kill().ok();
        child.wait().expect("a status");
        kills += usize::from(!ended);
        if ended
            && folder
                .path()
                .join("killed")
                .join(RUN)
                .join("manifest.json")
                .exists()
        {
            // Finished early: begin again, so that all twenty kills hit a run at work.
            assert_eq!(
                records(&folder.path().join("killed")),
                expected,
                "seed {SEED}"
            );
            fs::remove_dir_all(folder.path().join("killed")).expect("removed");
        }
        arguments = if folder.path().join("killed/plan.json").exists() {
            vec!["resume", "killed"]
        } else {
            vec!["run", "--suite", "tiny.toml", "--out", "killed"]
        };
    }
    assert_eq!(kills, 20, "kills in {tries} tries (seed {SEED})");
    let last = output(&arguments, folder.path());
    assert!(
        last.status.success(),
        "{}",
        String::from_utf8_lossy(&last.stderr)
    );
    assert_eq!(
        records(&folder.path().join("killed")),
        expected,
        "seed {SEED}"
    );
}

#[test]
fn quiet_when_piped_and_a_table_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), SUITE).expect("a suite file");
    let run = output(
        &["run", "--suite", "tiny.toml", "--out", "out"],
        folder.path(),
    );
    assert!(run.status.success());
    assert!(
        run.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(text.contains("coordinate-transformer"), "{text}");
    assert!(
        text.trim_end()
            .ends_with("results: out\npage: out/report.html"),
        "{text}"
    );
    let page = fs::read_to_string(folder.path().join("out/report.html")).expect("a page");
    assert!(page.contains("coordinate-transformer"));
    assert!(!text.contains("NaN"), "{text}");
}

#[test]
fn a_diverging_run_stops_and_keeps_the_evidence() {
    let folder = tempfile::tempdir().expect("a folder");
    let suite = SUITE
        .replace(
            "[train.search]\nrates = [1e-3, 3e-3]\nsteps = 5\nitems = 4\n",
            "",
        )
        .replace(
            "batch = 4\n",
            "batch = 4\nlearning_rate = 1e30\nclip = 0.0\n",
        );
    fs::write(folder.path().join("tiny.toml"), suite).expect("a suite file");
    let run = output(
        &["run", "--suite", "tiny.toml", "--out", "out"],
        folder.path(),
    );
    assert_eq!(run.status.code(), Some(1));
    let error = String::from_utf8_lossy(&run.stderr);
    assert!(
        error.contains("failed: force-field/coordinate-transformer seed 0"),
        "{error}"
    );
    let run = folder.path().join("out").join(RUN);
    let manifest: Value =
        serde_json::from_slice(&fs::read(run.join("manifest.json")).expect("a manifest"))
            .expect("JSON");
    assert_eq!(manifest["status"], "failed");
}

/// The program's answer to a run that is to go on, which it refuses: nothing of it is lost.
fn refused(folder: &Path, expected: &str) {
    let kept =
        ["records.jsonl", "manifest.json"].map(|name| folder.join("out").join(RUN).join(name));
    let before = kept.each_ref().map(|path| fs::read(path).expect("a file"));
    let run = output(&["resume", "out"], folder);
    let error = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{error}");
    assert!(error.contains(expected), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    let [records, manifest] = kept.map(|path| fs::read(path).expect("a file"));
    assert_eq!(records, before[0], "records");
    let status: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(status["steps"], 120);
}

#[test]
fn a_run_goes_on_only_where_it_was_begun_and_from_what_it_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("tiny.toml"), SUITE).expect("a suite file");
    let run = output(&["run", "--suite", "tiny.toml", "--out", "out"], folder);
    assert!(run.status.success());
    let path = folder.join("out").join(RUN);
    let manifest = fs::read_to_string(path.join("manifest.json")).expect("a manifest");
    let write = |text: &str| fs::write(path.join("manifest.json"), text).expect("written");
    let stopped = manifest.replace("\"status\": \"ok\"", "\"status\": \"stopped\"");
    assert_ne!(stopped, manifest);

    let elsewhere = stopped.replace("\"name\": \"cpu\"", "\"name\": \"cuda:0\"");
    assert_ne!(elsewhere, stopped);
    write(&elsewhere);
    refused(folder, "was begun on cuda:0");

    write(&stopped);
    let lock = fs::File::create(path.join(".lock")).expect("a lock");
    lock.try_lock().expect("it is free");
    refused(folder, "another process works on this run");
    drop(lock);

    let again = output(&["resume", "out"], folder);
    assert!(again.status.success());
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let after = fs::read_to_string(path.join("manifest.json")).expect("a manifest");
    for kept in ["status", "started", "steps", "program"] {
        assert_eq!(value(&after)[kept], value(&manifest)[kept], "{kept}");
    }

    write(&stopped);
    for checkpoint in fs::read_dir(path.join("checkpoints")).expect("checkpoints") {
        let weights = checkpoint
            .expect("an entry")
            .path()
            .join("weights.safetensors");
        fs::write(weights, b"torn").expect("written");
    }
    refused(folder, "does not match its hash");
}

#[test]
fn wrong_input_is_one_line_exit_code_2_and_nothing_written() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("key.toml"),
        SUITE.replace("batch = 4\n", "batsh = 4\n"),
    )
    .expect("a suite file");
    fs::write(folder.path().join("torn.npz"), b"PK\x03\x04 not an archive").expect("a file");
    let cases: &[(&[&str], &str)] = &[
        (
            &["run", "--suite", "nothing"],
            "no suite nothing; give one of quick, ci, paper",
        ),
        (
            &["run", "--task", "nothing"],
            "no task nothing in suite quick",
        ),
        (
            &["run", "--arm", "nothing"],
            "nothing to run: no arm of suite quick is named nothing",
        ),
        (&["run", "--suite", "key.toml"], "unknown field `batsh`"),
        (&["run", "--data", "missing.npz"], "missing.npz"),
        (&["run", "--data", "torn.npz"], "torn.npz"),
        (
            &["run", "--suite", "paper"],
            "data/spice/SPICE.hdf5 is missing; prepare it with: ",
        ),
        (
            &["run", "--device", "abacus"],
            "no device abacus; give auto or one of cpu",
        ),
        (
            &["run", "--budget", "-1"],
            "budget_seconds is -1; give a positive number",
        ),
        (&["resume", "nowhere"], "not a results folder"),
        (&["data", "inspect", "missing.xyz"], "missing.xyz"),
    ];
    for (arguments, expected) in cases {
        let run = output(arguments, folder.path());
        let error = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
    }
    assert!(!folder.path().join("runs").exists(), "nothing is written");
}
