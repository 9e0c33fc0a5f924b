//! A few inputs for every target, and a target that breaks its promise.

use fuzz::{Counts, Outcome, SEED, Scratch, TARGETS, Target};

/// Every target is given inputs, some are refused, and none breaks a promise.
#[test]
fn no_reader_breaks_a_promise() {
    for target in TARGETS {
        let count = if target.name == "runs" { 20 } else { 300 };
        let mut first = None;
        let counts = fuzz::run(target, SEED, 0..count, None, |index, _, message| {
            first.get_or_insert(format!("input {index}: {message}"));
        });
        let counts = counts.expect("a scratch folder");
        println!("{}: {counts:?}", target.name);
        assert_eq!(
            counts.broken,
            0,
            "{}: {}",
            target.name,
            first.unwrap_or_default()
        );
        assert_eq!(counts.sum(), count);
        assert!(counts.refused > 0, "{}: nothing was refused", target.name);
    }
}

#[test]
fn inputs_are_a_function_of_seed_target_and_number() {
    for target in TARGETS {
        let input = target.input(SEED, 5);
        assert_eq!(input, target.input(SEED, 5), "{}", target.name);
        let others = (6..30).filter(|&index| target.input(SEED, index) != input);
        assert!(others.count() > 20, "{}: inputs are all alike", target.name);
    }
}

/// What is undamaged is accepted, so that refusals come from the damage.
#[test]
fn some_inputs_are_accepted() {
    let scratch = Scratch::new().expect("a scratch folder");
    for target in TARGETS {
        let accepted = |target: &Target| {
            let outcomes =
                (0..2000).map(|index| target.check(&target.input(SEED, index), &scratch));
            outcomes
                .into_iter()
                .any(|outcome| outcome == Ok(Outcome::Accepted))
        };
        assert!(
            accepted(target) || target.name == "claiming-hdf5",
            "{}: never",
            target.name
        );
    }
}

#[test]
fn a_note_says_how_far_a_range_has_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let note = folder.path().join("note");
    let counts = fuzz::run(&TARGETS[0], SEED, 0..50, Some(&note), |_, _, _| {});
    let counts = counts.expect("a range");
    let noted = Counts::noted(&note).expect("a note");
    assert_eq!((counts.sum(), counts), (50, noted));
}
