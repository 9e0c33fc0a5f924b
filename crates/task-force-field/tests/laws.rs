//! The laws of the task and of its arms, and the exact oracle of the direct force head.

use serde_json::json;
use task_force_field::{
    CoordinateTransformer, ForceField, NeighbourAttention, PainnArm, TensorFieldArm,
};
use twirl_testkit::{Bench, Claim, arm_laws, task_laws};

fn bench() -> Bench<ForceField> {
    Bench::embedded(json!({}))
}

#[test]
fn task() {
    task_laws(&bench());
    task_laws(&Bench::<ForceField>::embedded(json!({"loss": "norm"})));
    task_laws(&Bench::<ForceField>::embedded(
        json!({"loss": {"huber": {"delta": 0.5}}}),
    ));
}

#[test]
fn neighbour_attention() {
    arm_laws::<_, NeighbourAttention>(&bench(), &Claim::default());
}

#[test]
fn coordinate_transformer() {
    arm_laws::<_, CoordinateTransformer>(&bench(), &Claim::default());
}

#[test]
fn painn() {
    arm_laws::<_, PainnArm>(&bench(), &Claim::default());
}

#[test]
fn tensor_field() {
    arm_laws::<_, TensorFieldArm>(&bench(), &Claim::default());
    let so3 = Claim {
        config: json!({"symmetry": "so3"}),
        ..Claim::default()
    };
    arm_laws::<_, TensorFieldArm>(&bench(), &so3);
}
