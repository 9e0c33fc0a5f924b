//! One job, one folder, one process: what ends one job leaves the others alone.
#![cfg(unix)]

mod cells;
mod cluster;
#[path = "../program/mod.rs"]
mod program;
mod turns;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use program::command;
use serde_json::Value;
use tempfile::TempDir;

/// Two small arms, with `ARM` between them.
const SUITE: &str = r#"
name = "tiny"
seeds = [0]

[train]
steps = 30
batch = 4
ema = 0.9
checkpoint_every = 7

[train.evaluation]
items = 6
batch = 6
per_decade = 4
replicates = 100
design = { kind = "iid", rotations = 2 }

[[task]]
name = "force-field"
data = "embedded"

[[task.arm]]
name = "coordinate-transformer"
config = { width = 8, layers = 1, heads = 1, expansion = 1 }
ARM
[[task.arm]]
name = "tensor-field"
config = { width = 4 }
"#;

const FIRST: &str = "force-field/coordinate-transformer/seed-0";
const MIDDLE: &str = "force-field/painn/seed-0";
const LAST: &str = "force-field/tensor-field/seed-0";

fn folder(arm: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), SUITE.replace("ARM\n", arm)).expect("a suite file");
    folder
}

/// What a command says on both outputs, and the exit code it must end with.
fn said(arguments: &[&str], folder: &TempDir, code: i32) -> (String, String) {
    let output = command(arguments, folder.path()).output().expect("a start");
    told(&output, code)
}

fn told(output: &Output, code: i32) -> (String, String) {
    let texts =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert_eq!(output.status.code(), Some(code), "{texts:?}");
    texts.into()
}

fn json(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("JSON")
}

fn manifest(folder: &TempDir, run: &str) -> Value {
    json(&folder.path().join("out").join(run).join("manifest.json"))
}

/// Records without times.
fn untimed(folder: &TempDir, run: &str) -> Vec<Value> {
    program::untimed(&folder.path().join("out").join(run))
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_mins(2), "no {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

const RUN: [&str; 4] = ["run", "tiny.toml", "--out", "out"];

#[cfg(target_os = "linux")]
#[test]
fn an_arm_without_memory_ends_alone_and_is_taken_last_when_the_run_goes_on() {
    let wide = "[[task.arm]]\nname = \"painn\"\nconfig = { width = 100000000 }\n";
    let folder = folder(wide);
    let program = env!("CARGO_BIN_EXE_twirlbench");
    let limited = |command: &str| {
        let line = format!("ulimit -v 6000000; exec '{program}' {command}");
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(folder.path())
            .output();
        told(&output.expect("a start"), 1)
    };
    let (_, error) = limited("run tiny.toml --out out");
    assert_eq!(error.lines().count(), 1, "{error}");
    let place = "failed: force-field/painn seed 0: out of memory: memory allocation of ";
    assert!(error.starts_with(place), "{error}");
    for (run, status) in [(FIRST, "ok"), (MIDDLE, "out-of-memory"), (LAST, "ok")] {
        assert_eq!(manifest(&folder, run)["status"], status, "{run}");
    }
    // With the last arm yet to be done, it comes before the one that died.
    fs::remove_dir_all(folder.path().join("out").join(LAST)).expect("removed");
    limited("resume out");
    let began = |run: &str| {
        let attempts = folder.path().join("out").join(run).join("attempts.jsonl");
        let text = fs::read_to_string(attempts).expect("attempts");
        let last = text
            .lines()
            .rfind(|line| line.contains("\"begun\""))
            .expect("a line");
        serde_json::from_str::<Value>(last).expect("JSON")["time"]
            .as_u64()
            .expect("seconds")
    };
    assert!(began(MIDDLE) >= began(LAST));
    assert_eq!(manifest(&folder, LAST)["status"], "ok");
    let (text, _) = said(&["status", "out"], &folder, 0);
    assert!(
        text.contains("job 1, seed 0: out-of-memory at step 0 of 30, attempt 2: out of memory"),
        "{text}"
    );
    assert!(
        text.trim_end().ends_with("3 jobs: 2 done, 1 out-of-memory"),
        "{text}"
    );
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
fn children_of(process: u32) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter();
    let read = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("children")).ok();
    let all: String = threads.flatten().flatten().filter_map(read).collect();
    all.split_whitespace().map(Into::into).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_killed_is_noted_and_the_next_job_is_done() {
    let middle = "[[task.arm]]\nname = \"painn\"\nconfig = { width = 8, layers = 1 }\n\
                  train = { steps = 400 }\n";
    let whole = folder(middle);
    said(&RUN, &whole, 0);
    let folder = folder(middle);
    let run = command(&RUN, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a start");
    let records = folder.path().join("out").join(MIDDLE).join("records.jsonl");
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |found| found.len());
    wait_for("record", || size(&records) > 0);
    let children = children_of(run.id());
    let child = children.first().expect("a process");
    let killed = Command::new("kill").args(["-9", child]).status();
    assert!(killed.expect("kill").success());
    let (_, error) = told(&run.wait_with_output().expect("an end"), 1);
    assert!(
        error.contains("painn seed 0: its process was ended by SIGKILL"),
        "{error}"
    );
    for (job, status) in [(FIRST, "ok"), (MIDDLE, "killed"), (LAST, "ok")] {
        assert_eq!(manifest(&folder, job)["status"], status, "{job}");
    }
    said(&["resume", "out"], &folder, 0);
    for job in [FIRST, MIDDLE, LAST] {
        assert_eq!(untimed(&folder, job), untimed(&whole, job), "{job}");
    }
}

#[test]
fn jobs_of_a_plan_are_done_one_by_one_in_any_order_and_once() {
    let folder = folder("");
    let (text, _) = said(
        &[
            "plan",
            "tiny.toml",
            "--seed",
            "0",
            "--seed",
            "1",
            "--out",
            "out",
        ],
        &folder,
        0,
    );
    assert_eq!(text, "out: 4 jobs\n");
    let (_, error) = said(&["plan", "tiny.toml", "--out", "out"], &folder, 2);
    assert!(error.contains("is there already"), "{error}");
    let (text, _) = said(&["status", "out"], &folder, 0);
    assert!(text.trim_end().ends_with("4 jobs: 4 missing"), "{text}");
    for (job, told) in [
        ("3", "force-field/tensor-field/seed-1: done\n"),
        (FIRST, "force-field/coordinate-transformer/seed-0: done\n"),
        ("3", "force-field/tensor-field/seed-1: done already\n"),
    ] {
        let (text, error) = said(&["run", "--plan", "out", "--job", job], &folder, 0);
        assert_eq!((text.as_str(), error.as_str()), (told, ""));
    }
    let (text, _) = said(&["status", "out", "--json"], &folder, 0);
    let status: Value = serde_json::from_str(&text).expect("JSON");
    let jobs = status["jobs"].as_array().expect("jobs");
    let standings: Vec<&str> = jobs
        .iter()
        .map(|job| job["standing"].as_str().expect("text"))
        .collect();
    assert_eq!(standings, ["done", "missing", "missing", "done"]);
    assert_eq!(jobs[3]["attempts"], 1);
    for (job, told) in [
        ("4", "no job 4: the plan has 4"),
        ("painn", "no job painn in the plan"),
    ] {
        let (_, error) = said(&["run", "--plan", "out", "--job", job], &folder, 2);
        assert!(
            error.contains(told) && error.lines().count() == 1,
            "{error}"
        );
    }
    said(&["collect", "out", "--local", "--jobs", "2"], &folder, 0);
    let whole = folder_of_a_run(&[
        "run",
        "tiny.toml",
        "--seed",
        "0",
        "--seed",
        "1",
        "--out",
        "out",
    ]);
    for run in [FIRST, LAST, "force-field/tensor-field/seed-1"] {
        assert_eq!(untimed(&folder, run), untimed(&whole, run), "{run}");
    }
    let shared = manifest(&folder, LAST);
    assert_eq!(
        (&shared["device"]["beside"], &shared["device"]["threads"]),
        (&1.into(), &threads().into())
    );
    assert!(manifest(&folder, FIRST)["device"].get("beside").is_none());
}

fn threads() -> usize {
    (std::thread::available_parallelism().map_or(1, usize::from) / 2).max(1)
}

fn folder_of_a_run(arguments: &[&str]) -> TempDir {
    let folder = folder("");
    said(arguments, &folder, 0);
    folder
}

#[test]
fn a_job_that_is_told_to_end_is_saved_and_its_exit_code_can_be_chosen() {
    let folder = folder("");
    let long = [
        "plan",
        "tiny.toml",
        "--arm",
        "coordinate-transformer",
        "--out",
        "out",
    ];
    let text = fs::read_to_string(folder.path().join("tiny.toml")).expect("a suite");
    let text = text.replace("steps = 30", "steps = 100000");
    fs::write(folder.path().join("tiny.toml"), text).expect("written");
    said(&long, &folder, 0);
    let none: &[&str] = &[];
    for (chosen, code) in [(none, 143), (&["--saved-code", "75"], 75)] {
        let arguments = [&["run", "--plan", "out", "--job", "0"], chosen].concat();
        let run = command(&arguments, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a start");
        let (text, _) = {
            wait_for("job at work", || {
                let output = command(&["status", "out"], folder.path())
                    .output()
                    .expect("a start");
                String::from_utf8_lossy(&output.stdout).contains(": running at step ")
                    && folder
                        .path()
                        .join("out")
                        .join(FIRST)
                        .join("records.jsonl")
                        .exists()
            });
            said(&["collect", "out"], &folder, 2)
        };
        assert_eq!(text, "");
        let sent = Command::new("kill")
            .args(["-TERM", &run.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
        let (_, error) = told(&run.wait_with_output().expect("an end"), code);
        assert!(
            error.starts_with("stopped by SIGTERM after step "),
            "{error}"
        );
        assert!(
            error
                .trim_end()
                .ends_with("go on with: twirlbench run --plan out --job 0"),
            "{error}"
        );
        let (text, _) = said(&["status", "out"], &folder, 0);
        assert!(
            text.contains(": stopped at step ") && text.contains(": saved after step "),
            "{text}"
        );
    }
}
