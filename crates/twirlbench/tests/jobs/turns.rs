//! Arms that take turns: who waits is off the clock, does nothing, and holds nobody up.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::{FIRST, LAST, MIDDLE, command, folder, json, manifest, said, told, untimed, wait_for};

/// An arm whose steps take many times as long as those of the others.
const SLOW: &str = "[[task.arm]]\nname = \"painn\"\nconfig = { width = 96, layers = 3 }\n";

/// Turns that end with every step.
const TURNS: [&str; 6] = ["run", "tiny.toml", "--out", "out", "--interleave", "1e-9"];

fn records(folder: &TempDir, run: &str) -> Vec<Value> {
    let path = folder.path().join("out").join(run).join("records.jsonl");
    let text = fs::read_to_string(path).expect("records");
    let parse = |line| serde_json::from_str(line).expect("a record");
    text.lines().map(parse).collect()
}

#[test]
fn turns_change_no_record_and_waiting_is_off_the_clocks() {
    let whole = folder(SLOW);
    said(&["run", "tiny.toml", "--out", "out"], &whole, 0);
    let turns = folder(SLOW);
    said(&TURNS, &turns, 0);
    for run in [FIRST, MIDDLE, LAST] {
        assert_eq!(untimed(&turns, run), untimed(&whole, run), "{run}");
        assert_eq!(manifest(&turns, run)["slice_seconds"], 1e-9, "{run}");
        assert!(manifest(&whole, run).get("slice_seconds").is_none());
    }
    let plan = json(&turns.path().join("out/plan.json"));
    assert_eq!(plan["slice_seconds"], 1e-9);

    // The fast arm waited for the slow one with every step, and its clocks did not.
    let (fast, slow) = (records(&turns, FIRST), records(&turns, MIDDLE));
    let spent = |records: &[Value], clock: &str| {
        let at =
            |record: Option<&Value>| record.expect("a record")[clock].as_f64().expect("seconds");
        at(records.last()) - at(records.first())
    };
    for clock in ["device_seconds", "cpu_seconds"] {
        let [fast, slow] = [&fast, &slow].map(|records| spent(records, clock));
        assert!(
            fast > 0.0 && fast < 0.5 * slow,
            "{clock}: {fast} and {slow}"
        );
    }
    let (waited, slow) = (spent(&fast, "wall_seconds"), spent(&slow, "device_seconds"));
    assert!(waited > 0.5 * slow, "{waited} s beside {slow} s");
}

#[cfg(target_os = "linux")]
#[test]
fn an_arm_without_memory_leaves_the_round() {
    let wide = "[[task.arm]]\nname = \"painn\"\nconfig = { width = 100000000 }\n";
    let folder = folder(wide);
    let program = env!("CARGO_BIN_EXE_twirlbench");
    let arguments = TURNS.join(" ");
    let limited = format!("ulimit -v 6000000; exec '{program}' {arguments} --jobs 2");
    let output = Command::new("sh")
        .args(["-c", &limited])
        .current_dir(folder.path())
        .output();
    let (_, error) = told(&output.expect("a start"), 1);
    assert!(error.contains("painn seed 0: out of memory: "), "{error}");
    for (run, status) in [(FIRST, "ok"), (MIDDLE, "out-of-memory"), (LAST, "ok")] {
        assert_eq!(manifest(&folder, run)["status"], status, "{run}");
    }
    let (_, error) = said(&["resume", "out", "--interleave", "0"], &folder, 2);
    assert_eq!(
        error,
        "error: --interleave is 0; give the seconds of a turn, above 0\n"
    );
}

fn lengthened(steps: u32) -> TempDir {
    let folder = folder("");
    let suite = folder.path().join("tiny.toml");
    let text = fs::read_to_string(&suite).expect("a suite");
    let text = text.replace("steps = 30", &format!("steps = {steps}"));
    fs::write(&suite, text).expect("written");
    folder
}

fn begun(folder: &TempDir, slice: &str) -> Child {
    let arguments = ["run", "tiny.toml", "--out", "out", "--interleave", slice];
    command(&arguments, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a start")
}

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

#[test]
fn a_signal_saves_those_at_work_and_those_that_wait() {
    let whole = lengthened(600);
    said(&["run", "tiny.toml", "--out", "out"], &whole, 0);
    let folder = lengthened(600);
    let run = begun(&folder, "0.02");
    let records = |run: &str| folder.path().join("out").join(run).join("records.jsonl");
    wait_for("records of both", || {
        records(FIRST).exists() && records(LAST).exists()
    });
    signal("-TERM", run.id());
    let (_, error) = told(&run.wait_with_output().expect("an end"), 143);
    for run in [FIRST, LAST] {
        let found = manifest(&folder, run);
        let steps = found["steps"].as_u64().expect("a step");
        assert!(found["status"] == "stopped" && steps < 600, "{error}");
        let arm = run.strip_suffix("/seed-0").expect("a seed");
        assert!(error.contains(&format!("step {steps} of {arm}")), "{error}");
    }
    assert!(
        error.starts_with("stopped by SIGTERM after step "),
        "{error}"
    );
    said(&["resume", "out"], &folder, 0);
    for run in [FIRST, LAST] {
        assert_eq!(untimed(&folder, run), untimed(&whole, run), "{run}");
    }
}

/// Hundredths of a second that a process has computed.
#[cfg(target_os = "linux")]
fn computed(process: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_waits_sleeps_and_ends_with_its_parent() {
    let folder = lengthened(1_000_000);
    let mut run = begun(&folder, "1e6");
    wait_for("two processes", || super::children_of(run.id()).len() == 2);
    let children = super::children_of(run.id());
    wait_for("process asleep beside one at work", || {
        let before: Vec<_> = children.iter().map(|child| computed(child)).collect();
        std::thread::sleep(Duration::from_millis(500));
        let after = children.iter().map(|child| computed(child));
        let spent: Vec<u64> = after
            .zip(before)
            .map(|(after, before)| {
                after
                    .zip(before)
                    .map_or(0, |(after, before)| after - before)
            })
            .collect();
        spent.contains(&0) && spent.iter().any(|&own| own > 10)
    });
    let (text, _) = said(&["status", "out"], &folder, 0);
    assert!(text.trim_end().ends_with("2 jobs: 2 running"), "{text}");
    run.kill().expect("killed");
    run.wait().expect("an end");
    wait_for("end of both", || {
        // Whoever takes orphans may be slow to bury them.
        let gone = |child: &String| {
            let stat = fs::read_to_string(format!("/proc/{child}/stat"));
            stat.map_or(true, |stat| stat.contains(") Z "))
        };
        children.iter().all(gone)
    });
}
