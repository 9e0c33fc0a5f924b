//! Signals, saves by time, and several processes at once.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{RUN, SUITE, command, folder_with, output, read_json, run_in, untimed};

/// Long enough to be met at work, and without a save before its end.
fn unsaved() -> String {
    SUITE
        .replace("steps = 30", "steps = 600")
        .replace("checkpoint_every = 7", "checkpoint_every = 0")
}

fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(
            begun.elapsed() < Duration::from_mins(2),
            "no {}",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn begin(folder: &TempDir, arguments: &[&str]) -> Child {
    command(arguments, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

const RUN_INTO_OUT: [&str; 5] = ["run", "--suite", "tiny.toml", "--out", "out"];

#[test]
fn a_signal_saves_says_how_to_go_on_and_loses_nothing() {
    let whole = folder_with(&unsaved());
    let expected = untimed(&run_in(&whole));
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let folder = folder_with(&unsaved());
        let run = folder.path().join("out").join(RUN);
        let child = begin(&folder, &RUN_INTO_OUT);
        wait_for(&run.join("records.jsonl"));
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
        let ended = child.wait_with_output().expect("an end");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(
            told.starts_with(&format!("stopped by SIG{signal} after step ")),
            "{told}"
        );
        assert!(
            told.trim_end()
                .ends_with("go on with: twirlbench resume out"),
            "{told}"
        );
        let manifest = read_json(&run.join("manifest.json"));
        assert_eq!(manifest["status"], "stopped");
        let step = manifest["steps"].as_u64().expect("a step");
        assert!(step < 600, "it was met at work");
        let saved = run.join(format!("checkpoints/step-{step:09}/checkpoint.json"));
        assert!(step == 0 || saved.exists(), "step {step} is saved");
        let resumed = output(&["resume", "out"], folder.path());
        assert!(
            resumed.status.success(),
            "{}",
            String::from_utf8_lossy(&resumed.stderr)
        );
        assert_eq!(untimed(&run), expected, "SIG{signal}");
    }
}

#[test]
fn a_run_is_saved_by_time_and_goes_on_from_there() {
    let suite = unsaved().replace(
        "checkpoint_every = 0",
        "checkpoint_every = 0\ncheckpoint_seconds = 0.02",
    );
    let whole = folder_with(&suite);
    let expected = untimed(&run_in(&whole));
    let folder = folder_with(&suite);
    let run = folder.path().join("out").join(RUN);
    let mut child = begin(&folder, &RUN_INTO_OUT);
    wait_for(&run.join("checkpoints"));
    std::thread::sleep(Duration::from_millis(100));
    child.kill().expect("killed");
    child.wait().expect("an end");
    let saved = fs::read_dir(run.join("checkpoints"))
        .expect("checkpoints")
        .count();
    assert!(saved > 0, "a save by time");
    let resumed = output(&["resume", "out"], folder.path());
    assert!(
        resumed.status.success(),
        "{}",
        String::from_utf8_lossy(&resumed.stderr)
    );
    assert_eq!(untimed(&run), expected);
}

#[test]
fn runs_that_begin_at_once_each_get_a_folder_of_their_own() {
    let folder = folder_with(&SUITE.replace("steps = 30", "steps = 2"));
    let children: Vec<Child> = (0..6)
        .map(|_| begin(&folder, &["run", "--suite", "tiny.toml"]))
        .collect();
    for child in children {
        let ended = child.wait_with_output().expect("an end");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{told}");
    }
    for number in 1..=6 {
        let out = folder.path().join(format!("runs/tiny-{number:03}"));
        let manifest = read_json(&out.join(RUN).join("manifest.json"));
        assert_eq!(manifest["status"], "ok");
        assert!(out.join("plan.json").exists());
    }
    assert!(!folder.path().join("runs/tiny-007").exists());
}

#[test]
fn of_runs_into_one_folder_at_once_one_does_it_and_the_others_say_how_to_go_on() {
    let folder = folder_with(&SUITE.replace("steps = 30", "steps = 2"));
    let children: Vec<Child> = (0..4).map(|_| begin(&folder, &RUN_INTO_OUT)).collect();
    let mut codes = Vec::new();
    for child in children {
        let ended = child.wait_with_output().expect("an end");
        let told = String::from_utf8_lossy(&ended.stderr);
        let code = ended.status.code();
        assert!(
            code == Some(0) || told.contains("twirlbench resume"),
            "{told}"
        );
        codes.push(code);
    }
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(2), Some(2), Some(2)]);
}

/// As glibc is told before the program begins.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn memory_stays_with_the_program_unless_its_user_says_otherwise() {
    let own = "glibc.malloc.tcache_count=8";
    for (given, expected) in [(None, "glibc.malloc.mmap_threshold="), (Some(own), own)] {
        let folder = folder_with(&unsaved());
        let mut program = command(&RUN_INTO_OUT, folder.path());
        program.env_remove("GLIBC_TUNABLES");
        program.envs(given.map(|given| ("GLIBC_TUNABLES", given)));
        let mut child = program.stderr(Stdio::null()).spawn().expect("a program");
        wait_for(&folder.path().join("out").join(RUN).join("records.jsonl"));
        let told = fs::read(format!("/proc/{}/environ", child.id())).expect("its environment");
        child.kill().expect("ended");
        child.wait().expect("an end");
        let told = String::from_utf8_lossy(&told);
        let mut variables = told.split('\0');
        let told = variables.find_map(|line| line.strip_prefix("GLIBC_TUNABLES="));
        assert!(told.is_some_and(|told| told.contains(expected)), "{told:?}");
    }
}
