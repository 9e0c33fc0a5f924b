//! Steps that a device takes without being asked in between, on the CPU as such a device.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use twirl_harness::{DeviceChoice, Job, Manifest, Observer, Progress, Record, RunError};
use twirl_layers::own::composed;

use super::toy::ENTRY;
use super::{data, job, train};

/// Counts how often a run hears of its device.
#[derive(Default)]
struct Heard(Cell<u64>);

impl Observer for Heard {
    fn progress(&self, _progress: &Progress) {
        self.0.set(self.0.get() + 1);
    }
    fn measured(&self, _record: &Record) {}
    fn searching(&self, _index: usize, _count: usize, _rate: f64) {}
}

fn run(job: &Job, out: &Path, heard: &Heard) -> Result<Manifest, RunError> {
    let device = DeviceChoice::cpu();
    ENTRY.run(job, out, &data(), &device, &BTreeMap::new(), heard)
}

/// Records without what a clock says.
fn records(manifest_folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(manifest_folder.join("records.jsonl")).expect("records");
    let untimed = |line: &str| {
        let mut record: Value = serde_json::from_str(line).expect("JSON");
        let fields = record.as_object_mut().expect("an object");
        fields.retain(|name, _| !name.ends_with("seconds"));
        record
    };
    text.lines().map(untimed).collect()
}

fn folder(out: &Path, job: &Job) -> std::path::PathBuf {
    let seed = format!("seed-{}", job.seed);
    out.join(&job.task).join(&job.arm).join(seed)
}

#[test]
fn a_device_is_asked_once_in_a_window_and_the_records_are_the_same() {
    let out = tempfile::tempdir().expect("a folder");
    let mut job = job(1.0, train(200, 0.01));
    job.train.evaluation.per_decade = 1;
    for clip in [0.0, 1e-3] {
        job.train.clip = clip;
        let (each, windows) = (Heard::default(), Heard::default());
        let [plain, asked] =
            ["plain", "asked"].map(|name| out.path().join(format!("{name}{clip}")));
        run(&job, &plain, &each).expect("a run");
        composed(|| run(&job, &asked, &windows)).expect("a run");
        assert_eq!(each.0.get(), 200);
        assert!(windows.0.get() < 150, "asked {} times", windows.0.get());
        let [plain, asked] = [plain, asked].map(|out| records(&folder(&out, &job)));
        assert_eq!(plain.len(), asked.len());
        // Products and clipping round otherwise there.
        for (plain, asked) in plain.iter().zip(&asked) {
            assert_eq!(plain["step"], asked["step"]);
            for name in ["loss", "grad_norm", "training_loss"] {
                let [plain, asked] = [plain, asked].map(|record| record[name].as_f64());
                let (Some(plain), Some(asked)) = (plain, asked) else {
                    assert_eq!(plain, asked);
                    continue;
                };
                let apart = (plain - asked).abs();
                assert!(apart < 1e-4 * asked + 1e-5, "{name}: {plain} and {asked}");
            }
        }
    }
}

/// A batch whose loss overflows, amid others: the window is taken back to the step before.
#[test]
fn a_fault_within_a_window_leaves_the_step_before_it() {
    let out = tempfile::tempdir().expect("a folder");
    let mut job = job(1.0, train(64, 0.01));
    job.train.train_items = 64;
    job.train.evaluation.per_decade = 1;
    let train = data().split(twirl_data::Split::Train).to_vec();
    job.task_config["broken"] = json!(train[27 * train.len() / 64]);
    let ends = ["plain", "asked"].map(|name| {
        let out = out.path().join(name);
        let run = || run(&job, &out, &Heard::default()).expect_err("the loss overflows");
        let error = if name == "plain" {
            run()
        } else {
            composed(run)
        };
        let RunError::NotFinite { what, step, .. } = error else {
            panic!("{error}");
        };
        let saved = folder(&out, &job);
        let text = fs::read(saved.join("failure.json")).expect("evidence");
        let evidence: Value = serde_json::from_slice(&text).expect("JSON");
        let checkpoint = saved.join(format!("checkpoints/step-{step:09}/checkpoint.json"));
        assert!(checkpoint.exists(), "{}", checkpoint.display());
        assert_eq!(evidence["step"], json!(step));
        (what, step, evidence["items"].clone())
    });
    assert!(ends[0].1 > 4, "within a window: {}", ends[0].1);
    assert_eq!(ends[0], ends[1]);
}
