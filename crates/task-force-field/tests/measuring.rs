//! Measurements at the edges: every design, predictions of nothing, and the numerical floor.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use serde_json::Value;
use task_force_field::{CoordinateTransformer, ForceField, ForceFieldConfig, PainnArm};
use twirl_core::{Design, FiniteGroup, Symmetry};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Evaluation, Plan, Prepared, Task};

const SEED: u64 = 5;

fn task() -> ForceField {
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    ForceField::open(&ForceFieldConfig::default(), &data).expect("the task")
}

fn plan(task: &ForceField, design: Design, symmetry: Symmetry) -> Plan {
    let evaluation = Evaluation {
        design,
        items: 12,
        batch: 12,
        replicates: 200,
        ..Default::default()
    };
    Plan::new(task, task.items(Split::Test), &evaluation, SEED).under(design, symmetry)
}

fn arm<A: Arm<ForceField>>(task: &ForceField, device: &Device) -> A {
    A::init(&A::Config::default(), task, SEED, device).expect("an arm")
}

/// A factor on every parameter.
struct Scaled(f64);

impl ModuleMapper for Scaled {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        parameter.map(|values| values * self.0)
    }
}

#[test]
fn every_design_measures_both_groups() {
    let (task, device) = (task(), Device::flex());
    let model: CoordinateTransformer = arm(&task, &device);
    let group = FiniteGroup::Tetrahedral;
    let designs = [
        Design::Iid { rotations: 3 },
        Design::Group { group },
        Design::Orbits { group, orbits: 2 },
        Design::Quadrature { degree: 2 },
    ];
    for symmetry in [Symmetry::So3, Symmetry::O3] {
        for design in designs {
            let plan = plan(&task, design, symmetry);
            let prepared = Prepared::new(&task, &plan, &device).expect("batches");
            let measured = prepared.measure(&model).expect("a measurement");
            let term = &measured.terms["force"];
            let spectral = symmetry == Symmetry::So3 && !matches!(design, Design::Group { .. });
            assert_eq!(
                !term.spectrum.is_empty(),
                spectral,
                "{design:?}, {symmetry:?}"
            );
            assert!(measured.total.equiv > 0.0, "{design:?}, {symmetry:?}");
            assert_eq!(measured.loss_replicates.len(), 100);
        }
    }
}

#[test]
fn predictions_of_zero_have_no_relative_error_and_can_be_written() {
    let (task, device) = (task(), Device::flex());
    let model: CoordinateTransformer = arm(&task, &device);
    let model = model.map(&mut Scaled(0.0));
    let plan = plan(&task, Design::Iid { rotations: 3 }, Symmetry::So3);
    let prepared = Prepared::new(&task, &plan, &device).expect("batches");
    let floor = prepared
        .floor(&arm::<PainnArm>(&task, &device))
        .expect("a floor");
    let measured = prepared.measure(&model).expect("a measurement");
    assert!((measured.total.loss / measured.zero - 1.0).abs() < 1e-12);
    let terms = measured.term_records(&floor);
    let text = serde_json::to_string(&terms).expect("plain data");
    let back: std::collections::BTreeMap<String, twirl_harness::TermRecord> =
        serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(back, terms);
    assert_eq!(terms["force"].relative_equiv, None);
    assert!(terms["force"].spectrum.is_empty());
    assert_eq!(measured.split(&floor).floor, 0.0);
    let scores: Value = serde_json::to_value(measured.score_records()).expect("plain data");
    assert!(
        scores.get("force-cosine").is_none(),
        "a cosine of zeros: {scores}"
    );
    assert!(scores.get("force-rmse (meV/A)").is_some(), "{scores}");
}

/// The floor is relative to the size of what is predicted: a model whose outputs are a thousand times
/// larger rounds a thousand times more coarsely.
#[test]
fn the_floor_grows_with_the_predictions() {
    let (task, device) = (task(), Device::flex());
    let plan = plan(&task, Design::Iid { rotations: 4 }, Symmetry::So3);
    let prepared = Prepared::new(&task, &plan, &device).expect("batches");
    let reference: PainnArm = arm(&task, &device);
    let floor = prepared.floor(&reference).expect("a floor");
    // Scaled as a whole the network changes in no simple way; its own percentage tells.
    for factor in [0.8, 1.0, 1.1] {
        let model = reference.clone().map(&mut Scaled(factor));
        let split = prepared
            .measure(&model)
            .expect("a measurement")
            .split(&floor);
        let ratio = split.percent_equiv / split.floor;
        println!(
            "factor {factor}: percent {:e}, floor {:e}",
            split.percent_equiv, split.floor
        );
        assert!((0.02..50.0).contains(&ratio), "factor {factor}: {ratio}");
    }
}
