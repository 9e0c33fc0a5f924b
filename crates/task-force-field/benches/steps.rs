//! Times of a forward and backward pass of every arm on eight molecules.

use burn::tensor::Device;
use criterion::{Criterion, criterion_group, criterion_main};
use task_force_field::{
    CoordinateTransformer, ForceField, ForceFieldConfig, MaceArm, NeighbourAttention, PainnArm,
    TensorFieldArm,
};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Draw, Gradients, Task, training_loss};

const MOLECULES: usize = 8;

fn arm<A: Arm<ForceField>>(criterion: &mut Criterion, name: &str, task: &ForceField) {
    let device = Device::flex().autodiff();
    let model = A::init(&A::Config::default(), task, 0, &device).expect("the arm");
    let all = task.items(Split::Train);
    let items: Vec<usize> = (0..MOLECULES)
        .map(|index| all[index * all.len() / MOLECULES])
        .collect();
    let host = task.batch(&items, Draw::training(0, 0)).expect("a batch");
    let batch = task.load(&host, &device).expect("a batch on the device");
    criterion.bench_function(&format!("{name}/forward and backward"), |bencher| {
        bencher.iter(|| {
            let loss = training_loss(&task.terms(&model.predict(&batch), &batch));
            Gradients::of(&loss, &model)
        });
    });
}

fn benches(criterion: &mut Criterion) {
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    let task = ForceField::open(&ForceFieldConfig::default(), &data).expect("the task");
    arm::<NeighbourAttention>(criterion, "neighbour-attention", &task);
    arm::<CoordinateTransformer>(criterion, "coordinate-transformer", &task);
    arm::<PainnArm>(criterion, "painn", &task);
    arm::<TensorFieldArm>(criterion, "tensor-field", &task);
    arm::<MaceArm>(criterion, "mace", &task);
}

criterion_group!(steps, benches);
criterion_main!(steps);
