//! Times of a forward and backward pass of every arm on eight molecules, and of a measurement of a
//! batch as the suites measure it, against the bare forward passes inside it.

use std::time::Instant;

use burn::tensor::Device;
use criterion::{Criterion, criterion_group, criterion_main};
use task_force_field::{
    CoordinateTransformer, ForceField, MaceArm, NeighbourAttention, PainnArm, TensorFieldArm,
};
use twirl_core::{Design, Purpose, Stream, Symmetry};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{
    Arm, Draw, Evaluation, Gradients, Plan, Prepared, Rotations, Task, training_loss,
};

const TRAINED: usize = 8;
const MEASURED: usize = 24;
const ROTATIONS: usize = 4;
const PAIRS: usize = 101;

/// Items of different molecules.
fn spread(items: &[usize], count: usize) -> Vec<usize> {
    let at = |index| items[index * items.len() / count];
    (0..count).map(at).collect()
}

fn arm<A: Arm<ForceField>>(criterion: &mut Criterion, name: &str, task: &ForceField) {
    let (plain, device) = (Device::flex(), Device::flex().autodiff());
    let model = A::init(&A::Config::default(), task, 0, &device).expect("the arm");
    let mut group = criterion.benchmark_group(name);
    let items = spread(task.items(Split::Train), TRAINED);
    let host = task.batch(&items, Draw::training(0, 0)).expect("a batch");
    let batch = task.load(&host, &device).expect("a batch on the device");
    group.bench_function("forward and backward", |bencher| {
        bencher.iter(|| {
            let loss = training_loss(&task.terms(&model.predict(&batch), &batch));
            Gradients::of(&loss, &model)
        });
    });

    let items = spread(task.items(Split::Test), MEASURED);
    let host = task.batch(&items, Draw::measuring(1)).expect("a batch");
    let (model, batch) = (
        model.valid(),
        task.load(&host, &plain).expect("a batch on the device"),
    );
    let turns: Vec<Rotations> = (0..ROTATIONS)
        .map(|turn| {
            let mut stream = Stream::new(1, Purpose::Evaluate, [turn as u64, 0]);
            let each = Design::Iid {
                rotations: MEASURED,
            };
            let drawn = each.draw(&mut stream, Symmetry::So3).expect("rotations");
            Rotations::new(drawn, &plain)
        })
        .collect();
    let bare = || {
        for turn in &turns {
            let output = model.predict(&task.rotate(&batch, turn).expect("a turned batch"));
            std::hint::black_box(output.force.into_data());
        }
    };
    group.bench_function("bare forward passes of a measurement", |bencher| {
        bencher.iter(bare);
    });
    let evaluation = Evaluation {
        design: Design::Iid {
            rotations: ROTATIONS,
        },
        batch: MEASURED,
        items: 0,
        ..Evaluation::default()
    };
    let plan = Plan::new(task, &items, &evaluation, 1);
    let prepared = Prepared::new(task, &plan, &plain).expect("batches");
    group.bench_function("measurement", |bencher| {
        bencher.iter(|| prepared.measure(&model).expect("a measurement"));
    });
    group.finish();
    let measurement = || {
        std::hint::black_box(prepared.measure(&model).expect("a measurement"));
    };
    overhead(name, measurement, bare);
}

/// Prints time of `measurement` over time of `bare`: the median of pairs taken in turns, which see
/// the same machine, with the 95 % interval of the median (order statistics, binomial).
fn overhead(name: &str, measurement: impl Fn(), bare: impl Fn()) {
    let seconds = |work: &dyn Fn()| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<f64> = (0..PAIRS)
        .map(|pair| {
            if pair % 2 == 0 {
                let first = seconds(&measurement);
                first / seconds(&bare)
            } else {
                let first = seconds(&bare);
                seconds(&measurement) / first
            }
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let half = (1.96 * (PAIRS as f64).sqrt() / 2.0).ceil() as usize;
    let [low, median, high] = [PAIRS / 2 - half, PAIRS / 2, PAIRS / 2 + half].map(|at| ratios[at]);
    println!("{name}/measurement over bare forward passes: {median:.3} ({low:.3} to {high:.3})\n");
}

fn benches(criterion: &mut Criterion) {
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    let task =
        ForceField::open(&task_force_field::ForceFieldConfig::default(), &data).expect("the task");
    arm::<NeighbourAttention>(criterion, "neighbour-attention", &task);
    arm::<CoordinateTransformer>(criterion, "coordinate-transformer", &task);
    arm::<PainnArm>(criterion, "painn", &task);
    arm::<TensorFieldArm>(criterion, "tensor-field", &task);
    arm::<MaceArm>(criterion, "mace", &task);
}

criterion_group!(steps, benches);
criterion_main!(steps);
