//! Times of a forward and backward pass of every arm on eight molecules, and of a measurement
//! against the bare forward passes inside it.

use burn::tensor::Device;
use criterion::{Criterion, criterion_group, criterion_main};
use task_force_field::{
    CoordinateTransformer, ForceField, NeighbourAttention, PainnArm, TensorFieldArm,
};
use twirl_core::{Design, Purpose, Stream, Symmetry};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{
    Arm, Draw, Evaluation, Gradients, Plan, Rotations, Task, measure, training_loss,
};

const MOLECULES: usize = 8;
const ROTATIONS: usize = 4;

fn arm<A: Arm<ForceField>>(criterion: &mut Criterion, name: &str, task: &ForceField) {
    let (plain, device) = (Device::flex(), Device::flex().autodiff());
    let model = A::init(&A::Config::default(), task, 0, &device).expect("the arm");
    let items = &task.items(Split::Train)[..MOLECULES];
    let host = task.batch(items, Draw::training(0, 0)).expect("a batch");
    let batch = task.load(&host, &device);
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.bench_function("forward and backward", |bencher| {
        bencher.iter(|| {
            let loss = training_loss(&task.terms(&model.predict(&batch), &batch));
            Gradients::of(&loss, &model)
        });
    });
    let (model, batch) = (model.valid(), task.load(&host, &plain));
    let design = Design::Iid {
        rotations: ROTATIONS,
    };
    let turns: Vec<Rotations> = (0..ROTATIONS)
        .map(|turn| {
            let mut stream = Stream::new(1, Purpose::Evaluate, [turn as u64, 0]);
            let drawn = Design::Iid {
                rotations: MOLECULES,
            }
            .draw(&mut stream, Symmetry::So3);
            Rotations::new(drawn.expect("rotations"), &plain)
        })
        .collect();
    group.bench_function("bare forward passes of a measurement", |bencher| {
        bencher.iter(|| {
            for turn in &turns {
                let output = model.predict(&task.rotate(&batch, turn));
                std::hint::black_box(output.force.into_data());
            }
        });
    });
    let evaluation = Evaluation {
        design,
        batch: MOLECULES,
        items: 0,
        ..Evaluation::default()
    };
    let plan = Plan::new(task, items, &evaluation, 1);
    group.bench_function("measurement", |bencher| {
        bencher.iter(|| measure(task, &model, &plan, &plain).expect("a measurement"));
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    let task =
        ForceField::open(&task_force_field::ForceFieldConfig::default(), &data).expect("the task");
    arm::<NeighbourAttention>(criterion, "neighbour-attention", &task);
    arm::<CoordinateTransformer>(criterion, "coordinate-transformer", &task);
    arm::<PainnArm>(criterion, "painn", &task);
    arm::<TensorFieldArm>(criterion, "tensor-field", &task);
}

criterion_group!(steps, benches);
criterion_main!(steps);
