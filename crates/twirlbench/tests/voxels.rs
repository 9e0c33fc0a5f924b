//! Voxel denoising from the command line: molecules from a finished run, and real conformers.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const RUN: &str = "out/voxel-denoise/unet/seed-0";

/// Runs the program and returns what it says.
fn twirlbench(arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_twirlbench"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Trains one small arm for a few steps, with `config` as the settings of the task.
fn train(folder: &Path, data: &str, config: &str) -> Value {
    let suite = format!(
        r#"
name = "voxels"
about = "A few steps of one arm"
seeds = [0]

[train]
steps = 3
batch = 2
ema = 0.5
schedule = {{ kind = "constant", warmup = 1 }}
search = {{ rates = [3e-3], steps = 1, items = 2 }}

[train.evaluation]
items = 2
batch = 2
per_decade = 1
replicates = 100
design = {{ kind = "group", group = "octahedral" }}

[[task]]
name = "voxel-denoise"
data = {data:?}
config = {config}

[[task.arm]]
name = "unet"
config = {{ base = 4, multipliers = [1, 2], blocks = 1, attention = 1, heads = 1, groups = 2 }}
"#
    );
    fs::write(folder.join("voxels.toml"), suite).expect("a suite file");
    twirlbench(&["run", "--suite", "voxels.toml", "--out", "out"], folder);
    let manifest = folder.join(RUN).join("manifest.json");
    let manifest = fs::read_to_string(manifest).expect("a manifest");
    serde_json::from_str(&manifest).expect("JSON")
}

fn value(figures: &Value, name: &str) -> f64 {
    let value = figures[name]["value"].as_f64();
    value.unwrap_or_else(|| panic!("{name} in {figures}"))
}

#[test]
fn molecules_are_sampled_from_a_run_and_depend_on_the_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    // A low peak, since a network of three steps hardly sees atoms.
    let config = "{ closing = { molecules = 2, samples = 2, steps = 2, peak = 0.02 } }";
    let manifest = train(folder.path(), "embedded", config);
    assert_eq!(manifest["bayes_error"]["kind"], "reference", "{manifest}");
    let closing = &manifest["closing"];
    assert_eq!(value(&closing["figures"], "valid-molecules-of"), 2.0);
    let clean = &closing["baselines"]["clean grid"];
    assert!(value(clean, "recovered-atoms-of") > 0.0, "{clean}");
    let from_start = "valid-molecules-of-jumped-from-start";
    assert_eq!(value(&closing["figures"], from_start), 2.0);

    let sampled = |seed: &str, out: &str| {
        let of = ["--count", "3", "--steps", "2", "--seed", seed, "--out", out];
        let said = twirlbench(&[&["sample", RUN][..], &of].concat(), folder.path());
        assert_eq!(said.trim(), format!("3 molecules: {out}"));
        fs::read_to_string(folder.path().join(out)).expect("a file of molecules")
    };
    let first = sampled("1", "first.xyz");
    assert!(
        first.contains("walk-jump sample 2, seed 1, 2 steps"),
        "{first}"
    );
    assert_eq!(first, sampled("1", "again.xyz"));
    let without_seed = |text: &str| text.replace("seed 1", "").replace("seed 2", "");
    assert_ne!(
        without_seed(&first),
        without_seed(&sampled("2", "other.xyz"))
    );
}

/// The conformer benchmark, beside the checkout in `../shared/data`: more elements and larger
/// molecules than the embedded data, so atoms lie beyond the ball, and the figures say how many.
#[test]
fn real_conformers_run_end_to_end() {
    let file = "conformer-benchmark/conformer-benchmark.h5";
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(file);
    let Ok(path) = path.canonicalize() else {
        println!("skipped: {file} is not beside this checkout (../shared/data)");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let config =
        r#"{ noise = "band-limited", closing = { molecules = 8, samples = 1, steps = 1 } }"#;
    let path = path.to_str().expect("a path in UTF-8");
    let manifest = train(folder.path(), path, config);
    let clean = &manifest["closing"]["baselines"]["clean grid"];
    println!("{clean}");
    assert!(value(clean, "recovered-atoms-of") > 100.0, "{clean}");
    assert!(value(clean, "recovered-atoms-left-out") > 0.0, "{clean}");
    assert!(value(clean, "recovered-atoms") > 0.9, "{clean}");
    // What is found at the atoms left out is not held against the others.
    assert!(value(clean, "recovered-atoms-precision") > 0.9, "{clean}");
    for baseline in ["noisy grid", "held-out molecules"] {
        let figures = &manifest["closing"]["baselines"][baseline];
        assert!(figures.is_object(), "{baseline} in {manifest}");
    }
}
