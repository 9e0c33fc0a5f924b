//! How a job stands, as its folder says.

use std::fs;

use serde_json::json;
use twirl_record::{Event, Folder, Job, Standing, Status};

use crate::folder;

fn job() -> Job {
    serde_json::from_value(json!({
        "task": "task", "arm": "arm", "data": "embedded", "seed": 3, "measure_seed": 0,
        "task_config": {}, "arm_config": {}, "train": {},
    }))
    .expect("a job")
}

fn write_manifest(folder: &Folder, status: &str) {
    let manifest = json!({
        "format": 2, "status": status, "error": null, "stop": null, "job": job(), "training": null,
        "data": { "name": "a", "sha256": "b", "level": null, "split_rule": "c", "frames": 1, "molecules": 1 },
        "device": { "name": "cpu", "hardware": "d", "threads": 1, "float": "f32" },
        "program": {}, "parameters": 1, "learning_rate": 0.1, "search": null, "cold_start_seconds": 0.0,
        "measuring_seconds": 0.0, "device_seconds": 0.0, "steps": 7, "started": 0,
        "closing": { "figures": {}, "baselines": {} },
    });
    fs::write(folder.manifest(), manifest.to_string()).expect("written");
}

fn begun(step: u64) -> Event {
    Event::Begun {
        time: 1,
        step,
        host: "n1".into(),
        process: 42,
        queued_as: None,
    }
}

fn ended(status: Status, reason: &str) -> Event {
    Event::Ended {
        time: 2,
        status,
        reason: reason.into(),
    }
}

/// What is found, with its reason.
fn found(folder: &Folder) -> (Standing, Option<String>) {
    let found = folder.standing(&job()).expect("readable");
    (found.standing, found.reason)
}

#[test]
fn a_job_stands_as_its_files_and_its_lock_say() {
    let (_dir, folder) = folder();
    assert_eq!(found(&folder), (Standing::Missing, None));
    // A process that ended before there was a manifest.
    folder.note(&begun(0)).expect("noted");
    let silent = Some("process 42 on n1 ended without a word".to_owned());
    assert_eq!(found(&folder), (Standing::Stopped, silent.clone()));
    let lock = folder.lock().expect("free");
    assert_eq!(found(&folder), (Standing::Running, None));
    drop(lock);
    folder
        .note(&ended(Status::OutOfMemory, "too wide"))
        .expect("noted");
    assert_eq!(
        found(&folder),
        (Standing::OutOfMemory, Some("too wide".into()))
    );

    write_manifest(&folder, "stopped");
    folder.note(&begun(5)).expect("noted");
    assert_eq!(found(&folder), (Standing::Stopped, silent));
    folder
        .note_end(Status::Killed, "by hand".into())
        .expect("noted");
    assert_eq!(found(&folder), (Standing::Killed, Some("by hand".into())));
    // Attempts that went before do not speak against a run that is at its end.
    folder
        .note(&ended(Status::Killed, "by hand"))
        .expect("noted");
    write_manifest(&folder, "ok");
    assert_eq!(found(&folder), (Standing::Done, None));
    assert_eq!(folder.standing(&job()).expect("readable").step, 7);

    let other = Job { seed: 4, ..job() };
    let error = folder
        .standing(&other)
        .expect_err("another job")
        .to_string();
    assert!(error.contains("is of task/arm seed 3"), "{error}");
}

#[test]
fn attempts_count_from_where_they_began_and_outlive_a_torn_line() {
    let (_dir, folder) = folder();
    for step in [0, 10, 10] {
        folder.note(&begun(step)).expect("noted");
    }
    let torn = fs::read_to_string(folder.attempts()).expect("lines") + "{\"event\":\"beg";
    fs::write(folder.attempts(), torn).expect("written");
    folder.note(&begun(10)).expect("noted");
    let attempts = folder.read_attempts().expect("readable");
    assert_eq!(attempts.count(), 4);
    assert_eq!(attempts.last(), Some(&begun(10)));
    assert_eq!([0, 10, 11].map(|step| attempts.fruitless(step)), [4, 3, 0]);
    // What was made once and is to be made again has not failed before.
    folder.note(&ended(Status::Ok, "made")).expect("noted");
    folder.note(&begun(0)).expect("noted");
    let attempts = folder.read_attempts().expect("readable");
    assert_eq!((attempts.count(), attempts.fruitless(0)), (5, 1));
    for step in [4, 30] {
        fs::create_dir_all(folder.checkpoints().join(format!("step-{step:09}"))).expect("made");
    }
    fs::create_dir_all(folder.checkpoints().join(".step-000000099.tmp")).expect("made");
    assert_eq!(folder.saved_step(), 30);
    assert_eq!(folder.standing(&job()).expect("readable").fruitless, 0);
}
