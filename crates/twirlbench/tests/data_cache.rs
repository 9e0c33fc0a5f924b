//! Decoded data sets that commands and their jobs share: where they are kept, and that they change no
//! record.

#[path = "program/mod.rs"]
mod program;
#[path = "water/mod.rs"]
mod water;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use program::{command, untimed};
use water::water;

const SUITE: &str = r#"
name = "tiny"
seeds = [0, 1]

[train]
steps = STEPS
batch = 4
checkpoint_every = 50

[train.evaluation]
items = 6
batch = 6
per_decade = 3
replicates = 100
design = { kind = "iid", rotations = 2 }

[[task]]
name = "force-field"
data = "water.xyz"

[[task.arm]]
name = "coordinate-transformer"
config = { width = 8, layers = 1, heads = 1, expansion = 1 }
"#;

/// A folder with a suite of so many steps, and frames of water on a spring in a file of at least
/// `megabytes`.
fn folder(steps: usize, megabytes: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let suite = SUITE.replace("STEPS", &steps.to_string());
    fs::write(folder.path().join("tiny.toml"), suite).expect("written");
    let mut text = water(None);
    let blank = " ".repeat(1 << 20);
    for _ in 0..megabytes {
        let _ = writeln!(text, "{blank}");
    }
    fs::write(folder.path().join("water.xyz"), text).expect("written");
    folder
}

/// What a command says on standard error, and the exit code it must end with.
fn run(arguments: &[&str], folder: &Path, code: i32) -> String {
    said(&command(arguments, folder).output().expect("a start"), code)
}

fn said(output: &Output, code: i32) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{error}");
    error
}

fn sets(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "set"))
        .collect()
}

fn records(folder: &Path, out: &str) -> [Vec<serde_json::Value>; 2] {
    let runs = folder.join(out).join("force-field/coordinate-transformer");
    [0, 1].map(|seed| untimed(&runs.join(format!("seed-{seed}"))))
}

#[test]
fn records_are_the_same_with_a_cache_and_without() {
    let folder = folder(12, 0);
    let folder = folder.path();
    run(&["run", "tiny.toml", "--out", "plain"], folder, 0);
    assert!(!folder.join("plain/.data-cache").exists(), "a small file");
    let cached = ["run", "tiny.toml", "--data-cache", "kept", "--out"];
    for out in ["first", "second"] {
        assert_eq!(run(&[&cached[..], &[out]].concat(), folder, 0), "");
        assert_eq!(records(folder, "plain"), records(folder, out));
    }
    let set = sets(&folder.join("kept"));
    assert_eq!(set.len(), 1, "{set:?}");
    let written = || {
        fs::metadata(&set[0])
            .expect("a file")
            .modified()
            .expect("a time")
    };
    let before = written();

    // By the environment, for every command that reads data; one that is damaged is named and mended.
    let by_variable = |arguments: &[&str]| {
        let mut command = command(arguments, folder);
        let output = command.env("TWIRLBENCH_DATA_CACHE", "kept").output();
        said(&output.expect("a start"), 0)
    };
    run(&["plan", "tiny.toml", "--out", "planned"], folder, 0);
    for arguments in [
        &["run", "--plan", "planned", "--job", "0"][..],
        &["run", "--plan", "planned", "--verify-data"],
        &["resume", "planned"],
        &["data", "inspect", "water.xyz"],
    ] {
        assert_eq!(by_variable(arguments), "", "{arguments:?}");
        assert_eq!(written(), before, "{arguments:?}: the one that was there");
    }
    assert_eq!(records(folder, "plain"), records(folder, "planned"));
    fs::write(&set[0], "damaged").expect("written");
    let warning = by_variable(&["data", "inspect", "water.xyz"]);
    assert_eq!(warning.lines().count(), 1, "{warning}");
    assert!(warning.contains("is cut short"), "{warning}");
    assert_eq!(by_variable(&["data", "inspect", "water.xyz"]), "");
    assert_eq!(sets(&folder.join("kept")).len(), 1);

    // A folder that cannot be is told before anything is written.
    let error = run(
        &[
            "run",
            "tiny.toml",
            "--data-cache",
            "tiny.toml/x",
            "--out",
            "none",
        ],
        folder,
        2,
    );
    assert!(
        error.ends_with("give another: --data-cache DIR\n"),
        "{error}"
    );
    assert!(!folder.join("none").exists());
}

/// Large files are decoded once for the jobs of a command, beside the results, and not kept.
#[test]
fn jobs_on_a_large_file_share_it_for_as_long_as_they_take() {
    let place = folder(12, 0);
    let small = place.path();
    run(&["run", "tiny.toml", "--out", "out"], small, 0);
    let large = folder(12, 65);
    let large = large.path();
    let out = large.join("out");
    let mut child = command(&["run", "tiny.toml", "--out", "out"], large)
        .spawn()
        .expect("a start");
    let begun = Instant::now();
    let mut met = false;
    while child.try_wait().expect("a process").is_none() {
        met |= !sets(&out.join(".data-cache")).is_empty();
        assert!(begun.elapsed() < Duration::from_mins(4), "an end");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(met, "a decoded set while the jobs were done");
    assert!(!out.join(".data-cache").exists(), "and none after");
    // Other bytes, so another file, of the same frames.
    assert_eq!(records(small, "out"), records(large, "out"));
}

/// What a signal ends is to go on without decoding again.
#[cfg(unix)]
#[test]
fn a_signal_leaves_what_was_decoded_for_resume() {
    let folder = folder(100_000, 65);
    let folder = folder.path();
    let out = folder.join("out");
    let child = command(&["run", "tiny.toml", "--out", "out"], folder)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("a start");
    let begun = Instant::now();
    let first = out.join("force-field/coordinate-transformer/seed-0/records.jsonl");
    while !fs::metadata(&first).is_ok_and(|about| about.len() > 0) {
        assert!(begun.elapsed() < Duration::from_mins(4), "a record");
        std::thread::sleep(Duration::from_millis(5));
    }
    let process = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &process])
        .status();
    assert!(kill.expect("kill").success());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(143));
    assert_eq!(sets(&out.join(".data-cache")).len(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_decoded_sets_is_not_followed() {
    let folder = folder(12, 65);
    let folder = folder.path();
    run(&["plan", "tiny.toml", "--out", "out"], folder, 0);
    fs::create_dir(folder.join("elsewhere")).expect("a folder");
    let link = folder.join("out/.data-cache");
    std::os::unix::fs::symlink(folder.join("elsewhere"), &link).expect("a link");
    let error = run(&["run", "--plan", "out"], folder, 0);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("each job reads its data"), "{error}");
    let entries = fs::read_dir(folder.join("elsewhere")).expect("a folder");
    assert_eq!(entries.count(), 0, "nothing is written there");
}
