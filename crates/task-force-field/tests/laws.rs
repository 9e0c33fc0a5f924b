//! The laws of the task and of its arms, and the exact oracle of the direct force head.

use burn::tensor::{Device, Tensor};
use serde_json::json;
use task_force_field::{
    CoordinateTransformer, ForceField, ForceFieldConfig, MaceArm, NeighbourAttention,
    NeighbourAttentionConfig, PainnArm, TensorFieldArm,
};
use twirl_core::{Design, FiniteGroup};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Draw, Evaluation, Plan, Role, Task, measure};
use twirl_layers::matmul;
use twirl_testkit::{Bench, Claim, arm_laws, roles_as_named, task_laws};

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

#[test]
fn mace() {
    arm_laws::<_, MaceArm>(&bench(), &Claim::default());
}

/// The direct force head multiplies three channels by the components of a unit vector. Its twirl
/// averages the channels, and `L_equiv` of an atom is `scale^2 / 3 * |sum_j c~_j d_j^T|^2` with
/// `c~ = c - mean(c)`. The error has degrees 0 and 2 only, so every finite group gives it exactly.
#[test]
fn direct_force_head_has_the_closed_form() {
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    let task = ForceField::open(&ForceFieldConfig::default(), &data).expect("the task");
    let device = Device::flex();
    let model = NeighbourAttention::init(&NeighbourAttentionConfig::default(), &task, 3, &device)
        .expect("an arm");
    let items = &task.items(Split::Test)[..5];
    let host = task.batch(items, Draw::measuring(0)).expect("a batch");
    let batch = task.load(&host, &device).expect("a batch on the device");

    let (direct, _) = model.direct(&batch.cloud);
    let channels = direct.channels.clone() - direct.channels.mean_dim(2);
    let outer = matmul(channels.swap_dims(1, 2), direct.unit);
    let squares = (outer.clone() * outer)
        .sum_dim(2)
        .sum_dim(1)
        .flatten::<1>(0, 2);
    let scale = direct.scale.flatten::<1>(0, 1);
    let count = batch.cloud.batch;
    let per_atom = (scale.clone() * scale * squares / 3.0).unsqueeze_dim(1);
    let per_atom: Tensor<2> = batch.cloud.padded(per_atom).squeeze_dim(2);
    // The squared force term is a mean over components: a third of the share.
    let expected: f64 = (per_atom * batch.share.clone() / 3.0)
        .sum()
        .into_scalar::<f64>()
        / count as f64;

    let zero: f64 = task
        .terms(&model.predict(&batch), &batch)
        .into_iter()
        .filter(|term| term.role == Role::Train)
        .map(|term| {
            let squares = (term.target.clone() * term.target)
                .sum_dim(2)
                .squeeze_dim::<2>(2);
            (squares * term.weight).sum().into_scalar::<f64>() / count as f64
        })
        .sum();

    for group in [
        FiniteGroup::Tetrahedral,
        FiniteGroup::Octahedral,
        FiniteGroup::Icosahedral,
    ] {
        let evaluation = Evaluation {
            design: Design::Group { group },
            items: 0,
            batch: 5,
            ..Default::default()
        };
        let plan = Plan::new(&task, items, &evaluation, 1);
        let measured = measure(&task, &model, &plan, &device).expect("a measurement");
        let found = measured.terms["force"].measured.equiv;
        assert!(
            (found / expected - 1.0).abs() < 1e-4,
            "{group:?}: measured {found}, closed form {expected}"
        );
        assert!(
            (measured.zero / zero - 1.0).abs() < 1e-5,
            "{group:?}: loss of predicting zero {}, in closed form {zero}",
            measured.zero
        );
    }
}

#[test]
fn embeddings_and_read_outs_are_declared() {
    let (bench, settings) = (bench(), json!({}));
    roles_as_named::<_, NeighbourAttention>(&bench, &settings);
    roles_as_named::<_, CoordinateTransformer>(&bench, &settings);
    roles_as_named::<_, PainnArm>(&bench, &settings);
    roles_as_named::<_, TensorFieldArm>(&bench, &settings);
    roles_as_named::<_, MaceArm>(&bench, &settings);
}
