//! Plans whose jobs are the cells of a study.

use std::fs;

use serde_json::{Value, json};
use twirl_record::{Cell, Job, Plan, StudyPlan, TrainConfig, write_document};

fn job(arm: &str, seed: u64) -> Job {
    Job {
        task: "task".into(),
        arm: arm.into(),
        data: "embedded".into(),
        data_options: serde_json::Map::new(),
        seed,
        measure_seed: 0,
        task_config: json!({}),
        arm_config: json!({}),
        train: TrainConfig::default(),
    }
}

fn plan() -> Plan {
    let cell = |label: &str, place: &str, value_of| Cell {
        label: label.into(),
        place: place.into(),
        value_of,
    };
    Plan {
        suite: "quick".into(),
        device: "cpu".into(),
        at_once: None,
        slice_seconds: None,
        jobs: vec![job("plain", 0), job("exact", 2)],
        study: Some(StudyPlan {
            name: "a-study".into(),
            arguments: vec!["a-study".into(), "--seed=2".into()],
            cells: vec![
                cell("task/plain/run/seed-0", "runs/0a", None),
                cell(
                    "task/exact/seed-2",
                    "a-study/cells",
                    Some(json!({"rate": 0.1 + 0.2})),
                ),
            ],
        }),
    }
}

#[test]
fn every_cell_has_a_name_and_a_folder_beside_that_of_its_study() {
    let dir = tempfile::tempdir().expect("a folder");
    let of = dir.path().join("a-study");
    fs::create_dir(&of).expect("made");
    plan().write(&of).expect("written");
    let read = Plan::read(&of).expect("a plan");
    assert_eq!(read, plan());
    let above = dir.path().canonicalize().expect("there");
    let places = [0, 1].map(|number| read.folder(&of, number).path().to_owned());
    assert_eq!(
        places,
        [
            above.join("runs/0a/task/plain/seed-0"),
            above.join("a-study/cells/task/exact/seed-2")
        ]
    );
    assert_eq!(read.name(1), "task/exact/seed-2");
    let suite = Plan {
        study: None,
        ..plan()
    };
    assert_eq!([suite.title(), read.title()], ["quick", "a-study"]);
    assert_eq!(suite.name(0), "task/plain/seed-0");
    assert_eq!(
        suite.folder(dir.path(), 0).path(),
        dir.path().join("task/plain/seed-0")
    );
    // A plan of a suite is written as it always was.
    let text: Value = serde_json::to_value(&suite).expect("JSON");
    assert!(text.get("study").is_none());
}

#[test]
fn a_plan_without_a_job_for_every_cell_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut torn = plan();
    torn.jobs.pop();
    write_document(&Plan::path(dir.path()), &torn).expect("written");
    let error = Plan::read(dir.path()).expect_err("torn").to_string();
    assert!(
        error.contains("names 2 cells and 1 jobs; delete it"),
        "{error}"
    );
}
