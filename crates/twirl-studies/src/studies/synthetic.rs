//! Runs with figures that a test chooses.

use std::path::PathBuf;

use serde_json::{Value, json};
use twirl_compare::{ArmRuns, Run};
use twirl_record::{Manifest, Record};

use crate::learned::Yardstick;
use crate::studies::percent::Trained;

/// A measurement of one seed. The loss of predicting zero is 1, the best of all 0.1.
#[derive(Clone, Copy)]
pub(super) struct Synthetic {
    pub(super) step: u64,
    /// Lower end, value and upper end over molecules.
    pub(super) percent: [f64; 3],
    pub(super) loss: f64,
    /// Whether the learning rate lies at an edge of its grid.
    pub(super) edge: bool,
}

impl Synthetic {
    pub(super) const ONE: Self = Self {
        step: 1,
        percent: [1.0; 3],
        loss: 1.0,
        edge: false,
    };

    fn record(&self) -> Record {
        let [low, percent, high] = self.percent;
        let loss = self.loss;
        let record = json!({
            "step": self.step, "samples": 8 * self.step, "device_seconds": self.step as f64,
            "wall_seconds": 0.0, "loss": loss, "loss_mean": loss * (1.0 - percent / 100.0),
            "loss_equiv": loss * percent / 100.0, "percent_equiv": percent, "percent_low": low,
            "percent_high": high, "floor": 1e-9, "loss_zero": 1.0, "rotations": 4, "molecules": 48,
            "grad_norm": null, "learning_rate": null, "terms": {}, "scores": {},
        });
        serde_json::from_value(record).expect("a record")
    }

    fn manifest(&self, seed: usize) -> Manifest {
        let losses = if self.edge {
            [3.0, 2.0, 1.0]
        } else {
            [3.0, 1.0, 2.0]
        };
        let candidates: Vec<Value> = [3e-4, 1e-3, 3e-3]
            .iter()
            .zip(losses)
            .map(|(rate, loss)| json!({"rate": rate, "loss": loss}))
            .collect();
        let manifest = json!({
            "status": "ok", "error": null, "stop": "steps",
            "job": {
                "task": "force-field", "arm": "painn", "data": "embedded", "seed": seed,
                "measure_seed": 1, "task_config": {}, "arm_config": {}, "train": {},
            },
            "data": {
                "name": "embedded", "sha256": "ab12", "level": null, "split_rule": "by molecule",
                "frames": 400, "molecules": 40,
            },
            "device": { "name": "cpu", "hardware": "", "threads": 2, "float": "f32" },
            "program": {}, "parameters": 1_000, "learning_rate": 1e-3,
            "search": { "candidates": candidates, "steps": 10, "device_seconds": 1.0 },
            "cold_start_seconds": 0.0, "measuring_seconds": 0.0, "device_seconds": 1.0,
            "steps": self.step, "started": 0, "closing": { "figures": {}, "baselines": {} },
        });
        serde_json::from_value(manifest).expect("a manifest")
    }
}

/// One arm whose seeds have these measurements.
pub(super) fn trained(seeds: &[Vec<Synthetic>]) -> Trained {
    let run = |(seed, points): (usize, &Vec<Synthetic>)| Run {
        path: PathBuf::new(),
        manifest: points.last().expect("a measurement").manifest(seed),
        records: points.iter().map(Synthetic::record).collect(),
        pictures: Vec::new(),
    };
    let arm = ArmRuns {
        task: "force-field".into(),
        arm: "painn".into(),
        runs: seeds.iter().enumerate().map(run).collect(),
    };
    let yardstick = Yardstick {
        best: 0.1,
        whose: "painn".into(),
    };
    Trained::measured("", arm, &yardstick, None).expect("a measurement")
}
