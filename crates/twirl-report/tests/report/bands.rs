//! Comparisons of folders, and reference bands that pass what they were made of and nothing else.

use std::path::Path;

use serde_json::json;
use twirl_compare::{
    BAND_WIDTH, Band, Finding, FindingKind, Refusal, RunSet, Verdict, check_band, compare_sets,
    make_band,
};
use twirl_report::finding;

use crate::synthetic::{FACTORS, Law, comparison_text, manifest, two_arms, write};

fn set(dir: &Path) -> RunSet {
    RunSet::read(dir).expect("readable")
}

/// Seeds 0 to 2 of the plain arm by another law.
fn plain(law: Law, factors: &[f64]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (seed, factor) in factors.iter().enumerate() {
        let seed = seed as u64;
        write(
            dir.path(),
            &manifest("neighbour-attention", seed, "ok"),
            &law.records(*factor),
        );
    }
    dir
}

#[test]
fn folders_are_compared_arm_by_arm() {
    let a = plain(
        Law {
            scale: 80.0,
            ..Law::PLAIN
        },
        &FACTORS,
    );
    let b = tempfile::tempdir().expect("a folder");
    two_arms(b.path());
    let all = compare_sets(&set(a.path()), &set(b.path()));
    assert_eq!(all.len(), 2);
    let first = all[0].as_ref().expect("comparable");
    assert!((first.loss_ratio.value - 10.0).abs() < 1e-9);
    assert_eq!(first.loss_verdict(), Verdict::Higher);
    assert_eq!(first.percent_verdict(), Verdict::Undecided);
    assert!((first.seconds_ratio.as_ref().expect("one device").value - 1.0).abs() < 1e-12);
    let (seconds, ratio) = first.at_equal_time.as_ref().expect("one device");
    assert!((seconds - 30.0).abs() < 1e-9 && (ratio.value - 10.0).abs() < 1e-9);
    let text = comparison_text(&all);
    assert!(
        text.contains("painn are not comparable: only the second folder has it"),
        "{text}"
    );
    assert!(
        text.lines()
            .next()
            .is_some_and(|line| line.starts_with("A against B"))
    );

    let same = compare_sets(&set(b.path()), &set(b.path()));
    for comparison in same {
        let comparison = comparison.expect("comparable");
        assert_eq!(comparison.loss_verdict(), Verdict::Undecided);
        assert!((comparison.loss_ratio.value - 1.0).abs() < 1e-12);
    }
}

#[test]
fn another_device_refuses_times_only() {
    let a = plain(Law::PLAIN, &[1.0]);
    let b = tempfile::tempdir().expect("a folder");
    let mut other = manifest("neighbour-attention", 0, "ok");
    other["device"]["threads"] = json!(64);
    write(b.path(), &other, &Law::PLAIN.records(1.0));
    let all = compare_sets(&set(a.path()), &set(b.path()));
    let comparison = all[0].as_ref().expect("comparable");
    assert_eq!(comparison.loss_verdict(), Verdict::NoInterval);
    assert_eq!(
        comparison.seconds_ratio,
        Err(Refusal::Differ("threads is 2 and 64".into()))
    );
    assert!(comparison_text(&all).contains("device seconds: threads is 2 and 64"));
}

#[test]
fn a_band_is_mean_and_spread_and_survives_its_file() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let band = make_band(&set(dir.path()), BAND_WIDTH).expect("three seeds");
    // The losses of the seeds are factors of one law: the relative spread is the factors'.
    let mean = FACTORS.iter().sum::<f64>() / 3.0;
    let spread = (FACTORS.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    let point = band.arms[0].loss.last().expect("records");
    let law = Law::PLAIN.loss(30.0);
    assert!((point.high / (law * (mean + BAND_WIDTH * spread)) - 1.0).abs() < 1e-12);
    assert!(band.arms[1].exact && band.arms[1].percent_equiv.is_empty());
    let path = dir.path().join("band.json");
    band.write(&path).expect("writable");
    assert_eq!(Band::read(&path).expect("readable"), band);
    std::fs::write(&path, "{\"arms\": 3}").expect("writable");
    assert!(Band::read(&path).is_err());
    std::fs::write(&path, "{\"a\\nb\": 3}").expect("writable");
    let error = Band::read(&path).expect_err("an unknown key").to_string();
    assert!(error.contains(r"a\nb") && !error.contains('\n'), "{error}");
    assert_eq!(check_band(&set(dir.path()), &band).expect("comparable"), []);
}

#[test]
fn bands_catch_worse_better_missing_and_broken() {
    let dir = tempfile::tempdir().expect("a folder");
    for (seed, factor) in [0.98, 1.0, 1.02].into_iter().enumerate() {
        let seed = seed as u64;
        write(
            dir.path(),
            &manifest("neighbour-attention", seed, "ok"),
            &Law::PLAIN.records(factor),
        );
    }
    let band = make_band(&set(dir.path()), BAND_WIDTH).expect("three seeds");
    let kinds = |law: Law| -> Vec<FindingKind> {
        let runs = tempfile::tempdir().expect("a folder");
        // A seed that the reference does not have.
        let run = manifest("neighbour-attention", 7, "ok");
        write(runs.path(), &run, &law.records(1.0));
        let found = check_band(&set(runs.path()), &band).expect("comparable");
        found.iter().map(Finding::kind).collect()
    };
    assert_eq!(
        kinds(Law {
            scale: 1.05 * Law::PLAIN.scale,
            ..Law::PLAIN
        }),
        []
    );
    let all = |kind: FindingKind, kinds: Vec<FindingKind>| {
        assert_eq!(kinds, vec![kind; 7], "one finding at each of seven steps");
    };
    all(
        FindingKind::Worse,
        kinds(Law {
            scale: 1.2 * Law::PLAIN.scale,
            ..Law::PLAIN
        }),
    );
    all(
        FindingKind::SuspiciouslyBetter,
        kinds(Law {
            scale: 0.8 * Law::PLAIN.scale,
            ..Law::PLAIN
        }),
    );
    // An estimator that divides by M halves the percentage at M = 2.
    let halved = Law {
        percent: |step| 50.0 / (1.0 + step as f64 / 30.0),
        ..Law::PLAIN
    };
    all(FindingKind::SuspiciouslyBetter, kinds(halved));
    let never = Law {
        percent: |_| 100.0,
        ..Law::PLAIN
    };
    assert_eq!(kinds(never), [FindingKind::Worse; 6]);

    let empty = tempfile::tempdir().expect("a folder");
    write(
        empty.path(),
        &manifest("other", 0, "ok"),
        &Law::PLAIN.records(1.0),
    );
    let found = check_band(&set(empty.path()), &band).expect("comparable");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind(), FindingKind::Missing);
    write(
        empty.path(),
        &manifest("neighbour-attention", 0, "failed"),
        &Law::PLAIN.records(1.0)[..5],
    );
    let found = check_band(&set(empty.path()), &band).expect("comparable");
    assert!(
        finding(&found[0]).contains("failed after step 300"),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|found| finding(found).contains("not measured at step 3000"))
    );

    let mut other = manifest("neighbour-attention", 0, "ok");
    other["data"]["sha256"] = json!("cd34");
    let elsewhere = tempfile::tempdir().expect("a folder");
    write(elsewhere.path(), &other, &Law::PLAIN.records(1.0));
    let error = check_band(&set(elsewhere.path()), &band)
        .expect_err("other data")
        .to_string();
    assert!(error.contains("data sha256"), "{error}");
}

#[test]
fn bands_need_three_finished_seeds() {
    let two = plain(Law::PLAIN, &[1.0, 1.1]);
    let error = make_band(&set(two.path()), BAND_WIDTH)
        .expect_err("two seeds")
        .to_string();
    assert!(error.contains("at least 3 seeds"), "{error}");
}

#[test]
fn before_training_every_seed_gives_its_own_figures_again() {
    let reference = plain(Law::PLAIN, &FACTORS);
    let band = make_band(&set(reference.path()), BAND_WIDTH).expect("three seeds");
    assert_eq!(band.arms[0].start.len(), 3);
    let found = |law: Law, width: u64| {
        let runs = tempfile::tempdir().expect("a folder");
        let mut run = manifest("neighbour-attention", 2, "ok");
        run["job"]["arm_config"]["width"] = json!(width);
        write(runs.path(), &run, &law.records(FACTORS[2]));
        check_band(&set(runs.path()), &band).expect("comparable")
    };
    assert_eq!(found(Law::PLAIN, 64), []);
    // Divided by M and not by M - 1 at M = 4: within the spread of seeds, caught at step 0.
    let divided = Law {
        percent: |step| 75.0 / (1.0 + step as f64 / 30.0),
        ..Law::PLAIN
    };
    let all = found(divided, 64);
    let start: Vec<_> = all
        .iter()
        .filter(|found| finding(found).contains("percent_equiv of seed 2 before training"))
        .collect();
    assert_eq!(start.len(), 1, "{all:?}");
    assert_eq!(start[0].kind(), FindingKind::SuspiciouslyBetter);
    assert!(finding(start[0]).contains("measurement, data or initial weights"));
    let all = found(divided, 32);
    assert!(
        all.iter()
            .any(|found| finding(found).contains("the settings of the arm changed"))
    );
}
