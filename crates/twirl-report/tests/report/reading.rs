//! What is read, what is left out, and what the tables say.

use std::fs;
use std::path::Path;

use serde_json::json;
use twirl_compare::{Band, RunSet, summarise};
use twirl_report::{markdown, terminal};

use crate::synthetic::{FACTORS, Law, manifest, two_arms, write};

#[test]
fn groups_runs_by_task_arm_and_seed_from_any_level() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    for (inner, runs) in [
        ("", 6),
        ("force-field", 6),
        ("force-field/painn", 3),
        ("force-field/painn/seed-1", 1),
    ] {
        let set = RunSet::read(&dir.path().join(inner)).expect("readable");
        assert_eq!(
            set.arms().map(|arm| arm.runs.len()).sum::<usize>(),
            runs,
            "{inner}"
        );
        assert!(set.broken.is_empty());
    }
    let set = RunSet::read(dir.path()).expect("readable");
    assert_eq!(set.tasks.len(), 1);
    let arms: Vec<_> = set
        .arms()
        .map(|arm| (arm.arm.as_str(), arm.is_exact()))
        .collect();
    assert_eq!(arms, [("neighbour-attention", false), ("painn", true)]);
}

#[test]
fn a_broken_folder_is_listed_and_the_rest_reported() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path();
    two_arms(out);
    let task = out.join("force-field");
    fs::create_dir_all(task.join("painn/seed-7")).expect("writable");
    fs::create_dir_all(task.join("painn/seed-8")).expect("writable");
    fs::write(task.join("painn/seed-8/manifest.json"), "{").expect("writable");
    // What serde_json makes of a NaN is null, which is no number.
    write(out, &manifest("painn", 9, "ok"), &Law::EXACT.records(1.0));
    let records = task.join("painn/seed-9/records.jsonl");
    let text = fs::read_to_string(&records).expect("readable");
    fs::write(&records, text.replacen("\"loss\":40.0", "\"loss\":null", 1)).expect("writable");
    let mut other = manifest("painn", 10, "ok");
    other["job"]["train"]["batch"] = json!(99);
    write(out, &other, &Law::EXACT.records(1.0));
    write(
        out,
        &manifest("crashed", 0, "failed"),
        &Law::PLAIN.records(1.0)[..3],
    );
    write(out, &manifest("unborn", 0, "stopped"), &[]);

    let set = RunSet::read(out).expect("readable");
    let reasons: Vec<&str> = set
        .broken
        .iter()
        .map(|broken| broken.reason.as_str())
        .collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(
        reasons[0].contains("train.batch is 16 and 99"),
        "{reasons:?}"
    );
    assert!(
        reasons[1].contains("manifest.json is missing"),
        "{reasons:?}"
    );
    assert!(reasons[3].contains("line 1"), "{reasons:?}");
    for (text, sign) in [(terminal(&set), "<"), (markdown(&set), "&lt;")] {
        let said = "crashed seed 0: failed after step 10: loss is NaN at step 7 ";
        assert!(
            text.contains(&format!("{said}{sign}second line>")),
            "{text}"
        );
        assert!(
            text.contains("unborn seed 0: stopped after step 0 of 3000"),
            "{text}"
        );
        assert!(text.contains("seed-7: manifest.json is missing"));
        let figures = text.replace("loss is NaN at step 7", "");
        assert!(
            !figures.contains("NaN") && !figures.contains("inf"),
            "{figures}"
        );
    }
}

/// Results and bands from before a figure was added still have all others.
#[test]
fn committed_results_and_bands_stay_readable() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut read = 0;
    for folder in fs::read_dir(root.join("results")).expect("a folder") {
        let path = folder.expect("an entry").path();
        if path.join("force-field").exists() {
            let set = RunSet::read(&path).expect("runs");
            assert!(set.broken.is_empty(), "{:?}", set.broken);
            let text = terminal(&set);
            assert!(text.contains("one seed: no interval"), "{text}");
            read += 1;
        }
    }
    assert!(read > 0);
    let band = Band::read(&root.join("crates/twirlbench/bands/ci.json")).expect("bands");
    assert!(!band.arms.is_empty());
}

#[test]
fn an_empty_folder_is_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let error = RunSet::read(dir.path()).expect_err("no run").to_string();
    assert!(
        error.contains("no run folder below it") && !error.contains('\n'),
        "{error}"
    );
    assert!(RunSet::read(&dir.path().join("absent")).is_err());
}

#[test]
fn the_summary_has_the_figures_of_the_law() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let set = RunSet::read(dir.path()).expect("readable");
    let plain = summarise(&set.tasks[0].arms[0]);
    let figures = plain.figures.expect("records");
    let mean = FACTORS.iter().sum::<f64>() / 3.0;
    let expected = mean * Law::PLAIN.loss(30.0);
    assert!((figures.total.loss.value / expected - 1.0).abs() < 1e-12);
    // 100 / (1 + step / 30) passes 10 at 270, 5 at 570, 2 at 1470 and is 0.99 at 3000.
    assert_eq!(
        figures.steps_to,
        [Some(300), Some(1000), Some(3000), Some(3000)]
    );
    let percent = 100.0 / 101.0;
    let [low, high] = figures.total.percent.interval.expect("three seeds");
    // Equal percentages: only the molecules' interval remains.
    assert!((figures.total.percent.value - percent).abs() < 1e-12);
    assert!((low - 0.9 * percent).abs() < 1e-9 && (high - 1.1 * percent).abs() < 1e-9);

    let text = terminal(&set);
    assert!(text.lines().all(|line| line.len() <= 120), "{text}");
    assert!(
        text.is_ascii() && text.contains("exact") && text.contains("123,456"),
        "{text}"
    );
    println!("{text}");
}

#[test]
fn an_arm_without_a_finished_run_is_reported_as_unfinished() {
    let dir = tempfile::tempdir().expect("a folder");
    write(
        dir.path(),
        &manifest("painn", 0, "stopped"),
        &Law::EXACT.records(1.0)[..4],
    );
    let set = RunSet::read(dir.path()).expect("readable");
    let arm = summarise(&set.tasks[0].arms[0]);
    assert!(!arm.finished && arm.exact);
    assert_eq!(arm.figures.expect("records").steps, 100);
    let text = terminal(&set);
    assert!(
        text.contains("painn seed 0: stopped after step 100 of 3000"),
        "{text}"
    );
    assert!(text.contains("unfinished"), "{text}");
}

/// The Bayes error is read from manifests, and what is above it is the denominator of a further percentage.
#[test]
fn symmetry_error_stands_beside_the_excess_over_the_bayes_error() {
    let of = |stated: serde_json::Value| {
        let dir = tempfile::tempdir().expect("a folder");
        for (seed, factor) in FACTORS.iter().enumerate() {
            let mut manifest = manifest("plain", seed as u64, "ok");
            manifest["bayes_error"] = stated.clone();
            write(dir.path(), &manifest, &Law::PLAIN.records(*factor));
        }
        let set = RunSet::read(dir.path()).expect("readable");
        let figures = summarise(&set.tasks[0].arms[0]).figures.expect("records");
        (figures, terminal(&set))
    };
    let least = 0.5 * Law::PLAIN.loss(30.0);
    let bound = json!({"kind": "lower-bound", "loss": least, "of": "a model that is told more"});
    let (figures, text) = of(bound);
    let percents = FACTORS.iter().map(|factor| {
        let loss = factor * Law::PLAIN.loss(30.0);
        (100.0 / 101.0) * loss / (loss - least)
    });
    let expected = percents.sum::<f64>() / 3.0;
    let found = figures.percent_of_excess.expect("above the bound");
    assert!(
        (found.value / expected - 1.0).abs() < 1e-9,
        "{found:?} {expected}"
    );
    assert!(
        text.contains("% of excess") && text.contains("lower-bound"),
        "{text}"
    );
    assert!(
        text.contains("no model is below: a model that is told more"),
        "{text}"
    );

    // A figure above the loss, one that is unknown, and none: no percentage, and a reason.
    let above = json!({"kind": "reference", "loss": 1e3, "of": "an estimate"});
    let unknown = json!({"kind": "unknown", "why": "another loss"});
    for (stated, why) in [
        (above, "a loss is not above it"),
        (unknown, "Bayes error unknown"),
        (json!(null), "no Bayes error in the manifests"),
    ] {
        let (figures, text) = of(stated.clone());
        assert_eq!(figures.percent_of_excess, Err(why));
        assert_eq!(text.contains("% of excess"), !stated.is_null(), "{text}");
    }
}
