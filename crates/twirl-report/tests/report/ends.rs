//! Runs that a budget of seconds ends, each at a step of its own.

use twirl_compare::{RunSet, percent_curve, summarise};
use twirl_report::{html, terminal};

use crate::synthetic::{FACTORS, Law, manifest, write};

#[test]
fn the_last_measurement_counts_where_seeds_end_at_different_steps() {
    // Rises at the end, above every threshold that it was below before.
    let relapsed: fn(u64) -> f64 = |step| match step {
        0..2000 => 100.0 / (1.0 + step as f64 / 30.0),
        _ => step as f64 / 400.0,
    };
    let law = Law {
        percent: relapsed,
        ..Law::PLAIN
    };
    let dir = tempfile::tempdir().expect("a folder");
    let lasts = [2000, 2100, 2200];
    for ((seed, factor), last) in FACTORS.iter().enumerate().zip(lasts) {
        write(
            dir.path(),
            &manifest("plain", seed as u64, "ok"),
            &law.until(last, *factor),
        );
    }
    let set = RunSet::read(dir.path()).expect("readable");
    let arm = &set.tasks[0].arms[0];
    let curve = percent_curve(arm);
    let steps: Vec<u64> = curve.iter().map(|point| point.step).collect();
    assert_eq!(steps, [0, 1, 10, 100, 300, 1000, 2100]);
    let end = curve.last().expect("points").percent;
    assert!((end.value - 5.25).abs() < 1e-12);
    let [low, high] = end.interval.expect("three seeds");
    assert!(low < 5.0 && high > 5.5);
    // 2.9 % at step 1000, but 5.25 % at the end.
    let steps_to = summarise(arm).figures.expect("records").steps_to;
    assert_eq!(steps_to, [Some(300), None, None, None]);
    assert!(terminal(&set).contains("5.25") && html(&set).contains("plain ends at 5.2"));
}

#[test]
fn an_end_close_to_a_common_step_has_a_place_of_its_own() {
    let dir = tempfile::tempdir().expect("a folder");
    for ((seed, factor), last) in FACTORS.iter().enumerate().zip([1000, 1000, 1001]) {
        write(
            dir.path(),
            &manifest("plain", seed as u64, "ok"),
            &Law::PLAIN.until(last, *factor),
        );
    }
    let set = RunSet::read(dir.path()).expect("readable");
    let curve = percent_curve(&set.tasks[0].arms[0]);
    let steps: Vec<u64> = curve.iter().map(|point| point.step).collect();
    assert_eq!(steps, [0, 1, 10, 100, 300, 1000, 1001]);
}
