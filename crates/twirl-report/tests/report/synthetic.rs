//! Run folders with known curves, written through the types of the harness.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use twirl_compare::{CompareError, Comparison};
use twirl_record::{Folder, Manifest, Record};
use twirl_report::comparisons;

/// Curves of a synthetic run.
#[derive(Clone, Copy)]
pub(crate) struct Law {
    /// Loss `scale * t^-power`, t in device seconds.
    pub(crate) scale: f64,
    pub(crate) power: f64,
    /// Percentage at a step.
    pub(crate) percent: fn(u64) -> f64,
    /// Steps per device second.
    pub(crate) speed: f64,
}

pub(crate) const STEPS: [u64; 7] = [0, 1, 10, 100, 300, 1000, 3000];

impl Law {
    pub(crate) const PLAIN: Self = Self {
        scale: 8.0,
        power: 0.5,
        percent: |step| 100.0 / (1.0 + step as f64 / 30.0),
        speed: 100.0,
    };
    pub(crate) const EXACT: Self = Self {
        scale: 4.0,
        power: 0.6,
        percent: |_| 2e-11,
        speed: 20.0,
    };

    /// Loss at a time; step 0 is at time 0, where the law has no value.
    pub(crate) fn loss(&self, seconds: f64) -> f64 {
        if seconds == 0.0 {
            10.0 * self.scale
        } else {
            self.scale * seconds.powf(-self.power)
        }
    }

    pub(crate) fn records(&self, factor: f64) -> Vec<Record> {
        self.until(3000, factor)
    }

    /// Records to a last step, as of a run that a budget of seconds ends.
    pub(crate) fn until(&self, last: u64, factor: f64) -> Vec<Record> {
        let earlier = STEPS.into_iter().filter(|&step| step < last);
        earlier
            .chain([last])
            .map(|step| self.record(step, factor))
            .collect()
    }

    fn record(&self, step: u64, factor: f64) -> Record {
        let seconds = step as f64 / self.speed;
        let loss = factor * self.loss(seconds);
        let percent = (self.percent)(step);
        let split = json!({
            "loss": loss,
            "loss_mean": loss * (1.0 - percent / 100.0),
            "loss_equiv": loss * percent / 100.0,
            "percent_equiv": percent,
            "percent_low": 0.9 * percent,
            "percent_high": 1.1 * percent,
            "floor": 1e-11,
        });
        let mut term = split.clone();
        term["relative_equiv"] = json!(percent / 100.0);
        term["trained"] = json!(true);
        let share = percent / 100.0;
        term["spectrum"] = json!([1.0 - share, 0.1 * share, 0.9 * share, -0.01 * share]);
        let mut record = split;
        for (key, value) in [
            ("step", json!(step)),
            ("samples", json!(16 * step)),
            ("device_seconds", json!(seconds)),
            ("model_flops", json!(1e9 * step as f64)),
            ("wall_seconds", json!(2.0 * seconds)),
            ("loss_zero", json!(20.0)),
            ("rotations", json!(8)),
            ("molecules", json!(40)),
            ("grad_norm", json!((step > 0).then_some(1.0))),
            ("learning_rate", json!((step > 0).then_some(1e-3))),
            ("terms", json!({ "force": term })),
            ("scores", json!({ "force MAE (meV/A)": 100.0 * loss })),
        ] {
            record[key] = value;
        }
        serde_json::from_value(record).expect("a record")
    }
}

pub(crate) fn manifest(arm: &str, seed: u64, status: &str) -> Value {
    json!({
        "status": status,
        "error": (status == "failed").then_some("loss is NaN at step 7\n<second line>"),
        "stop": (status == "ok").then_some("steps"),
        "job": {
            "task": "force-field", "arm": arm, "data": "embedded", "seed": seed,
            "measure_seed": 1, "task_config": { "cutoff": 5.0, "loss": "squared" },
            "arm_config": { "width": 64 }, "train": { "steps": 3000, "schedule": { "kind": "constant" } },
        },
        "data": {
            "name": "embedded", "sha256": "ab12", "level": null, "split_rule": "by molecule",
            "frames": 400, "molecules": 40,
        },
        "device": { "name": "cpu", "hardware": "a <cpu> & \"more\"", "threads": 2, "float": "f32" },
        "program": { "version": "0.1.0", "commit": "0123abc" },
        "parameters": 123_456,
        "learning_rate": 1e-3,
        "search": null,
        "cold_start_seconds": 0.5,
        "measuring_seconds": 12.0,
        "device_seconds": 30.0,
        "steps": 3000,
        "started": 1_700_000_000u64,
        "closing": { "figures": {}, "baselines": {} },
    })
}

/// Writes a run folder.
pub(crate) fn write(out: &Path, manifest: &Value, records: &[Record]) {
    let manifest: Manifest = serde_json::from_value(manifest.clone()).expect("a manifest");
    let folder = Folder::of(
        out,
        &manifest.job.task,
        &manifest.job.arm,
        manifest.job.seed,
    );
    folder.create().expect("a writable folder");
    folder.write_manifest(&manifest).expect("a writable folder");
    let lines: String = records
        .iter()
        .map(|record| serde_json::to_string(record).expect("plain data") + "\n")
        .collect();
    fs::write(folder.records(), lines).expect("a writable folder");
}

/// Factors by which the seeds of an arm differ; their geometric mean is 1.
pub(crate) const FACTORS: [f64; 3] = [0.8, 1.0, 1.25];

/// Three seeds of a plain arm and of an exact one.
pub(crate) fn two_arms(out: &Path) {
    for (seed, factor) in FACTORS.iter().enumerate() {
        for (arm, law) in [("neighbour-attention", Law::PLAIN), ("painn", Law::EXACT)] {
            write(
                out,
                &manifest(arm, seed as u64, "ok"),
                &law.records(*factor),
            );
        }
    }
}

/// The table of comparisons with its refusals.
pub(crate) fn comparison_text(all: &[Result<Comparison, CompareError>]) -> String {
    let (table, refused) = comparisons(all);
    table.text() + &refused.join("\n")
}
