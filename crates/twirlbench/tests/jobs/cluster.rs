//! What a cluster needs of a plan: bounds on attempts, a script, an estimate.

use std::fs;

use twirl_data::{DataSet, Embedded, Split};

use crate::*;

#[test]
fn what_fails_is_done_again_up_to_a_bound_and_then_left() {
    let diverging = "[[task.arm]]\nname = \"painn\"\nconfig = { width = 8, layers = 1 }\n\
                     train = { learning_rate = 1e30, clip = 0.0 }\n";
    let folder = folder(diverging);
    said(&["plan", "tiny.toml", "--out", "out"], &folder, 0);
    let (text, error) = said(
        &["collect", "out", "--local", "--attempts", "2"],
        &folder,
        1,
    );
    let left = error.lines().last().expect("a line");
    assert!(
        left.starts_with("left after ") && left.contains("force-field/painn/seed-0: failed: "),
        "{left}"
    );
    assert!(text.contains("page: out/report.html"), "{text}");
    let attempts = folder
        .path()
        .join("out")
        .join(MIDDLE)
        .join("attempts.jsonl");
    let before = fs::read_to_string(&attempts).expect("attempts");
    assert!(before.matches("\"begun\"").count() >= 2, "{before}");
    said(
        &["collect", "out", "--local", "--attempts", "2"],
        &folder,
        1,
    );
    assert_eq!(
        fs::read_to_string(&attempts).expect("attempts"),
        before,
        "left is left"
    );
}

#[test]
fn a_slurm_script_holds_what_the_site_wants_and_wrong_settings_are_told() {
    let folder = folder("");
    said(
        &[
            "plan",
            "tiny.toml",
            "--seed",
            "0",
            "--seed",
            "1",
            "--out",
            "a b",
        ],
        &folder,
        0,
    );
    let settings = "partition = 'gpu'\ngres = 'gpu:1'\nmodule = ['cuda/12.4']\nenv = ['A=1 2']\nmax_array = 3\n";
    fs::write(folder.path().join("slurm.toml"), settings).expect("written");
    let dry = [
        "submit",
        "slurm",
        "a b",
        "--dry-run",
        "--config",
        "slurm.toml",
    ];
    let (text, error) = said(
        &[&dry[..], &["--partition", "long", "--time", "24:00:00"]].concat(),
        &folder,
        0,
    );
    assert_eq!(error, "");
    assert_eq!(text.matches("#!/bin/bash -l\n").count(), 2, "{text}");
    for line in [
        "#SBATCH --partition=long",
        "#SBATCH --time=24:00:00",
        "#SBATCH --gres=gpu:1",
        "#SBATCH --signal=B:TERM@120",
        "#SBATCH --array=0-2",
        "#SBATCH --array=0-0",
        "module load cuda/12.4",
        "export A='1 2'",
        "# sbatch --parsable --array=0 a b/slurm/array-3.sh",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
    let end = "/a b' --job \"$((SLURM_ARRAY_TASK_ID + 3))\" --saved-code 75";
    assert!(
        text.lines()
            .any(|line| line.starts_with("exec ") && line.ends_with(end)),
        "{text}"
    );
    assert!(
        !folder.path().join("a b/slurm").exists(),
        "nothing is written"
    );
    for (wrong, told) in [
        ("partitions = 'gpu'", "unknown field `partitions`"),
        ("env = ['A']", "give NAME=VALUE"),
        (
            "account = \"a\\nb\"",
            "a line of a Slurm script cannot hold it",
        ),
    ] {
        fs::write(folder.path().join("slurm.toml"), wrong).expect("written");
        let (_, error) = said(&dry, &folder, 2);
        assert!(
            error.contains(told) && error.lines().count() == 1,
            "{error}"
        );
    }
}

/// What is printed is what a run records: parameters, operations of a step, and measurements, also where
/// a suite has all items measured.
#[test]
fn an_estimate_measures_what_a_run_records_and_writes_nothing() {
    let folder = folder("");
    let (text, error) = said(&["plan", "tiny.toml", "--estimate"], &folder, 0);
    assert_eq!(error, "");
    assert!(!folder.path().join("runs").exists() && !folder.path().join("out").exists());
    said(&RUN, &folder, 0);
    let parts: Vec<&str> = text.split("force-field/").skip(1).collect();
    assert_eq!(parts.len(), 2, "{text}");
    for (part, run) in parts.iter().zip([FIRST, LAST]) {
        let manifest = manifest(&folder, run);
        let parameters = format!("{} parameters x 4 bytes x 5 ", manifest["parameters"]);
        assert!(
            part.contains(&parameters) && part.contains("  training  30 steps x "),
            "{part}"
        );
        let records = untimed(&folder, run);
        let measured = format!("  measuring {} records x 6 items x ", records.len());
        assert!(part.contains(&measured), "{part}");
        let flops = records.last().expect("a record")["model_flops"]
            .as_f64()
            .expect("counted")
            / 30.0;
        let printed = part
            .split(" FLOP / ")
            .next()
            .expect("text")
            .split_whitespace()
            .last();
        let printed: f64 = printed.expect("a number").parse().expect("a number");
        // Molecules differ from step to step.
        assert!((printed / flops - 1.0).abs() < 0.5, "{printed} and {flops}");
    }
    let text = fs::read_to_string(folder.path().join("tiny.toml")).expect("a suite");
    let text = text.replace("items = 6", "items = 0");
    fs::write(folder.path().join("tiny.toml"), text).expect("written");
    let (text, _) = said(&["plan", "tiny.toml", "--estimate"], &folder, 0);
    let data = DataSet::embedded(Embedded::Forces).expect("data");
    let all = format!(" records x {} items x ", data.split(Split::Test).len());
    assert_eq!(text.matches(&all).count(), 2, "{text}");
}
