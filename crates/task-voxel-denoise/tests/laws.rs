//! The laws of the task and of its arms.

use serde_json::{Value, json};
use task_voxel_denoise::{OctahedralUnetArm, SteerableUnetArm, Unet, VoxelDenoise};
use twirl_core::{Design, FiniteGroup};
use twirl_testkit::{Bench, Claim, arm_laws, roles_as_named, task_laws};

fn bench() -> Bench<VoxelDenoise> {
    Bench::embedded(json!({})).within(FiniteGroup::Octahedral)
}

fn claim(config: Value) -> Claim {
    Claim {
        config,
        design: Design::Group {
            group: FiniteGroup::Octahedral,
        },
        ..Claim::default()
    }
}

#[test]
fn task() {
    task_laws(&bench());
    let carried = Bench::<VoxelDenoise>::embedded(json!({"noise": "band-limited"}));
    task_laws(&carried.within(FiniteGroup::Octahedral));
}

#[test]
fn unet() {
    arm_laws::<_, Unet>(&bench(), &claim(json!({})));
}

#[test]
fn steerable_unet() {
    arm_laws::<_, SteerableUnetArm>(&bench(), &claim(json!({})));
}

#[test]
fn octahedral_unet() {
    arm_laws::<_, OctahedralUnetArm>(&bench(), &claim(json!({})));
}

/// Blocks at a level of one channel, whose norms take constants away.
#[test]
fn octahedral_unet_of_one_channel() {
    let config = json!({ "widths": [1, 2], "blocks": [1, 1] });
    arm_laws::<_, OctahedralUnetArm>(&bench(), &claim(config));
}

/// A convolution of kernel 3 and stride 2 in the steerable arm breaks the law that it claims.
#[test]
#[should_panic(expected = "at initialisation: an equivariant arm has relative L_equiv")]
fn a_strided_convolution_in_the_steerable_arm_is_found_out() {
    arm_laws::<_, SteerableUnetArm>(&bench(), &claim(json!({"down": "k3-s2"})));
}

#[test]
fn embeddings_and_read_outs_are_declared() {
    let (bench, settings) = (bench(), json!({}));
    roles_as_named::<_, Unet>(&bench, &settings);
    roles_as_named::<_, SteerableUnetArm>(&bench, &settings);
    roles_as_named::<_, OctahedralUnetArm>(&bench, &settings);
}
