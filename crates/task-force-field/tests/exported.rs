//! The predictions of a run, handed over as arrays, give the bits of the run's own record.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use serde_json::json;
use task_force_field::{CoordinateTransformer, ENTRIES, ForceField};
use twirl_core::{Criterion, Design, Loss, Purpose, Rotation, Stream, Symmetry};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{
    Arm, DeviceChoice, Draw, Evaluation, Job, Plan, Rotations, Silent, Task, TrainConfig,
    load_weights, read_records,
};
use twirl_measure::{Array, Input, Options, Predictions, Term, figures};

const SEED: u64 = 23;
const ROTATIONS: usize = 3;
const REPLICATES: usize = 300;

fn job(task_config: &serde_json::Value) -> (twirl_harness::Entry, Job) {
    let mut arms = ENTRIES.iter();
    let entry = arms.find(|entry| entry.arm == "coordinate-transformer");
    let entry = *entry.expect("an arm");
    let small = json!({"width": 8, "layers": 1, "heads": 2, "expansion": 1});
    let complete = entry.complete(task_config, &small).expect("settings");
    let job = Job {
        task: entry.task.into(),
        arm: entry.arm.into(),
        data: "embedded".into(),
        data_options: serde_json::Map::new(),
        seed: SEED,
        measure_seed: 7,
        task_config: complete.task_config,
        arm_config: complete.arm_config,
        train: TrainConfig {
            steps: 4,
            batch: 3,
            ema: 0.0,
            evaluation: Evaluation {
                items: 30,
                batch: 8,
                design: Design::Iid {
                    rotations: ROTATIONS,
                },
                replicates: REPLICATES,
                ..Evaluation::default()
            },
            ..TrainConfig::default()
        },
    };
    (entry, job)
}

/// Arrays of one term, padded to one number of blocks.
struct Exported {
    loss: Loss,
    dim: usize,
    /// `[items][rotations][blocks][dim]`, `[items][blocks][dim]`, `[items][blocks]`
    prediction: Vec<Vec<f64>>,
    target: Vec<Vec<f64>>,
    weight: Vec<Vec<f64>>,
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn export(
    task: &ForceField,
    model: &CoordinateTransformer,
    plan: &Plan,
    job: &Job,
) -> (BTreeMap<&'static str, Exported>, Vec<Vec<Rotation>>) {
    let device = Device::flex();
    let design = job.train.evaluation.design;
    let mut terms: BTreeMap<&'static str, Exported> = BTreeMap::new();
    let mut all = Vec::new();
    for items in plan.items().chunks(job.train.evaluation.batch) {
        let drawn: Vec<Vec<Rotation>> = items
            .iter()
            .map(|&item| {
                let number = [item as u64, 0];
                let mut stream = Stream::new(job.measure_seed, Purpose::Evaluate, number);
                design.draw(&mut stream, Symmetry::So3).expect("rotations")
            })
            .collect();
        let host_batch = task.batch(items, Draw::measuring(job.measure_seed));
        let batch = task.load(&host_batch.expect("a batch"), &device);
        let batch = batch.expect("a batch on the device");
        for turn in 0..ROTATIONS {
            let chosen = drawn.iter().map(|rotations| rotations[turn]).collect();
            let rotations = Rotations::new(chosen, &device);
            let turned = task.rotate(&batch, &rotations).expect("a turned batch");
            let output = model.predict(&turned);
            let output = task.untwist(output, &rotations);
            for term in task.terms(&output, &batch) {
                let [_, _, dim] = term.prediction.dims();
                let into = terms.entry(term.name).or_insert_with(|| Exported {
                    loss: term.loss,
                    dim,
                    prediction: Vec::new(),
                    target: Vec::new(),
                    weight: Vec::new(),
                });
                let rows = |values: Vec<f64>| -> Vec<Vec<f64>> {
                    let width = values.len() / items.len();
                    values.chunks_exact(width).map(<[f64]>::to_vec).collect()
                };
                let predictions = rows(host(term.prediction));
                if turn == 0 {
                    into.target.extend(rows(host(term.target)));
                    into.weight.extend(rows(host(term.weight)));
                    into.prediction.extend(vec![Vec::new(); items.len()]);
                }
                let first = into.prediction.len() - items.len();
                for (row, values) in into.prediction[first..].iter_mut().zip(predictions) {
                    row.extend(values);
                }
            }
        }
        all.extend(drawn);
    }
    for term in terms.values_mut() {
        let blocks = term.weight.iter().map(Vec::len).max().expect("items");
        let rows = term.prediction.iter_mut().zip(&term.weight);
        for (row, weight) in rows {
            let turns = row.chunks_exact(weight.len() * term.dim);
            *row = turns
                .flat_map(|turn| padded(turn, blocks * term.dim))
                .collect();
        }
        for row in &mut term.target {
            *row = padded(row, blocks * term.dim);
        }
        for row in &mut term.weight {
            *row = padded(row, blocks);
        }
    }
    (terms, all)
}

fn padded(values: &[f64], length: usize) -> Vec<f64> {
    let mut padded = values.to_vec();
    padded.resize(length, 0.0);
    padded
}

#[test]
fn measuring_what_a_run_predicted_gives_the_bits_of_its_record() {
    for config in [json!({}), json!({"loss": "norm"})] {
        let (entry, job) = job(&config);
        let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
        let folder = tempfile::tempdir().expect("a folder");
        let device = DeviceChoice::cpu();
        entry
            .run(
                &job,
                folder.path(),
                &data,
                &device,
                &BTreeMap::new(),
                &Silent,
            )
            .expect("a run");
        let path = folder
            .path()
            .join(format!("force-field/coordinate-transformer/seed-{SEED}"));
        let records = read_records(&path.join("records.jsonl")).expect("records");
        let record = records.last().expect("a record");

        let config = serde_json::from_value(job.task_config.clone()).expect("settings");
        let task = ForceField::open(&config, &data).expect("the task");
        let config = serde_json::from_value(job.arm_config.clone()).expect("settings");
        let flex = Device::flex();
        let model = CoordinateTransformer::init(&config, &task, SEED, &flex).expect("an arm");
        let weights = path.join(format!(
            "checkpoints/step-{:09}/weights.safetensors",
            record.step
        ));
        let model = load_weights(model, &weights).expect("weights");
        let evaluation = &job.train.evaluation;
        let plan = Plan::new(&task, task.items(Split::Test), evaluation, job.measure_seed);
        let (terms, drawn) = export(&task, &model, &plan, &job);

        let rows = plan.items().len();
        let molecules: Vec<i64> = plan
            .items()
            .iter()
            .map(|&item| data.molecule(item) as i64)
            .collect();
        let matrices = drawn.iter().flatten().flat_map(Rotation::matrix);
        let matrices: Vec<f64> = matrices.flatten().collect();
        let options = Options {
            replicates: REPLICATES,
            seed: job.measure_seed,
            ..Options::default()
        };
        for (name, term) in &terms {
            let blocks = term.weight[0].len();
            let flat = |rows: &[Vec<f64>]| rows.concat();
            let values = [&term.prediction, &term.target, &term.weight].map(|v| flat(v));
            let shapes = [
                vec![rows, ROTATIONS, blocks, term.dim],
                vec![rows, blocks, term.dim],
                vec![rows, blocks],
                vec![rows, ROTATIONS, 3, 3],
                vec![rows],
            ];
            let mut input = Term::new(
                Array::f64(&shapes[0], &values[0]),
                Array::f64(&shapes[1], &values[1]),
            );
            input.weight = Some(Array::f64(&shapes[2], &values[2]));
            input.loss = Criterion::Residual(term.loss);
            let mut input = Input::of(vec![input]);
            input.rotation = Some(Array::f64(&shapes[3], &matrices));
            input.molecule = Some(Array::i64(&shapes[4], &molecules));
            let found = figures(&Predictions::new(&input).expect("arrays"), &options);
            let parts = found.expect("figures").terms[0].parts;
            let percent = parts.percent_equiv.expect("a percentage");
            let expected = &record.terms[*name].split;
            assert_eq!(
                (
                    parts.loss.value,
                    parts.loss_mean.value,
                    parts.loss_equiv.value
                ),
                (expected.loss, expected.loss_mean, expected.loss_equiv),
                "{name}"
            );
            assert_eq!(percent.value, expected.percent_equiv, "{name}");
            assert_eq!(percent.interval, expected.interval(), "{name}");
            assert!(percent.interval.is_some(), "{name}: enough molecules");
        }
        assert!(terms.len() > 1, "training term and reported ones");
    }
}
