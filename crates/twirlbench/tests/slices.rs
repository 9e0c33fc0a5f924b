//! What is measured on a GPU, done as a toy on the processor: no hour of a GPU is for finding faults.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SLICES: [&str; 11] = [
    "check",
    "cost-force",
    "cost-flow",
    "cost-voxel",
    "cost-voxel64",
    "dynamics-force",
    "dynamics-flow",
    "dynamics-voxel",
    "per-hour-force",
    "per-hour-flow",
    "per-hour-voxel",
];

fn slices(out: &Path, seconds: &str) -> Output {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../ci/gpu");
    Command::new("bash")
        .arg(script)
        .args(["--toy", "cpu"])
        .arg(out)
        .env("TWIRLBENCH", env!("CARGO_BIN_EXE_twirlbench"))
        .env("SLICE_SECONDS", seconds)
        .output()
        .expect("bash")
}

fn missing(out: &Path) -> Vec<&'static str> {
    let gone = |slice: &&&str| !out.join(format!("{slice}.done")).exists();
    SLICES.iter().filter(gone).copied().collect()
}

/// Two seconds are too short for most slices: they are told to end and go on where they were. In the end
/// everything is there once, and a further call does nothing.
#[test]
fn slices_that_are_killed_go_on_and_all_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("gpu");
    let cut = slices(&out, "2");
    assert!(!cut.status.success(), "{cut:?}");
    let cut_off = missing(&out);
    assert!(
        !cut_off.is_empty() && cut_off.len() < SLICES.len(),
        "{cut_off:?}"
    );

    let whole = slices(&out, "560");
    let said = String::from_utf8_lossy(&whole.stdout);
    assert!(
        whole.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&whole.stderr)
    );
    assert_eq!(missing(&out), [""; 0]);
    // Every arm in both sizes, once; the octahedral network has no tiny one.
    for (task, count) in [("force", 10), ("flow", 6), ("voxel", 5), ("voxel64", 5)] {
        let lines = std::fs::read_to_string(out.join(format!("cost-{task}.jsonl"))).expect("costs");
        assert_eq!(lines.lines().count(), count, "{task}: {lines}");
        assert_eq!(lines.matches("\"error\":null").count(), count, "{lines}");
        let unfit = std::fs::read_to_string(out.join(format!("cost-{task}.unfit"))).expect("notes");
        assert_eq!(unfit, "", "{task}");
    }
    let compared = std::fs::read_to_string(out.join("check.txt")).expect("a table");
    for arm in [
        "force-field/mace ",
        "conformer-flow/plain ",
        "voxel-denoise/octahedral-unet ",
    ] {
        assert_eq!(compared.matches(arm).count(), 1, "{arm}: {compared}");
    }
    assert_eq!(compared.matches("against").count(), 1, "{compared}");
    assert!(slices(&out, "560").stdout.is_empty());
}
