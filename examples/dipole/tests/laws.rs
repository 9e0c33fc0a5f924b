//! The laws of the task and of its arms.

use serde_json::json;
use task_dipole::Dipole;
use twirl_pointcloud::{PainnArm, Plain, PointCloud};
use twirl_testkit::{Bench, Claim, arm_laws, task_laws};

fn bench() -> Bench<PointCloud<Dipole>> {
    Bench::embedded(json!({}))
}

#[test]
fn task() {
    task_laws(&bench());
}

#[test]
fn plain() {
    arm_laws::<_, Plain>(&bench(), &Claim::default());
}

#[test]
fn painn() {
    arm_laws::<_, PainnArm>(&bench(), &Claim::default());
}
