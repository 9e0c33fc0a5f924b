//! Studies as a user meets them: files, cells that are kept, and refusals.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn study(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twirlbench"))
        .arg("study")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts")
}

/// One arm with a layer that splits, small enough for a test.
const SUITE: &str = r#"
name = "tiny"
about = "One small arm"
seeds = [0]

[train]
batch = 2

[[task]]
name = "force-field"
data = "embedded"

[[task.arm]]
name = "neighbour-attention"
config = { width = 8, layers = 1, heads = 2, radial = 8, degree = 2 }
"#;

const CELL: &str = "force-field/neighbour-attention/seed-4";

fn manifest(folder: &Path) -> Value {
    let text = fs::read(folder.join("out/parameters/manifest.json")).expect("a manifest");
    serde_json::from_slice(&text).expect("JSON")
}

#[test]
fn a_study_writes_its_files_and_keeps_its_cells() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), SUITE).expect("a suite file");
    let arguments = [
        "parameters",
        "--suite",
        "tiny.toml",
        "--seed",
        "4",
        "--out",
        "out",
    ];
    let first = study(&arguments, folder.path());
    let text = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    assert!(
        text.contains("p = 2.00") && text.contains("Rule, fixed in advance."),
        "{text}"
    );
    let out = folder.path().join("out/parameters");
    for name in [
        "manifest.json",
        "table.md",
        "figure.svg",
        "data.csv",
        "verdict.txt",
    ] {
        let size = fs::metadata(out.join(name)).expect(name).len();
        assert!(size > 20, "{name} has {size} bytes");
    }
    let verdict = fs::read_to_string(out.join("verdict.txt")).expect("a verdict");
    assert_eq!(verdict.lines().count(), 1);
    // One seed gives no interval, and without one nothing is decided.
    assert!(verdict.starts_with("undecided: "), "{verdict}");
    // After forty steps the arm predicts next to nothing.
    assert!(verdict.contains("has not learned"), "{verdict}");
    let written = manifest(folder.path());
    assert_eq!(written["device"]["float"], "f64");
    assert_eq!(written["cells"][0]["cell"], CELL);
    assert_eq!(written["cells"][0]["status"], "ok");

    // Again: the cell is kept, without time even, and the figures are the same.
    let again = [&arguments[..], &["--seconds", "1e-9"]].concat();
    assert!(study(&again, folder.path()).status.success());
    assert_eq!(manifest(folder.path())["cells"][0]["status"], "ok (kept)");
    assert_eq!(
        fs::read_to_string(out.join("verdict.txt")).expect("a verdict"),
        verdict
    );

    // Another seed without time is a status, not a failure.
    let mut late = again.clone();
    late[4] = "5";
    assert!(study(&late, folder.path()).status.success());
    let status = manifest(folder.path())["cells"][0]["status"].to_string();
    assert!(status.contains("time was spent"), "{status}");

    // A cell that is named is made anew.
    let named = [&arguments[..], &["--cell", "seed-4"]].concat();
    assert!(study(&named, folder.path()).status.success());
    assert_eq!(manifest(folder.path())["cells"][0]["status"], "ok");
}

#[test]
fn wrong_names_and_devices_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = [
        (&["parameter"][..], "no study parameter; give all or one of"),
        (
            &["gradients", "--task", "force"][..],
            "no task force in suite quick",
        ),
        (&["landscape", "--device", "gpu"][..], "no device gpu"),
        (&["dynamics", "--data", "nothing.h5"][..], "nothing.h5"),
    ];
    for (arguments, message) in cases {
        let output = study(arguments, folder.path());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(message), "{arguments:?}: {text}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
