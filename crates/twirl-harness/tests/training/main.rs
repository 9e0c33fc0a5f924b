//! The training loop, on a task of one number.

mod toy;
mod windows;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use toy::ENTRY;
use twirl_core::Design;
use twirl_data::DataSet;
use twirl_harness::{
    DeviceChoice, Evaluation, Folder, Job, Lab, Manifest, RunError, Schedule, ScheduleKind, Search,
    Silent, Status, TrainConfig, read_records,
};

fn job(steepness: f64, train: TrainConfig) -> Job {
    let arm = json!({"steepness": steepness});
    let complete = ENTRY.complete(&json!({}), &arm).expect("settings");
    Job {
        task: ENTRY.task.into(),
        arm: ENTRY.arm.into(),
        data: "embedded".into(),
        data_options: serde_json::Map::new(),
        seed: 3,
        measure_seed: 1,
        task_config: complete.task_config,
        arm_config: complete.arm_config,
        train,
    }
}

fn train(steps: u64, rate: f64) -> TrainConfig {
    TrainConfig {
        steps,
        batch: 4,
        learning_rate: rate,
        ema: 0.0,
        checkpoint_every: 0,
        schedule: Schedule {
            kind: ScheduleKind::Constant,
            warmup: 0,
            ..Schedule::default()
        },
        evaluation: Evaluation {
            items: 12,
            design: Design::Iid { rotations: 2 },
            replicates: 40,
            ..Evaluation::default()
        },
        ..TrainConfig::default()
    }
}

fn data() -> DataSet {
    let job = job(1.0, train(0, 0.1));
    ENTRY.open_data(&job, None).expect("embedded data")
}

fn run(job: &Job, out: &Path) -> Result<Manifest, RunError> {
    let device = DeviceChoice::cpu();
    ENTRY.run(job, out, &data(), &device, &BTreeMap::new(), &Silent)
}

fn read(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("JSON")
}

/// A loss that overflows in the second step: the run stops and keeps what it takes to see it again,
/// the batch and the state before that step.
#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_keeps_the_evidence() {
    let folder = tempfile::tempdir().expect("a folder");
    // The first step of AdamW is as long as the learning rate: the square of exp(58) overflows f32.
    let job = job(60.0, train(20, 1.0));
    let error = run(&job, folder.path()).expect_err("the loss overflows");
    let RunError::NotFinite {
        what,
        step,
        rate,
        saved,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*what, *step, *rate), ("loss", 1, 1.0));

    let evidence = read(&saved.join("failure.json"));
    assert_eq!(
        (&evidence["step"], &evidence["seed"]),
        (&json!(1), &json!(3))
    );
    let items = evidence["items"].as_array().expect("items");
    assert_eq!(items.len(), 4);
    let train = data().split(twirl_data::Split::Train).to_vec();
    let known = |item: &Value| {
        item.as_u64()
            .is_some_and(|item| train.contains(&(item as usize)))
    };
    assert!(items.iter().all(known), "{evidence}");
    let contents = read(&saved.join("checkpoints/step-000000001/checkpoint.json"));
    assert_eq!(contents["counters"]["step"], 1);
    let manifest = read(&saved.join("manifest.json"));
    assert_eq!(manifest["status"], "failed");
    assert_eq!(manifest["error"], error.to_string());

    // The same step from what was kept: the same end, and no record is lost or written twice.
    let records = fs::read(saved.join("records.jsonl")).expect("records");
    let again = run(&job, folder.path()).expect_err("the loss overflows again");
    assert_eq!(again.to_string(), error.to_string());
    assert_eq!(read(&saved.join("failure.json")), evidence);
    assert_eq!(
        fs::read(saved.join("records.jsonl")).expect("records"),
        records
    );
}

#[test]
fn a_lab_stays_at_the_step_before_a_loss_that_is_not_finite() {
    let mut lab = lab(&job(60.0, train(20, 1.0)));
    let text = lab.advance(5).expect_err("overflow").to_string();
    assert!(text.contains("loss is inf at step 1"), "{text}");
    assert_eq!(lab.step(), 1);
    let weights = lab.weights();
    assert_eq!(lab.advance(5).expect_err("overflow").to_string(), text);
    assert_eq!(lab.weights(), weights);
}

fn lab(job: &Job) -> Box<dyn Lab> {
    let device = DeviceChoice::cpu();
    ENTRY.lab(job, &data(), &device).expect("a lab")
}

#[test]
fn steps_taken_in_pieces_are_the_steps_taken_at_once() {
    let job = job(1.0, train(40, 0.01));
    let (mut pieces, mut at_once) = (lab(&job), lab(&job));
    for step in [1, 2, 7, 7, 30] {
        pieces.advance(step).expect("steps");
        assert_eq!(pieces.step(), step);
    }
    at_once.advance(30).expect("steps");
    assert_eq!(pieces.weights(), at_once.weights());
    // The target is three times the position: the weight is on its way from -0.03 to ln 3.
    let weight = pieces.weights()[0];
    assert!(weight > 0.2 && weight < 3.0_f64.ln(), "{weight}");
}

#[test]
fn a_budget_that_is_spent_ends_a_run_at_whatever_step_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut train = train(1_000_000, 0.01);
    train.budget_seconds = Some(0.05);
    let manifest = run(&job(1.0, train), folder.path()).expect("a run");
    assert_eq!(manifest.status, Status::Ok);
    assert_eq!(manifest.stop, Some(twirl_harness::Stop::Budget));
    assert!(manifest.device_seconds >= 0.05);
    assert!(manifest.steps > 0 && manifest.steps < 1_000_000);
    let records = folder.path().join("toy/stretch/seed-3/records.jsonl");
    let records = twirl_harness::read_records(&records).expect("records");
    let last = records.last().expect("a last record");
    assert_eq!(last.step, manifest.steps);
    // A task that does not say how far its loss can fall.
    let bayes_error = manifest.bayes_error.expect("an answer");
    assert_eq!(bayes_error.loss(), Err("the task does not state it"));
    // An exactly equivariant arm, which declares it.
    assert_eq!(manifest.symmetry, Some(twirl_harness::ExactSymmetry::O3));
    let terms = records.iter().flat_map(|record| record.terms.values());
    let errors = terms.filter_map(|term| term.relative_equiv);
    let most = errors.fold(0.0_f64, |most, error| most.max(error.abs()));
    assert!(most < twirl_core::tolerance::F32.floor, "{most}");
}

/// Far too small rates: the grid goes on upwards until a larger rate is worse, and what it found stands in
/// the manifest with the loss that predicting zero has on the same items.
#[test]
fn a_search_goes_on_beyond_the_edge_of_its_grid() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut searched = job(1.0, train(3, 0.1));
    searched.train.search = Some(Search {
        rates: vec![1e-4, 3e-4],
        further: 12,
        steps: 20,
        items: 12,
    });
    let manifest = run(&searched, folder.path()).expect("a run");
    let search = manifest.search.expect("a search");
    assert!(search.candidates.len() > 4, "{search:?}");
    assert!(!search.at_edge(), "{search:?}");
    // Three steps are no longer than the search.
    assert_eq!(search.best(), Some(manifest.learning_rate));
    let zero = search.loss_zero.expect("the loss of zero");
    assert!(search.best_loss().expect("a loss") < zero, "{search:?}");
    let schedule = search.schedule.expect("its schedule");
    assert_eq!(schedule.kind, searched.train.schedule.kind);
    // Without leave to go on, the edge is told.
    let other = tempfile::tempdir().expect("a folder");
    searched.train.search.as_mut().expect("set").further = 0;
    let manifest = run(&searched, other.path()).expect("a run");
    let search = manifest.search.expect("a search");
    assert_eq!((search.candidates.len(), search.at_edge()), (2, true));
}

/// Items are spread over the set, whose frames of a molecule follow one another; every measurement after
/// the first step holds the loss that was trained on; a task without noise sees the same in every draw.
#[test]
fn a_run_says_what_it_was_trained_on() {
    let measured = |draws: usize| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut few = job(1.0, train(4, 0.01));
        few.train.train_items = 40;
        few.train.evaluation.draws = draws;
        let manifest = run(&few, folder.path()).expect("a run");
        let set = manifest.training_set.expect("its training set");
        assert_eq!((set.items, set.molecules, set.augmented), (40, 40, true));
        let records = Folder::of(folder.path(), &few.task, &few.arm, few.seed).records();
        read_records(&records).expect("records")
    };
    let [once, thrice] = [1, 3].map(measured);
    assert_eq!(once[0].training_loss, None);
    for (a, b) in once.iter().zip(&thrice) {
        assert_eq!(a.molecules, b.molecules);
        let (a, b) = (a.split.loss, b.split.loss);
        assert!((a - b).abs() < 1e-6 * a, "{a} and {b}");
    }
    for record in &once[1..] {
        let trained = record.training_loss.expect("after a step");
        assert!(trained.is_finite() && trained > 0.0, "{trained}");
        assert!(record.cpu_seconds.expect("counted") > 0.0);
    }
}
