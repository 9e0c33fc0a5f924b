//! The laws of the task and of its arms.

use serde_json::json;
use task_conformer_flow::{ConformerFlow, Equivariant, FrameAveraged, Plain};
use twirl_testkit::{Bench, Claim, arm_laws, roles_as_named, task_laws};

fn bench() -> Bench<ConformerFlow> {
    Bench::embedded(json!({}))
}

#[test]
fn task() {
    for preset in ["ditmc", "tabasco", "et-flow"] {
        task_laws(&Bench::<ConformerFlow>::embedded(json!({"preset": preset})));
    }
    let changed =
        json!({"path": "bridge", "sigma": 0.2, "align": false, "loss": {"huber": {"delta": 0.5}}});
    task_laws(&Bench::<ConformerFlow>::embedded(changed));
}

#[test]
fn plain() {
    arm_laws::<_, Plain>(&bench(), &Claim::default());
}

#[test]
fn equivariant() {
    arm_laws::<_, Equivariant>(&bench(), &Claim::default());
    let velocity = Bench::embedded(json!({"preset": "et-flow"}));
    arm_laws::<_, Equivariant>(&velocity, &Claim::default());
}

#[test]
fn frame_averaged() {
    arm_laws::<_, FrameAveraged>(&bench(), &Claim::default());
}

#[test]
fn embeddings_and_read_outs_are_declared() {
    let (bench, settings) = (bench(), json!({}));
    roles_as_named::<_, Plain>(&bench, &settings);
    roles_as_named::<_, Equivariant>(&bench, &settings);
    roles_as_named::<_, FrameAveraged>(&bench, &settings);
}
