//! Voxelising and noise per grid, and a training step of every arm with the default sizes.

use std::time::Duration;

use burn::tensor::{Device, Tensor, TensorData};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::RngExt;
use task_voxel_denoise::{
    Lattice, NoiseLaw, OctahedralUnetArm, SteerableUnetArm, Unet, VoxelDenoise, VoxelDenoiseConfig,
    find_atoms, voxelise,
};
use twirl_core::{Purpose, Stream};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Draw, Gradients, Task, training_loss};

const MOLECULES: usize = 8;
const ATOMS: usize = 20;
const CHANNELS: usize = 7;

fn voxeliser(criterion: &mut Criterion) {
    let device = Device::flex();
    let mut group = criterion.benchmark_group("voxelise 8 molecules of 20 atoms, 7 channels");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(MOLECULES as u64));
    for (size, step, radius) in [(16, 0.8, 1.0), (32, 0.25, 0.5), (64, 0.25, 0.5)] {
        let lattice = Lattice::new(size, step, radius);
        let mut stream = Stream::new(1, Purpose::Other(5), [0, 0]);
        let positions: Vec<f64> = (0..MOLECULES * ATOMS * 3)
            .map(|_| stream.random_range(-3.0..3.0))
            .collect();
        let positions = TensorData::new(positions, [MOLECULES, ATOMS, 3]);
        let positions = Tensor::<3>::from_data(positions, &device);
        let mut kinds = vec![0.0_f32; MOLECULES * CHANNELS * ATOMS];
        for place in 0..MOLECULES * ATOMS {
            let (molecule, atom) = (place / ATOMS, place % ATOMS);
            kinds[(molecule * CHANNELS + atom % CHANNELS) * ATOMS + atom] = 1.0;
        }
        let kinds = TensorData::new(kinds, [MOLECULES, CHANNELS, ATOMS]);
        let kinds = Tensor::<3>::from_data(kinds, &device);
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| voxelise(&lattice, positions.clone(), kinds.clone()).into_data());
        });
    }
    group.finish();
}

fn grids(criterion: &mut Criterion, data: &DataSet) {
    let mut group = criterion.benchmark_group("a training batch of 8 grids of 16^3");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    for noise in [NoiseLaw::Iid, NoiseLaw::BandLimited] {
        let config = VoxelDenoiseConfig {
            noise,
            ..VoxelDenoiseConfig::default()
        };
        let task = VoxelDenoise::open(&config, data).expect("the task");
        let items = &task.items(Split::Train)[..MOLECULES];
        group.bench_function(format!("{noise:?}"), |bencher| {
            bencher.iter(|| {
                let host = task.batch(items, Draw::training(0, 0)).expect("a batch");
                task.load(&host, &Device::flex())
                    .expect("a batch on the device")
                    .noisy()
                    .into_data()
            });
        });
    }
    let task = VoxelDenoise::open(&VoxelDenoiseConfig::default(), data).expect("the task");
    let items = &task.items(Split::Train)[..1];
    let host = task.batch(items, Draw::training(0, 0)).expect("a batch");
    let clean = task
        .load(&host, &Device::flex())
        .expect("a batch on the device")
        .clean()
        .into_data();
    let clean: Vec<f32> = clean.iter::<f32>().collect();
    group.bench_function("atoms of one clean grid", |bencher| {
        bencher.iter(|| find_atoms(&clean, task.elements(), task.lattice(), 0.4));
    });
    group.finish();
}

fn arm<A: Arm<VoxelDenoise>>(criterion: &mut Criterion, name: &str, task: &VoxelDenoise) {
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    let model = A::init(&A::Config::default(), task, 1, &device).expect("an arm");
    let items = &task.items(Split::Train)[..MOLECULES];
    let host = task.batch(items, Draw::training(0, 0)).expect("a batch");
    let batch = task.load(&host, &device).expect("a batch on the device");
    batch.noisy();
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    group.bench_function("forward and backward of 8 grids", |bencher| {
        bencher.iter(|| {
            let loss = training_loss(&task.terms(&model.predict(&batch), &batch));
            Gradients::of(&loss, &model)
        });
    });
    let (model, batch) = (
        model.valid(),
        task.load(&host, &plain).expect("a batch on the device"),
    );
    batch.noisy();
    group.bench_function("forward of 8 grids", |bencher| {
        bencher.iter(|| model.predict(&batch).density.into_data());
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    voxeliser(criterion);
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    grids(criterion, &data);
    let task = VoxelDenoise::open(&VoxelDenoiseConfig::default(), &data).expect("the task");
    arm::<Unet>(criterion, "unet", &task);
    arm::<SteerableUnetArm>(criterion, "steerable-unet", &task);
    arm::<OctahedralUnetArm>(criterion, "octahedral-unet", &task);
}

criterion_group!(voxels, benches);
criterion_main!(voxels);
