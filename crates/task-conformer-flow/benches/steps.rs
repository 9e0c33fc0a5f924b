//! Times of a training step's forward and backward pass of every arm, of a forward pass alone, and
//! of making a batch.

use burn::tensor::Device;
use criterion::{Criterion, criterion_group, criterion_main};
use task_conformer_flow::{ConformerFlow, Equivariant, FlowConfig, FrameAveraged, Plain, Shape};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Draw, Gradients, Task, training_loss};

const MOLECULES: usize = 16;

fn arm<A: Arm<ConformerFlow, Config = Shape>>(
    criterion: &mut Criterion,
    name: &str,
    task: &ConformerFlow,
) {
    let (plain, device) = (Device::flex(), Device::flex().autodiff());
    let model = A::init(&Shape::default(), task, 0, &device).expect("the arm");
    let all = task.items(Split::Train);
    let items: Vec<usize> = (0..MOLECULES)
        .map(|index| all[index * all.len() / MOLECULES])
        .collect();
    let host = task.batch(&items, Draw::training(0, 0)).expect("a batch");
    let batch = task.load(&host, &device).expect("a batch on the device");
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.bench_function("forward and backward", |bencher| {
        bencher.iter(|| {
            let loss = training_loss(&task.terms(&model.predict(&batch), &batch));
            Gradients::of(&loss, &model)
        });
    });
    let (model, batch) = (
        model.valid(),
        task.load(&host, &plain).expect("a batch on the device"),
    );
    group.bench_function("forward", |bencher| {
        bencher.iter(|| model.predict(&batch).0.into_data());
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let task = ConformerFlow::open(&FlowConfig::default(), &data).expect("the task");
    let items = &task.items(Split::Train)[..MOLECULES];
    criterion.bench_function("a batch on the host", |bencher| {
        bencher.iter(|| task.batch(items, Draw::training(0, 0)).expect("a batch"));
    });
    arm::<Plain>(criterion, "plain", &task);
    arm::<Equivariant>(criterion, "equivariant", &task);
    arm::<FrameAveraged>(criterion, "frame-averaged", &task);
}

criterion_group!(steps, benches);
criterion_main!(steps);
