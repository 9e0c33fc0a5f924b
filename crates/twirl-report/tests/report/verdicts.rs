//! What a verdict rests on: molecules beside seeds, failed seeds, schedules.

use std::path::Path;

use serde_json::{Value, json};
use twirl_compare::{
    ArmRuns, Comparison, Reach, RunSet, Verdict, Versus, compare, summarise, versus,
};
use twirl_record::Record;
use twirl_report::{all_tables, html, terminal};

use crate::synthetic::{FACTORS, Law, comparison_text, manifest, two_arms, write};

/// Three seeds that hardly differ, of a plain arm whose loss is 0.9 times that of the exact one.
const CLOSE: [f64; 3] = [0.995, 1.0, 1.005];
const LOWER: Law = Law {
    scale: 3.6,
    power: 0.6,
    speed: 20.0,
    ..Law::PLAIN
};

/// A factor on the loss under resample `r`: a fifth up or down, in an order of its own for each arm.
fn resample(r: usize, shift: usize) -> f64 {
    0.8 + 0.4 * ((37 * r + shift) % 100) as f64 / 99.0
}

fn with_replicates(mut records: Vec<Record>, shift: usize) -> Vec<Record> {
    for record in &mut records {
        let loss = record.split.loss;
        record.loss_replicates = (0..100).map(|r| loss * resample(r, shift)).collect();
    }
    records
}

fn arm(set: &RunSet, name: &str) -> ArmRuns {
    let mut arms = set.arms();
    arms.find(|arm| arm.arm == name).expect("written").clone()
}

fn both(out: &Path) -> (Versus, Comparison) {
    let set = RunSet::read(out).expect("readable");
    let (plain, exact) = (arm(&set, "neighbour-attention"), arm(&set, "painn"));
    (
        versus(&plain, &exact).expect("comparable"),
        compare(&plain, &exact).expect("comparable"),
    )
}

/// Both arms with losses under resampled molecules; `shift` between the orders of their resamples.
fn close_arms(out: &Path, shift: Option<usize>) {
    for (seed, factor) in CLOSE.iter().enumerate() {
        for (arm, law, of_arm) in [("neighbour-attention", LOWER, 0), ("painn", Law::EXACT, 1)] {
            let records = law.records(*factor);
            let records = match shift {
                None => records,
                Some(shift) => with_replicates(records, of_arm * shift),
            };
            write(out, &manifest(arm, seed as u64, "ok"), &records);
        }
    }
}

#[test]
fn seeds_that_agree_on_few_molecules_decide_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    close_arms(dir.path(), Some(31));
    let (pair, comparison) = both(dir.path());
    assert!((pair.ratio.value - 0.9).abs() < 1e-9);
    assert!(!pair.caveats.seeds_only && !comparison.caveats.seeds_only);
    for (verdict, interval) in [
        (pair.verdict, pair.ratio.interval),
        (comparison.loss_verdict(), comparison.loss_ratio.interval),
    ] {
        let [low, high] = interval.expect("three seeds");
        assert_eq!(verdict, Verdict::Undecided);
        assert!(low < 0.8 && high > 1.1, "{low} to {high}");
    }
    let (_, at_equal_time) = comparison.at_equal_time.expect("common time");
    assert!(at_equal_time.interval.expect("three seeds")[1] > 1.1);
    let set = RunSet::read(dir.path()).expect("readable");
    assert!(!terminal(&set).contains("over seeds only"));
}

#[test]
fn what_a_resample_does_to_both_arms_cancels() {
    let dir = tempfile::tempdir().expect("a folder");
    close_arms(dir.path(), Some(0));
    let (paired, _) = both(dir.path());
    let older = tempfile::tempdir().expect("a folder");
    close_arms(older.path(), None);
    let (seeds, comparison) = both(older.path());
    assert_eq!([paired.verdict, seeds.verdict], [Verdict::Lower; 2]);
    let [a, b] = [&paired, &seeds].map(|pair| pair.ratio.interval.expect("three seeds"));
    for (a, b) in a.iter().zip(b) {
        assert!((a / b - 1.0).abs() < 1e-9, "{a} and {b}");
    }
    // Records from before resamples were kept say what their interval leaves out.
    assert!(!paired.caveats.seeds_only && seeds.caveats.seeds_only);
    let set = RunSet::read(older.path()).expect("readable");
    for text in [
        terminal(&set),
        html(&set),
        comparison_text(&[Ok(comparison)]),
    ] {
        assert!(text.contains("over seeds only"), "{text}");
    }
}

#[test]
fn one_record_without_resamples_leaves_molecules_out() {
    let dir = tempfile::tempdir().expect("a folder");
    close_arms(dir.path(), Some(31));
    let mut records = with_replicates(Law::EXACT.records(1.0), 31);
    records[3].loss_replicates.clear();
    write(dir.path(), &manifest("painn", 1, "ok"), &records);
    let (pair, comparison) = both(dir.path());
    assert!(pair.caveats.seeds_only);
    // The last records have them.
    assert!(!comparison.caveats.seeds_only);
}

#[test]
fn the_loss_has_an_interval_over_molecules() {
    let dir = tempfile::tempdir().expect("a folder");
    close_arms(dir.path(), Some(31));
    let of = |dir: &Path| {
        let set = RunSet::read(dir).expect("readable");
        summarise(&arm(&set, "painn")).figures.expect("records")
    };
    let figures = of(dir.path());
    let [low, high] = figures.total.loss.interval.expect("three seeds");
    let value = figures.total.loss.value;
    // Uniform within a fifth: 0.4 / sqrt(12), times 1.96.
    assert!(figures.loss_over_molecules);
    assert!((high / value - 1.23).abs() < 0.01 && (low / value - 0.77).abs() < 0.01);
    let older = tempfile::tempdir().expect("a folder");
    close_arms(older.path(), None);
    let figures = of(older.path());
    assert!(!figures.loss_over_molecules);
    assert!(figures.total.loss.interval.expect("three seeds")[1] < 1.02 * value);
}

#[test]
fn a_failed_seed_leaves_a_comparison_undecided() {
    let dir = tempfile::tempdir().expect("a folder");
    close_arms(dir.path(), None);
    let (pair, _) = both(dir.path());
    assert_eq!(pair.verdict, Verdict::Lower);
    for (arm, name) in [("neighbour-attention", "A"), ("painn", "B")] {
        let dir = tempfile::tempdir().expect("a folder");
        close_arms(dir.path(), None);
        let diverged = manifest(arm, 3, "failed");
        write(dir.path(), &diverged, &LOWER.records(1.0)[..3]);
        let (pair, comparison) = both(dir.path());
        assert_eq!(pair.verdict, Verdict::Undecided, "{arm}");
        assert_eq!(comparison.loss_verdict(), Verdict::Undecided);
        assert_eq!(comparison.percent_verdict(), Verdict::Undecided);
        let set = RunSet::read(dir.path()).expect("readable");
        let said = format!("1 seed of {arm} failed");
        for text in [terminal(&set), html(&set)] {
            assert!(
                text.contains(&said) && !text.contains(" better\n"),
                "{text}"
            );
        }
        let text = comparison_text(&[Ok(comparison)]);
        assert!(text.contains(&format!("1 seed of {name} failed")), "{text}");
    }
    // An interrupted seed can be resumed and is no failure.
    write(dir.path(), &manifest("painn", 3, "stopped"), &[]);
    assert_eq!(both(dir.path()).0.verdict, Verdict::Lower);
}

#[test]
fn a_rate_that_is_yet_to_fall_is_said_and_decides_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let schedule = |kind: &str, steps: u64| json!({ "steps": steps, "schedule": { "kind": kind } });
    let arms = |plain_steps: u64, kind: &str| {
        for (seed, factor) in FACTORS.iter().enumerate() {
            for (arm, law, steps) in [
                ("neighbour-attention", Law::PLAIN, plain_steps),
                ("painn", Law::EXACT, 600),
            ] {
                let mut run = manifest(arm, seed as u64, "ok");
                run["job"]["train"] = schedule(kind, steps);
                let last = steps.min(if arm == "painn" { 600 } else { 3000 });
                write(dir.path(), &run, &law.until(last, *factor));
            }
        }
        both(dir.path())
    };
    // Both end after 30 s, at the end of their schedules.
    let (pair, _) = arms(3000, "cosine");
    assert_eq!(pair.caveats.mid_anneal, [false, false]);
    assert_eq!(pair.verdict, Verdict::Higher);
    // A budget ends the plain arm at a tenth of its schedule.
    let (pair, comparison) = arms(30_000, "cosine");
    assert_eq!(pair.caveats.mid_anneal, [true, false]);
    assert_eq!(pair.verdict, Verdict::Undecided);
    assert_eq!(comparison.caveats.mid_anneal, [true, false]);
    let set = RunSet::read(dir.path()).expect("readable");
    for text in [terminal(&set), html(&set)] {
        assert!(
            text.contains("neighbour-attention mid-anneal then"),
            "{text}"
        );
    }
    assert!(comparison_text(&[Ok(comparison)]).contains("A mid-anneal then"));
    let files = all_tables(&set);
    let file = files.iter().find(|file| file.name.ends_with("-versus"));
    assert!(
        file.expect("present")
            .csv()
            .contains("true,0,0,true,false,")
    );
    let (pair, _) = arms(30_000, "constant");
    assert_eq!(pair.verdict, Verdict::Higher);
}

#[test]
fn both_arms_have_the_time_at_which_they_were_first_there() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    // Falls until 5 s and stays there until 150 s.
    let (pair, _) = {
        for (seed, factor) in FACTORS.iter().enumerate() {
            let mut records = Law::EXACT.records(*factor);
            let level = records[3].split.loss;
            for record in &mut records[4..] {
                record.split.loss = level;
            }
            write(dir.path(), &manifest("painn", seed as u64, "ok"), &records);
        }
        both(dir.path())
    };
    let Reach::At(time) = pair.exact_to_target.value else {
        panic!("reached")
    };
    assert!((time / 5.0 - 1.0).abs() < 1e-9, "{time}");
    // The plain arm has the loss 4 5^-0.6 at (2 5^0.6)^2 s.
    let Reach::At(time) = pair.to_target.value else {
        panic!("reached")
    };
    assert!((time / (4.0 * 5f64.powf(1.2)) - 1.0).abs() < 1e-9, "{time}");
    let set = RunSet::read(dir.path()).expect("readable");
    assert!(terminal(&set).contains("5.00"));
}

/// It stands beside a verdict and forbids none; of an edge of the same search nothing further is said.
#[test]
fn a_search_that_was_short_beside_its_run_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    close_arms(dir.path(), None);
    let of = |steps: u64, losses: [f64; 3]| {
        for (seed, factor) in CLOSE.iter().enumerate() {
            let mut run = manifest("painn", seed as u64, "ok");
            let candidates: Vec<Value> = ([3e-4, 1e-3, 3e-3].iter().zip(losses))
                .map(|(rate, loss)| json!({ "rate": rate, "loss": loss }))
                .collect();
            run["search"] =
                json!({ "candidates": candidates, "steps": steps, "device_seconds": 1.0 });
            write(dir.path(), &run, &Law::EXACT.records(*factor));
        }
        both(dir.path())
    };
    let said =
        |comparison| comparison_text(&[Ok(comparison)]).contains("B: rate from a short search");
    // Runs of 3,000 steps.
    for (steps, short) in [(149, true), (150, false)] {
        let (pair, comparison) = of(steps, [2.0, 1.0, 2.0]);
        assert_eq!(pair.caveats.short_search, [false, short]);
        assert_ne!(pair.verdict, Verdict::Undecided);
        assert_eq!(said(comparison), short);
    }
    let (pair, comparison) = of(149, [1.0, 2.0, 3.0]);
    assert!(pair.caveats.short_search[1] && pair.caveats.rate_at_edge[1]);
    assert!(!said(comparison));
}

/// By device seconds only: other runs make these longer, and no operation more.
#[test]
fn shared_processors_forbid_a_verdict_by_device_seconds() {
    let dir = tempfile::tempdir().expect("a folder");
    close_arms(dir.path(), None);
    let (alone, _) = both(dir.path());
    for (seed, factor) in CLOSE.iter().enumerate() {
        let mut run = manifest("painn", seed as u64, "ok");
        run["device"]["beside"] = json!(3);
        write(dir.path(), &run, &Law::EXACT.records(*factor));
    }
    let (pair, comparison) = both(dir.path());
    assert_eq!(alone.caveats.contended, [false, false]);
    assert_eq!(pair.caveats.contended, [false, true]);
    assert_ne!(alone.verdict, Verdict::Undecided);
    assert_eq!(pair.verdict, Verdict::Undecided);
    let flops = pair
        .at_equal_flops
        .as_ref()
        .expect("operations are counted");
    assert_eq!(flops.caveats.contended, [false, false]);
    let text = comparison_text(&[Ok(comparison)]);
    assert!(
        text.contains("B: other work shared the processor"),
        "{text}"
    );
    let set = RunSet::read(dir.path()).expect("readable");
    assert!(html(&set).contains("painn: other work shared the processor"));
}
