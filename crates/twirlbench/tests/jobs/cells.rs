//! The cells of a study are jobs too.

use std::process::Child;

use crate::*;

/// A few steps of everything.
const BUDGETS: &str = r#"
base = "quick"

[runs]
seeds = [0, 1]
steps = STEPS
judged_step = 3
items = 8
per_decade = 2
plain = 1
exact = 1
search = { rates = [1e-3], steps = 1, items = 2, further = 0 }

[lab]
seeds = [0, 1]
plain = 1

[gradients]
steps = LAB
per_decade = 1
items = 2
design = { kind = "iid", rotations = 2 }
"#;

const ARM: &str = "force-field/coordinate-transformer";

/// A folder with budgets of so many steps of runs and of models that a study trains itself.
fn folder_of(steps: &str, lab: &str) -> TempDir {
    let folder = folder("");
    let budgets = BUDGETS.replace("STEPS", steps).replace("LAB", lab);
    fs::write(folder.path().join("budgets.toml"), budgets).expect("budgets");
    folder
}

/// `study NAME` in the folder `out`, with more words.
fn study<'a>(name: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    let first = [
        "study",
        name,
        "--suite",
        "tiny.toml",
        "--budgets",
        "budgets.toml",
        "--out",
        "out",
    ];
    [&first[..], words].concat()
}

fn begin(folder: &TempDir, arguments: &[&str]) -> Child {
    command(arguments, folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a start")
}

fn send(signal: &str, process: &str) {
    let sent = Command::new("kill").args([signal, process]).status();
    assert!(sent.expect("kill").success());
}

fn file(folder: &TempDir, name: &str) -> String {
    let path = folder.path().join("out").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn status(folder: &TempDir, study: &str) -> String {
    said(&["status", &format!("out/{study}")], folder, 0).0
}

/// The run folders of the studies.
fn runs(folder: &TempDir) -> Vec<PathBuf> {
    let arms = fs::read_dir(folder.path().join("out/runs"))
        .into_iter()
        .flatten()
        .flatten();
    let seeds = arms.flat_map(|arm| {
        fs::read_dir(arm.path().join(ARM))
            .into_iter()
            .flatten()
            .flatten()
    });
    let mut seeds: Vec<PathBuf> = seeds.map(|seed| seed.path()).collect();
    seeds.sort();
    seeds
}

fn has_records(run: &Path) -> bool {
    let records = fs::metadata(run.join("records.jsonl"));
    records.is_ok_and(|file| file.len() > 0)
}

#[test]
fn cells_are_made_one_by_one_and_the_verdict_is_that_of_a_study_that_makes_them_itself() {
    let folder = folder_of("3", "2");
    let whole = folder_of("3", "2");
    for (name, first) in [
        ("dynamics", format!("{ARM}/run/seed-0")),
        ("gradients", format!("{ARM}/seed-0")),
    ] {
        let dir = format!("out/{name}");
        let (text, error) = said(&study(name, &["--plan"]), &folder, 0);
        assert_eq!((text, error), (format!("{dir}: 2 jobs\n"), String::new()));
        // The same again changes nothing; another one is refused.
        said(&study(name, &["--plan"]), &folder, 0);
        let (_, error) = said(&study(name, &["--plan", "--seed", "7"]), &folder, 2);
        assert!(
            error.contains("is of other cells; give the arguments"),
            "{error}"
        );
        let text = status(&folder, name);
        assert!(text.trim_end().ends_with("2 jobs: 2 missing"), "{text}");

        // By name, from another folder, and once.
        let there = format!("../{dir}");
        let job = ["run", "--plan", &there, "--job", &first];
        let below = folder.path().join("below");
        fs::create_dir_all(&below).expect("made");
        for end in ["done\n", "done already\n"] {
            let output = command(&job, &below).output().expect("a start");
            assert_eq!(told(&output, 0), (format!("{first}: {end}"), String::new()));
        }
        let (text, _) = said(&["status", &dir, "--json"], &folder, 0);
        let found: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(found["study"], name);
        let standings = [0, 1].map(|number| found["jobs"][number]["standing"].clone());
        assert_eq!(standings, ["done", "missing"]);
        assert!(!folder.path().join(&dir).join("verdict.txt").exists());

        let (text, _) = said(&["collect", &dir, "--local"], &folder, 0);
        assert!(
            text.contains("Verdict.") && text.contains("files in "),
            "{text}"
        );
        said(&study(name, &[]), &whole, 0);
        let verdict = format!("{name}/verdict.txt");
        assert_eq!(file(&folder, &verdict), file(&whole, &verdict));
        let cells = |folder: &TempDir| {
            json(&folder.path().join(&dir).join("manifest.json"))["cells"].clone()
        };
        let labels = |cells: &Value| -> Vec<Value> {
            let all = cells.as_array().expect("cells").iter();
            all.map(|cell| cell["cell"].clone()).collect()
        };
        assert_eq!(labels(&cells(&folder)), labels(&cells(&whole)));
        for cell in cells(&folder).as_array().expect("cells") {
            assert_eq!(cell["status"], "ok (kept)");
        }
        // Nothing is left to be done, and it says so.
        let (text, _) = said(&["run", "--plan", &dir, "--jobs", "2"], &folder, 0);
        assert!(text.contains("Verdict."), "{text}");
    }
    let pairs = runs(&folder).into_iter().zip(runs(&whole));
    assert_eq!(runs(&folder).len(), 2);
    for (job, plain) in pairs {
        assert_eq!(program::untimed(&job), program::untimed(&plain));
    }
    for seed in [0, 1] {
        let value = format!("gradients/cells/{ARM}/seed-{seed}.json");
        assert_eq!(file(&folder, &value), file(&whole, &value));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_cell_that_is_killed_is_noted_and_goes_on_to_the_same_records() {
    let whole = folder_of("400", "2");
    said(&study("dynamics", &["--seed", "0"]), &whole, 0);
    let folder = folder_of("400", "2");
    let job = begin(&folder, &study("dynamics", &["--seed", "0", "--job", "0"]));
    wait_for("record", || {
        runs(&folder).iter().any(|run| has_records(run))
    });
    let children = children_of(job.id());
    send("-9", children.first().expect("a process"));
    let (_, error) = told(&job.wait_with_output().expect("an end"), 1);
    let label = format!("failed: {ARM}/run/seed-0: its process was ended by SIGKILL");
    assert!(error.starts_with(&label), "{error}");
    let text = status(&folder, "dynamics");
    assert!(
        text.contains("job 0, run/seed 0: killed at step "),
        "{text}"
    );
    let (text, _) = said(&["collect", "out/dynamics", "--local"], &folder, 0);
    assert!(text.contains("Verdict."), "{text}");
    assert_eq!(runs(&folder).len(), 1);
    assert_eq!(
        program::untimed(&runs(&folder)[0]),
        program::untimed(&runs(&whole)[0])
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_cell_is_made_by_one_process_and_ends_when_it_is_told_to() {
    let folder = folder_of("1000000", "1000000");
    for (name, goes_on) in [
        ("dynamics", ": saved after step "),
        ("gradients", ": saved nothing and begins anew"),
    ] {
        said(&study(name, &["--plan"]), &folder, 0);
        let dir = format!("out/{name}");
        let job = ["run", "--plan", &dir, "--job", "1", "--saved-code", "75"];
        let first = begin(&folder, &job);
        // Its process holds the folder, and not the one that started it.
        wait_for("job at work", || {
            let at_work =
                !children_of(first.id()).is_empty() && status(&folder, name).contains(": running");
            at_work && (name != "dynamics" || runs(&folder).iter().any(|run| has_records(run)))
        });
        let (_, error) = said(&job, &folder, 75);
        assert!(
            error.contains("another process works on this run"),
            "{error}"
        );
        send("-TERM", &first.id().to_string());
        let (_, error) = told(&first.wait_with_output().expect("an end"), 75);
        assert!(
            error.starts_with("stopped by SIGTERM after step "),
            "{error}"
        );
        let command = format!("go on with: twirlbench run --plan {dir} --job 1");
        assert!(error.trim_end().ends_with(&command), "{error}");
        let text = status(&folder, name);
        assert!(
            text.contains(": stopped") && text.contains(goes_on),
            "{text}"
        );
        assert!(
            text.trim_end().ends_with("2 jobs: 1 stopped, 1 missing"),
            "{text}"
        );
    }
}

#[test]
fn several_that_begin_a_study_at_once_share_its_plan_and_changed_budgets_are_told() {
    let folder = folder_of("3", "2");
    let begun: Vec<Child> = ["0", "1"]
        .iter()
        .map(|job| begin(&folder, &study("gradients", &["--job", job])))
        .collect();
    for (seed, job) in begun.into_iter().enumerate() {
        let (text, _) = told(&job.wait_with_output().expect("an end"), 0);
        assert_eq!(text, format!("{ARM}/seed-{seed}: done\n"));
    }
    let text = status(&folder, "gradients");
    assert!(text.trim_end().ends_with("2 jobs: 2 done"), "{text}");

    // Of several processes with one cell each makes it, finds it made, or finds it taken.
    said(&study("dynamics", &["--plan"]), &folder, 0);
    let job = [
        "run",
        "--plan",
        "out/dynamics",
        "--job",
        "0",
        "--saved-code",
        "75",
    ];
    let begun: Vec<Child> = (0..3).map(|_| begin(&folder, &job)).collect();
    for job in begun {
        let output = job.wait_with_output().expect("an end");
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 75)), "{output:?}");
    }
    let text = status(&folder, "dynamics");
    assert!(
        text.trim_end().ends_with("2 jobs: 1 done, 1 missing"),
        "{text}"
    );
    assert_eq!(runs(&folder).len(), 1);

    // Other budgets have other cells, of which the plan does not know.
    let other = BUDGETS.replace("STEPS", "4").replace("LAB", "2");
    fs::write(folder.path().join("budgets.toml"), other).expect("budgets");
    let (_, error) = said(&["run", "--plan", "out/dynamics", "--job", "1"], &folder, 1);
    assert!(
        error.contains("no cell force-field/coordinate-transformer/run/seed-1 with these settings")
            && error.contains("delete plan.json and plan the study again"),
        "{error}"
    );
}

#[test]
fn a_slurm_script_does_the_cells_of_a_study() {
    let folder = folder_of("3", "2");
    said(&study("dynamics", &["--plan"]), &folder, 0);
    let dry = [
        "submit",
        "slurm",
        "out/dynamics",
        "--dry-run",
        "--max-array",
        "1",
    ];
    let (text, error) = said(&dry, &folder, 0);
    assert_eq!(error, "");
    assert_eq!(
        text.matches("#SBATCH --job-name=twirl-dynamics\n").count(),
        2,
        "{text}"
    );
    let end = "/out/dynamics --job \"$((SLURM_ARRAY_TASK_ID + 1))\" --saved-code 75";
    assert!(
        text.lines()
            .any(|line| line.starts_with("exec ") && line.ends_with(end)),
        "{text}"
    );
}
