//! Studies as a user meets them: files, cells that are kept, and refusals.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use twirl_studies::{STUDIES, Study};

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

fn manifest_of(folder: &Path, study: &str) -> Value {
    let path = folder.join("out").join(study).join("manifest.json");
    let text = fs::read(path).expect("a manifest");
    serde_json::from_slice(&text).expect("JSON")
}

fn manifest(folder: &Path) -> Value {
    manifest_of(folder, "parameters")
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

/// A few steps of everything.
const BUDGETS: &str = r#"
base = "quick"

[runs]
seeds = [0, 1]
steps = 3
judged_step = 3
items = 8
per_decade = 2
plain = 1
search = { rates = [1e-3], steps = 1, items = 2, further = 0 }

[variants]
sizes = ["tiny"]
counts = [0.001]

[lab]
seeds = [0]

[precision]
checkpoints = [0, 2]
items = 8
"#;

/// Another arm beside the one of [`SUITE`].
const EXACT: &str = r#"
[[task.arm]]
name = "painn"
config = { width = 8, layers = 1 }
"#;

fn conducted(study_name: &str, folder: &Path) -> String {
    let arguments = [study_name, "--suite", "tiny.toml", "--out", "out"];
    let arguments = [&arguments[..], &["--budgets", "budgets.toml"]].concat();
    let output = study(&arguments, folder);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn scaling_takes_the_runs_of_other_studies_and_makes_the_missing_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), SUITE).expect("a suite file");
    fs::write(folder.path().join("budgets.toml"), BUDGETS).expect("budgets");
    conducted("model-size", folder.path());
    let text = conducted("scaling", folder.path());
    let manifest = manifest_of(folder.path(), "scaling");
    let cells = manifest["cells"].as_array().expect("cells");
    let status = |name: &str| {
        let named = |cell: &&Value| {
            cell["cell"]
                .as_str()
                .is_some_and(|cell| cell.contains(name))
        };
        cells.iter().find(named).expect(name)["status"].clone()
    };
    assert_eq!(status("attention/tiny/seed-0"), "ok (kept)");
    for name in [
        "attention/tiny/seed-1",
        "attention/items-",
        "attention/run/seed-1",
    ] {
        assert_eq!(status(name), "ok", "{name}");
    }
    // Three steps teach nothing, and there are two seeds: no figure is made up.
    let verdict = manifest["verdict"].as_str().expect("a verdict");
    assert!(verdict.starts_with("undecided: "), "{verdict}");
    assert!(
        text.contains("against parameters") && text.contains("has not learned"),
        "{text}"
    );
    let data = fs::read_to_string(folder.path().join("out/scaling/data.csv")).expect("data");
    assert!(data.contains("has not learned"), "{data}");
}

#[test]
fn precision_measures_the_same_weights_with_products_of_each_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), format!("{SUITE}{EXACT}")).expect("a suite file");
    fs::write(folder.path().join("budgets.toml"), BUDGETS).expect("budgets");
    let text = conducted("precision", folder.path());
    assert!(text.contains("painn against neighbour-attention"), "{text}");
    let path = folder.path().join("out/precision/data.csv");
    let data = fs::read_to_string(path).expect("data");
    // Two arms, two checkpoints, three precisions.
    assert_eq!(data.lines().count(), 1 + 12, "{data}");
    let column = |name: &str| {
        let mut heads = data.lines().next().expect("heads").split(',');
        heads.position(|head| head == name).expect("a column")
    };
    let (products, relative) = (column("products"), column("relative"));
    let of = |arm: &str, wanted: &str| -> f64 {
        let mut rows = data.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let row = rows.rfind(|row| row[1] == arm && row[products] == wanted);
        row.expect("a row")[relative].parse().expect("a number")
    };
    assert!(of("painn", "f32") < 1e-5 && of("painn", "bf16") > 4.0 * of("painn", "tf32"));
    assert!(of("neighbour-attention", "f32") > of("painn", "bf16"));
}

/// The least of everything that the studies do, over [`BUDGETS`].
const LEAST: &str = r#"
ladder = ["tiny", "small"]

[variants]
steps = 4
sizes = ["tiny", "small"]
counts = [0.001]
optimizers = [{ kind = "adamw", rates = [1e-3] }, { kind = "sgd", rates = [1e-3] }]

[lab]
seeds = [0, 1]

[landscape]
seeds = [0]
checkpoints = [1]
items = 1
lanczos = 3
vectors = 2
kernel_items = 1
outputs = 1

[gradients]
steps = 2
items = 2
design = { kind = "iid", rotations = 2 }

[parameters]
checkpoints = [0, 1]
items = 1

[test-time]
checkpoints = [1]
items = 4
rotations = [1, 2]
reference = 4
repeats = 2

[precision]
checkpoints = [0, 1]
items = 8

[controls]
tiny = 8
"#;

/// Every cell is known before any is made, by a name of its own: a study that is cut into jobs misses none.
#[test]
fn the_cells_that_are_listed_are_those_that_a_study_makes() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), format!("{SUITE}{EXACT}")).expect("a suite file");
    let (runs, _) = BUDGETS.split_once("[variants]").expect("sections");
    let seconds = |one: &&dyn Study| format!("{} = 600\n", one.card().name);
    let seconds: String = STUDIES.iter().map(seconds).collect();
    let budgets = format!("{}\n{LEAST}\n[seconds]\n{seconds}", runs.trim_end());
    fs::write(folder.path().join("budgets.toml"), budgets).expect("budgets");
    for one in STUDIES {
        let name = one.card().name;
        let list = || -> Vec<(String, String)> {
            let arguments = [name, "--suite", "tiny.toml", "--out", "out", "--list"];
            let output = study(
                &[&arguments[..], &["--budgets", "budgets.toml"]].concat(),
                folder.path(),
            );
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && told.is_empty(), "{name}: {told}");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let (cells, last) = text.trim_end().rsplit_once('\n').expect("lines");
            let cells: Vec<(String, String)> = cells
                .lines()
                .enumerate()
                .map(|(number, line)| {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    assert_eq!(words[0], number.to_string(), "{line}");
                    (words[1].to_owned(), words[2..].join(" "))
                })
                .collect();
            assert!(
                last.starts_with(&format!("{name}: {} cells, ", cells.len())),
                "{last}"
            );
            cells
        };
        let before = list();
        let own = folder.path().join("out").join(name);
        assert!(!own.exists(), "{name}: a list writes nothing");
        conducted(name, folder.path());
        let manifest = manifest_of(folder.path(), name);
        let cells = manifest["cells"].as_array().expect("cells");
        let text = |cell: &Value, key: &str| cell[key].as_str().expect("text").to_owned();
        let made: Vec<String> = cells.iter().map(|cell| text(cell, "cell")).collect();
        let labels: Vec<&String> = before.iter().map(|(label, _)| label).collect();
        assert_eq!(labels, made.iter().collect::<Vec<_>>(), "{name}");
        assert!(!made.is_empty(), "{name}");
        for (place, label) in made.iter().enumerate() {
            assert!(!made[..place].contains(label), "{name}: {label} twice");
        }
        // What was kept before is what a study found so, and everything is kept afterwards.
        for ((label, standing), cell) in before.iter().zip(cells) {
            let found = text(cell, "status");
            let expected = if standing == "kept" {
                "ok (kept)"
            } else {
                "ok"
            };
            assert_eq!(
                (found.as_str(), standing != "kept"),
                (expected, standing == "missing"),
                "{name}: {label}"
            );
        }
        assert!(
            list().iter().all(|(_, standing)| standing == "kept"),
            "{name}"
        );
    }
}

#[test]
fn per_hour_times_predictions_of_every_size_and_keeps_the_times() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("tiny.toml"), format!("{SUITE}{EXACT}")).expect("a suite file");
    let budgets = BUDGETS.replace("plain = 1", "plain = 1\nladder = [\"tiny\", \"small\"]");
    fs::write(folder.path().join("budgets.toml"), budgets).expect("budgets");
    conducted("per-hour", folder.path());
    let read = |name: &str| -> Vec<Vec<String>> {
        let text = fs::read_to_string(folder.path().join("out/per-hour").join(name)).expect(name);
        let cells = |line: &str| line.split(',').map(Into::into).collect();
        text.lines().map(cells).collect()
    };
    let sizes = read("inference.csv");
    assert_eq!(
        sizes[0],
        ["task", "arm", "size", "batch", "at_once", "seconds", "loss"]
    );
    // Two arms in two sizes, alone and in a batch.
    assert_eq!(sizes.len(), 1 + 8, "{sizes:?}");
    for row in &sizes[1..] {
        let seconds: f64 = row[5].parse().expect("seconds");
        assert!(seconds > 0.0 && seconds.is_finite(), "{row:?}");
        let alone = row[3] == "alone";
        assert_eq!(
            row[4].parse::<usize>().expect("a count") == 1,
            alone,
            "{row:?}"
        );
    }
    // At the seconds of each size of painn, alone and in a batch.
    assert_eq!(read("predicting.csv").len(), 1 + 4);
    assert!(folder.path().join("out/per-hour/inference.svg").exists());
    let before = read("inference.csv");
    conducted("per-hour", folder.path());
    assert_eq!(read("inference.csv"), before, "the cells are kept");
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
        (&["all", "--job", "0"][..], "--job is a cell of one study"),
        (
            &["gradients", "--job", "99"][..],
            "no job 99: the plan has ",
        ),
        (
            &["gradients", "--list", "--seconds", "3"][..],
            "cannot be used with",
        ),
    ];
    for (arguments, message) in cases {
        let output = study(arguments, folder.path());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(message), "{arguments:?}: {text}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
