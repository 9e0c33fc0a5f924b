//! Comparisons on the axis of device seconds, against closed forms of power laws.

use std::path::Path;

use serde_json::{Value, json};
use twirl_compare::{Reach, RunSet, Verdict, Versus, comparable, same_clock, versus};
use twirl_report::terminal;

use crate::synthetic::{Law, manifest, two_arms, write};

fn pair(out: &Path) -> Result<Versus, String> {
    let set = RunSet::read(out).expect("readable");
    let arm = |name: &str| {
        set.arms()
            .find(|arm| arm.arm == name)
            .expect("written")
            .clone()
    };
    versus(&arm("neighbour-attention"), &arm("painn")).map_err(|reason| reason.to_string())
}

fn close(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() < 1e-9
}

#[test]
fn power_laws_have_their_closed_forms() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let pair = pair(dir.path()).expect("comparable");
    // 3000 steps at 100 per second and at 20 per second; the factors' geometric mean is 1.
    assert!(close(pair.seconds, 30.0));
    assert!(close(pair.plain_loss, Law::PLAIN.loss(30.0)));
    assert!(close(pair.exact_loss, Law::EXACT.loss(30.0)));
    assert!(close(pair.ratio.value, 2.0 * 30f64.powf(0.1)));
    assert_eq!(
        pair.to_target.value,
        Reach::Never {
            after: pair.seconds
        }
    );
    assert_eq!(pair.to_target.interval, None);
    assert!(close(pair.exact_to_target.value.time(), 150.0));
    // The exact arm is at the plain arm's loss at t with 4 t^-0.6 = 8 30^-0.5.
    let Reach::At(factor) = pair.break_even.value else {
        panic!("reached")
    };
    assert!(close(factor * 30.0, (0.5 * 30f64.sqrt()).powf(1.0 / 0.6)));
    assert!(close(pair.equiv_share.value, 100.0 / 101.0));
    assert_eq!(pair.verdict, Verdict::Higher);
    let [low, high] = pair.ratio.interval.expect("three seeds");
    assert!(low > 1.0 && low < pair.ratio.value && high > pair.ratio.value);
}

#[test]
fn equal_operations_are_equal_steps_of_equal_cost() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let equal = pair(dir.path()).expect("comparable").at_equal_flops;
    let equal = equal.expect("operations are counted");
    // 3000 steps of 1 GFLOP: 30 s of one arm and 150 s of the other.
    assert!(close(equal.flops, 3e12));
    let ratio = Law::PLAIN.loss(30.0) / Law::EXACT.loss(150.0);
    assert!(close(equal.ratio.value, ratio));
    assert_eq!(equal.verdict, Verdict::Higher);
    let text = terminal(&RunSet::read(dir.path()).expect("readable"));
    assert!(text.contains("Loss at equal operations"), "{text}");

    let mut records = Law::PLAIN.records(1.0);
    for record in &mut records {
        record.model_flops = None;
    }
    let uncounted = manifest("neighbour-attention", 0, "ok");
    write(dir.path(), &uncounted, &records);
    let pair = pair(dir.path()).expect("comparable");
    let error = pair.at_equal_flops.expect_err("one seed is not counted");
    let error = error.to_string();
    assert!(error.ends_with("has no number of operations"), "{error}");
}

#[test]
fn time_to_equal_loss_has_its_closed_form() {
    let dir = tempfile::tempdir().expect("a folder");
    for (arm, law) in [
        (
            "neighbour-attention",
            Law {
                scale: 1.0,
                power: 0.5,
                ..Law::PLAIN
            },
        ),
        (
            "painn",
            Law {
                scale: 4.0,
                power: 0.5,
                speed: 100.0,
                ..Law::EXACT
            },
        ),
    ] {
        write(dir.path(), &manifest(arm, 0, "ok"), &law.records(1.0));
    }
    let pair = pair(dir.path()).expect("comparable");
    // t^-1/2 = 4 30^-1/2 at t = 30 / 16.
    let Reach::At(time) = pair.to_target.value else {
        panic!("reached")
    };
    assert!(close(time, 30.0 / 16.0));
    // 4 t^-1/2 is never 30^-1/2 within 30 s: it would take 480 s, a factor of 16.
    let Reach::Never { after } = pair.break_even.value else {
        panic!("never reached")
    };
    assert!(close(after, 1.0));
    assert_eq!(pair.verdict, Verdict::NoInterval);
    let set = RunSet::read(dir.path()).expect("readable");
    assert!(
        terminal(&set).contains("one seed: no interval"),
        "{}",
        terminal(&set)
    );
}

#[test]
fn equal_arms_are_undecided() {
    let dir = tempfile::tempdir().expect("a folder");
    for (seed, factor) in [0.7, 1.1, 1.0, 0.9].into_iter().enumerate() {
        let exact = Law {
            percent: |_| 1e-11,
            ..Law::PLAIN
        };
        write(
            dir.path(),
            &manifest("neighbour-attention", seed as u64, "ok"),
            &Law::PLAIN.records(factor),
        );
        write(
            dir.path(),
            &manifest("painn", seed as u64, "ok"),
            &exact.records(factor),
        );
    }
    let pair = pair(dir.path()).expect("comparable");
    assert!(close(pair.ratio.value, 1.0));
    assert_eq!(pair.verdict, Verdict::Undecided);
}

#[test]
fn what_differs_is_named() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 9] = [
        ("data sha256 is ab12 and cd34", |m| {
            m["data"]["sha256"] = json!("cd34");
        }),
        ("task_config.cutoff is 5.0 and 6.0", |m| {
            m["job"]["task_config"]["cutoff"] = json!(6.0);
        }),
        ("task_config.extra is \"absent\" and 1", |m| {
            m["job"]["task_config"]["extra"] = json!(1);
        }),
        ("measure_seed is 1 and 2", |m| {
            m["job"]["measure_seed"] = json!(2);
        }),
        ("train.evaluation.items is 256 and 3", |m| {
            m["job"]["train"]["evaluation"] = json!({ "items": 3 });
        }),
        // Without an average the raw weights are measured, whatever `weights` says.
        ("train.evaluation.weights is \"ema\" and \"raw\"", |m| {
            m["job"]["train"]["ema"] = json!(0.0);
        }),
        ("hardware is", |m| {
            m["device"]["hardware"] = json!("another");
        }),
        ("threads is 2 and 4", |m| m["device"]["threads"] = json!(4)),
        ("float type is f32 and f64", |m| {
            m["device"]["float"] = json!("f64");
        }),
    ];
    for (reason, change) in cases {
        let dir = tempfile::tempdir().expect("a folder");
        write(
            dir.path(),
            &manifest("neighbour-attention", 0, "ok"),
            &Law::PLAIN.records(1.0),
        );
        let mut other = manifest("painn", 0, "ok");
        change(&mut other);
        write(dir.path(), &other, &Law::EXACT.records(1.0));
        let error = pair(dir.path()).expect_err(reason);
        assert!(error.contains(reason), "{error}");
        let set = RunSet::read(dir.path()).expect("readable");
        assert!(terminal(&set).contains(reason), "{}", terminal(&set));
        let [a, b] = [0, 1].map(|index| &set.tasks[0].arms[index].runs[0].manifest);
        assert!(comparable(a, b).is_err() || same_clock(a, b).is_err());
        assert!(comparable(a, a).is_ok() && same_clock(a, a).is_ok());
    }
}

#[test]
fn no_common_time_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let fast = Law {
        speed: 1e6,
        ..Law::PLAIN
    };
    write(
        dir.path(),
        &manifest("neighbour-attention", 0, "ok"),
        &fast.records(1.0),
    );
    write(
        dir.path(),
        &manifest("painn", 0, "ok"),
        &Law::EXACT.records(1.0),
    );
    let error = pair(dir.path()).expect_err("no overlap");
    assert!(error.contains("no common device time"), "{error}");
}
