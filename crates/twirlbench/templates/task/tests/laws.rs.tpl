//! The laws of the task and of its arms.

use __CRATE__::{__TYPE__, PainnArm, Plain};
use serde_json::json;
use twirl_testkit::{Bench, Claim, arm_laws, task_laws};

fn bench() -> Bench<__TYPE__> {
    Bench::embedded(json!({}))
}

#[test]
fn task() {
    task_laws(&bench());
    task_laws(&Bench::<__TYPE__>::embedded(json!({"loss": "norm"})));
}

#[test]
fn plain() {
    arm_laws::<_, Plain>(&bench(), &Claim::default());
}

#[test]
fn painn() {
    arm_laws::<_, PainnArm>(&bench(), &Claim::default());
}
