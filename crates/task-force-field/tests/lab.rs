//! The lab against finite differences, closed forms and an ordinary run, in f64.
//!
//! The float type of a device is set once per process, so these tests have a binary of their own.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use burn::tensor::{FloatDType, IntDType};
use serde_json::json;
use task_force_field::ENTRIES;
use twirl_core::{
    Design, FiniteGroup, Loss, Precision, Purpose, Samples, Stream, Symmetry, split, tolerance,
    twirled_loss,
};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{
    DeviceChoice, Entry, Evaluation, Job, Lab, Part, Probe, Silent, TrainConfig, read_records,
};

const SEED: u64 = 17;

fn device() -> DeviceChoice {
    static DEVICE: OnceLock<DeviceChoice> = OnceLock::new();
    let device = DEVICE.get_or_init(|| {
        let mut choice = DeviceChoice::cpu();
        choice
            .device
            .configure((FloatDType::F64, IntDType::I64))
            .expect("first use of the device");
        choice
    });
    device.clone()
}

fn data() -> DataSet {
    DataSet::embedded(Embedded::Forces).expect("embedded data")
}

fn job(arm: &str, task_config: &serde_json::Value, arm_config: &serde_json::Value) -> (Entry, Job) {
    let entry = *ENTRIES
        .iter()
        .find(|entry| entry.arm == arm)
        .expect("an arm");
    let complete = entry.complete(task_config, arm_config).expect("settings");
    let job = Job {
        data_options: serde_json::Map::new(),
        task: entry.task.into(),
        arm: arm.into(),
        data: "embedded".into(),
        seed: SEED,
        measure_seed: 3,
        task_config: complete.task_config,
        arm_config: complete.arm_config,
        train: TrainConfig {
            steps: 12,
            batch: 3,
            ema: 0.0,
            evaluation: Evaluation {
                items: 0,
                design: Design::Iid { rotations: 3 },
                replicates: 40,
                ..Evaluation::default()
            },
            ..TrainConfig::default()
        },
    };
    (entry, job)
}

fn small_head() -> (Entry, Job) {
    let config = json!({"width": 8, "layers": 1, "heads": 2, "radial": 8, "degree": 2});
    job("neighbour-attention", &json!({}), &config)
}

fn lab((entry, job): &(Entry, Job)) -> Box<dyn Lab> {
    entry.lab(job, &data(), &device()).expect("a lab")
}

fn probe(lab: &dyn Lab, items: usize, design: Design) -> Probe {
    Probe {
        items: lab.items(Split::Test)[..items].to_vec(),
        design,
        symmetry: Symmetry::So3,
        seed: 3,
        noise: 3,
        batch: 64,
    }
}

fn direction(count: usize) -> Vec<f64> {
    use rand::RngExt;
    let mut stream = Stream::new(SEED, Purpose::Other(4), [0, 0]);
    (0..count).map(|_| stream.random_range(-1.0..1.0)).collect()
}

fn moved(weights: &[f64], step: f64, along: &[f64]) -> Vec<f64> {
    weights
        .iter()
        .zip(along)
        .map(|(w, a)| w + step * a)
        .collect()
}

/// Near the cube root of the f64 epsilon, which balances rounding against the cubic term.
const STEP: f64 = 1e-5;
/// Relative error of a central difference with that step, with room for sums.
const CLOSE: f64 = 1e-7;

#[test]
fn gradients_are_the_derivatives_of_the_parts() {
    let group = FiniteGroup::Tetrahedral;
    let small = json!({"width": 8, "layers": 1, "heads": 2, "expansion": 1});
    let arms = [
        small_head(),
        job("coordinate-transformer", &json!({}), &small),
    ];
    for arm in arms {
        let mut lab = lab(&arm);
        lab.advance(2).expect("two steps");
        let weights = lab.weights();
        let along = direction(weights.len());
        for design in [
            Design::Iid { rotations: 3 },
            Design::Orbits { group, orbits: 2 },
        ] {
            let probe = probe(&*lab, 2, design);
            // One pass over everything, and many over single rotations.
            let narrow = Probe {
                batch: 1,
                ..probe.clone()
            };
            let value = |step: f64, part: Part| {
                let parts = lab
                    .parts(&moved(&weights, step, &along), &probe)
                    .expect("parts");
                match part {
                    Part::Loss => parts.loss,
                    Part::Mean => parts.mean,
                    Part::Equiv => parts.equiv,
                }
            };
            for part in [Part::Loss, Part::Mean, Part::Equiv] {
                let gradient = lab.gradient(&weights, &probe, part).expect("a gradient");
                let slope: f64 = gradient.iter().zip(&along).map(|(g, a)| g * a).sum();
                let central = (value(STEP, part) - value(-STEP, part)) / (2.0 * STEP);
                let size = gradient.iter().map(|g| g.abs()).sum::<f64>();
                assert!(
                    (slope - central).abs() < CLOSE * size,
                    "{} {design:?} {part:?}: {slope} and {central}; random seed {SEED}",
                    arm.1.arm
                );
                let split = lab.gradient(&weights, &narrow, part).expect("a gradient");
                for (a, b) in gradient.iter().zip(&split) {
                    assert!(
                        (a - b).abs() < tolerance::F64.agreement * size,
                        "{a} and {b}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_rest_of_the_edge_head_makes_an_exactly_quadratic_error() {
    let mut lab = lab(&small_head());
    lab.advance(5).expect("five steps");
    let splits = lab.linear_splits().expect("splits");
    assert_eq!(splits.len(), 1);
    let info = splits[0].place(lab.parameters()).expect("a place").clone();
    let weights = lab.weights();
    let rest = splits[0].rest(&weights[info.range.clone()], &info.shape);
    let probe = probe(
        &*lab,
        4,
        Design::Group {
            group: FiniteGroup::Octahedral,
        },
    );
    let with = |scale: f64| {
        let mut changed = weights.clone();
        for (weight, rest) in changed[info.range.clone()].iter_mut().zip(&rest) {
            *weight += (scale - 1.0) * rest;
        }
        lab.parts(&changed, &probe).expect("parts")
    };
    let one = with(1.0);
    assert!(one.equiv > 1e-6 * one.loss, "{one:?}");
    for scale in [-1.0, 0.5, 2.0, 10.0] {
        let parts = with(scale);
        let ratio = parts.equiv / (scale * scale * one.equiv);
        assert!(
            (ratio - 1.0).abs() < tolerance::F64.agreement,
            "scale {scale}: {ratio}"
        );
        let mean = parts.mean / one.mean;
        assert!(
            (mean - 1.0).abs() < 1e-9,
            "scale {scale}: L_mean changes by {mean}"
        );
    }
    let none = with(0.0);
    assert!(
        none.equiv < tolerance::F64.floor * none.loss.max(1.0),
        "{none:?}"
    );
}

#[test]
fn rows_of_the_jacobian_give_the_change_of_the_outputs() {
    let lab = lab(&small_head());
    let weights = lab.weights();
    let along = direction(weights.len());
    let probe = probe(&*lab, 2, Design::Iid { rotations: 2 });
    let jacobian = lab.jacobian(&weights, &probe, usize::MAX).expect("rows");
    assert_eq!(jacobian.outputs, jacobian.of);
    assert_eq!(jacobian.rows.len(), 2 * jacobian.of);
    // Some outputs of every item, turn after turn: rows of the whole, in their places.
    let some = lab.jacobian(&weights, &probe, 2).expect("rows");
    assert_eq!((some.outputs, some.of), (4, jacobian.of));
    for (place, row) in some.rows.iter().enumerate() {
        let turn = place / some.outputs;
        let own = &jacobian.rows[turn * jacobian.of..(turn + 1) * jacobian.of];
        assert!(own.contains(row), "row {place}");
    }
    let change = |row: &Vec<f64>| row.iter().zip(&along).map(|(r, a)| r * a).sum::<f64>();
    let found: f64 = jacobian.rows.iter().map(|row| change(row).powi(2)).sum();
    let at = |step: f64| {
        lab.samples(&moved(&weights, step, &along), &probe)
            .expect("samples")
    };
    let (ahead, behind) = (at(STEP), at(-STEP));
    let mut expected = 0.0;
    let terms = |all: &[twirl_harness::MoleculeSamples]| -> Vec<_> {
        let terms = all.iter().flat_map(|molecule| molecule.terms.clone());
        terms.collect()
    };
    for (ahead, behind) in terms(&ahead).iter().zip(&terms(&behind)) {
        if ahead.role == twirl_harness::Role::Train {
            let [_, dim] = ahead.extent;
            let pairs = ahead.residuals.iter().zip(&behind.residuals).enumerate();
            for (place, (a, b)) in pairs {
                let weight = ahead.weights[place / dim % ahead.weights.len()];
                expected += weight * ((a - b) / (2.0 * STEP)).powi(2);
            }
        }
    }
    assert!(
        (found / expected - 1.0).abs() < CLOSE,
        "{found} and {expected}; random seed {SEED}"
    );
}

#[test]
fn a_lab_takes_the_steps_of_a_run() {
    let arm = small_head();
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = arm
        .0
        .run(
            &arm.1,
            folder.path(),
            &data(),
            &device(),
            &BTreeMap::new(),
            &Silent,
        )
        .expect("a run");
    assert_eq!(manifest.steps, 12);
    let path = folder
        .path()
        .join(format!("force-field/neighbour-attention/seed-{SEED}"));
    let records = read_records(&path.join("records.jsonl")).expect("records");
    let mut lab = lab(&arm);
    for record in records
        .iter()
        .filter(|record| [0, 1, 12].contains(&record.step))
    {
        lab.advance(record.step).expect("steps");
        let probe = Probe {
            items: lab.items(Split::Test),
            ..probe(&*lab, 1, Design::Iid { rotations: 3 })
        };
        let parts = lab.parts(&lab.weights(), &probe).expect("parts");
        let evaluation = &arm.1.train.evaluation;
        let measured = lab.measure(&lab.weights(), evaluation, probe.seed, Precision::F32);
        let measured = measured.expect("a measurement");
        for (found, expected) in [
            (parts.loss, record.split.loss),
            (parts.equiv, record.split.loss_equiv),
            (measured.total.loss, record.split.loss),
            (measured.total.equiv, record.split.loss_equiv),
            (measured.zero, record.loss_zero.expect("that of zero")),
            (parts.zero, record.loss_zero.expect("the loss of zero")),
        ] {
            let error = (found / expected - 1.0).abs();
            assert!(
                error < tolerance::F64.agreement,
                "step {}: {error}",
                record.step
            );
        }
    }
    assert!(lab.step() == 12 && lab.seconds() > 0.0);
}

/// `L(M) = L_mean + L_equiv / M` on a trained arm, with independent rotations on either side.
#[test]
fn twirling_over_m_rotations_costs_a_share_of_the_equivariance_error() {
    let mut lab = lab(&small_head());
    lab.advance(40).expect("forty steps");
    let weights = lab.weights();
    let items: Vec<usize> = lab.items(Split::Test).into_iter().take(12).collect();
    let at = |seed: u64, rotations: usize| {
        let probe = Probe {
            items: items.clone(),
            design: Design::Iid { rotations },
            symmetry: Symmetry::So3,
            seed,
            noise: 3,
            batch: 96,
        };
        lab.samples(&weights, &probe).expect("samples")
    };
    let parts = {
        let (mut mean, mut equiv) = (0.0, 0.0);
        for term in at(1, 64).iter().flat_map(|molecule| &molecule.terms) {
            if term.name == "force" {
                let design = Design::Iid { rotations: 64 };
                let samples = term.samples().expect("samples");
                let parts = split(&design, Symmetry::So3, Loss::Squared, &samples);
                let parts = parts.expect("a split");
                mean += parts.mean / items.len() as f64;
                equiv += parts.equiv / items.len() as f64;
            }
        }
        [mean, equiv]
    };
    for rotations in [1_usize, 2, 4] {
        // Many independent draws of M rotations, cut from one large draw.
        let repeats = 128 / rotations;
        let mut values = vec![0.0; repeats];
        for term in at(2, 128).iter().flat_map(|molecule| &molecule.terms) {
            if term.name == "force" {
                let [blocks, dim] = term.extent;
                let width = rotations * blocks * dim;
                for (value, draw) in values.iter_mut().zip(term.residuals.chunks_exact(width)) {
                    let samples = Samples::new(rotations, blocks, dim, draw, &term.weights);
                    let loss = samples.and_then(|s| twirled_loss(Loss::Squared, &s));
                    *value += loss.expect("a loss") / items.len() as f64;
                }
            }
        }
        let count = repeats as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let expected = parts[0] + parts[1] / rotations as f64;
        // The other side has its own error, from half as many rotations: twice the variance.
        let error = (3.0 * variance / count).sqrt();
        assert!(
            (mean - expected).abs() < tolerance::STANDARD_ERRORS * error,
            "M = {rotations}: {mean} and {expected} +- {error}; random seed {SEED}"
        );
    }
}

#[test]
fn losses_without_an_unbiased_gradient_and_misfits_are_refused() {
    let small = json!({"width": 8, "layers": 1, "heads": 2, "expansion": 1});
    let lab = lab(&job(
        "coordinate-transformer",
        &json!({"loss": "norm"}),
        &small,
    ));
    let weights = lab.weights();
    let probe = probe(&*lab, 2, Design::Iid { rotations: 2 });
    assert!(lab.parts(&weights, &probe).expect("parts of any loss").loss > 0.0);
    let error = |result: Result<Vec<f64>, twirl_harness::RunError>| {
        result.expect_err("refused").to_string()
    };
    let text = error(lab.gradient(&weights, &probe, Part::Equiv));
    assert!(text.contains("set the task's loss to squared"), "{text}");
    let text = error(lab.gradient(&weights[1..], &probe, Part::Loss));
    assert!(text.contains("give one of each"), "{text}");
    let empty = Probe {
        items: Vec::new(),
        ..probe
    };
    assert!(lab.parts(&weights, &empty).is_err());
    assert!(lab.linear_splits().expect("a list").is_empty());
}
