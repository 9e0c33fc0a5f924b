//! Arms of a finite symmetry see the poses that plain arms see, in training and in measuring.

use burn::tensor::Device;
use nalgebra::{Matrix3, SymmetricEigen, Vector3};
use serde_json::json;
use task_voxel_denoise::{Batch, ENTRIES, VoxelDenoise};
use twirl_core::{Law, Purpose, Rotation, Stream, Symmetry};
use twirl_data::Split;
use twirl_harness::{Draw, ExactSymmetry, Rotations, Task, Training};

const SEED: u64 = 5;

fn task(poses: &str) -> VoxelDenoise {
    let config = serde_json::from_value(json!({"poses": poses})).expect("settings");
    VoxelDenoise::open(&config, &VoxelDenoise::embedded().expect("data")).expect("a task")
}

fn batch(task: &VoxelDenoise, items: &[usize], draw: Draw) -> Batch {
    let host = task.batch(items, draw).expect("a batch");
    task.load(&host, &Device::flex()).expect("on the device")
}

/// The mean of `u u^T` over molecules, `u` the long axis of each: a third of the identity where
/// poses are random. Gives the largest entry of the difference.
fn anisotropy(batch: &Batch) -> f64 {
    let [molecules, atoms, _] = batch.positions.dims();
    let values: Vec<f64> = batch.positions.clone().into_data().iter().collect();
    let counts: Vec<f64> = batch.atoms.clone().into_data().iter().collect();
    let mut mean = Matrix3::<f64>::zeros();
    for (rows, count) in values.chunks(3 * atoms).zip(&counts) {
        let points: Vec<Vector3<f64>> = rows
            .chunks(3)
            .take(*count as usize)
            .map(Vector3::from_column_slice)
            .collect();
        let centre = points.iter().sum::<Vector3<f64>>() / *count;
        let spread: Matrix3<f64> = points
            .iter()
            .map(|point| (point - centre) * (point - centre).transpose())
            .sum();
        let eigen = SymmetricEigen::new(spread);
        let axis = eigen.eigenvectors.column(eigen.eigenvalues.imax());
        mean += axis * axis.transpose() / molecules as f64;
    }
    (mean - Matrix3::identity() / 3.0).abs().max()
}

/// A diagonal entry of `u u^T` has variance 4/45: five standard errors of 200 molecules are 0.11.
#[test]
fn every_arm_trains_and_is_measured_in_random_poses() {
    let allowed = 5.0 * (4.0_f64 / 45.0 / 200.0).sqrt();
    let items = |task: &VoxelDenoise| {
        let all = task.items(Split::Train);
        (0..200)
            .map(|i| all[i * all.len() / 200])
            .collect::<Vec<_>>()
    };
    let (random, stored) = (task("haar"), task("stored"));
    let items = items(&random);
    let measured = anisotropy(&batch(&random, &items, Draw::measuring(SEED)));
    assert!(measured < allowed, "measured: {measured} (seed {SEED})");
    let as_stored = anisotropy(&batch(&stored, &items, Draw::measuring(SEED)));
    assert!(as_stored > 2.0 * allowed, "stored poses: {as_stored}");
    let trained = batch(&random, &items, Draw::training(SEED, 0));
    let untouched = anisotropy(&trained);
    // Shifts differ, and with them the rounding.
    assert!(
        (untouched - as_stored).abs() < 1e-4,
        "{untouched}: what the loop turns"
    );
    let turns: Vec<Rotation> = (0..200)
        .map(|place| Law::Haar.draw(&mut Stream::new(SEED, Purpose::Other(1), [place, 0])))
        .collect();
    let turns = Rotations::new(turns, &Device::flex());
    let turned = anisotropy(&random.rotate(&trained, &turns).expect("turned"));
    assert!(turned < allowed, "trained: {turned} (seed {SEED})");
    for entry in ENTRIES {
        let symmetry = entry
            .complete(&json!({}), &json!({}))
            .expect("defaults")
            .symmetry;
        assert_ne!(
            symmetry,
            Some(ExactSymmetry::from(Symmetry::So3)),
            "{entry:?}"
        );
        let control = entry.training == Training::Unaugmented;
        assert_eq!(entry.training.turns(symmetry), !control, "{entry:?}");
    }
}
