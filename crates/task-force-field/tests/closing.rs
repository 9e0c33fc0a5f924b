//! Figures of finished models beside the measurement of a run.

use burn::tensor::Device;
use task_force_field::{CoordinateTransformer, ForceField, ForceFieldConfig, PainnArm};
use twirl_core::Design;
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Evaluation, FinalFigures, Plan, Task, measure};

const SEED: u64 = 6;
const FRAMES: usize = 24;
const ROTATIONS: usize = 4;

fn task(frames: usize, rotations: usize) -> Result<ForceField, String> {
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    let config = ForceFieldConfig {
        closing_frames: frames,
        closing_rotations: rotations,
        ..ForceFieldConfig::default()
    };
    ForceField::open(&config, &data).map_err(|error| error.to_string())
}

fn closing<A: Arm<ForceField>>(task: &ForceField) -> (A, FinalFigures) {
    let device = Device::flex();
    let model = A::init(&A::Config::default(), task, SEED, &device).expect("an arm");
    let figures = task.closing(&model, SEED, &device).expect("figures");
    (model, figures)
}

#[test]
fn errors_are_those_of_a_measurement_of_the_same_frames_and_rotations() {
    let task = task(FRAMES, ROTATIONS).expect("the task");
    let (model, closing) = closing::<CoordinateTransformer>(&task);
    let evaluation = Evaluation {
        items: FRAMES,
        design: Design::Iid {
            rotations: ROTATIONS,
        },
        ..Evaluation::default()
    };
    let plan = Plan::new(&task, task.items(Split::Test), &evaluation, SEED);
    let measured = measure(&task, &model, &plan, &Device::flex()).expect("a measurement");
    let expected = measured.scores["force-rmse"].value;
    let found = closing.figures["force-rmse"].value;
    assert!(
        (found / expected - 1.0).abs() < 1e-5,
        "{found}, not {expected}"
    );
    for (name, figure) in &closing.figures {
        println!("{name}: {:.4} {}", figure.value, figure.unit);
        let ends = figure.low.zip(figure.high);
        let holds = |(low, high): (f64, f64)| low <= figure.value && figure.value <= high;
        assert!(ends.is_none_or(holds), "{name}: {figure:?}");
    }
    assert!(closing.figures["force-equiv"].low.is_some());
    for part in ["element-C", "element-H", "size-1-small", "size-3-large"] {
        let name = format!("force-rmse-{part}");
        let zero = &closing.baselines["predicting zero"][&name];
        assert_eq!(zero.unit, closing.figures[&name].unit);
        assert!(zero.value > 0.0);
    }
}

#[test]
fn an_exact_arm_has_no_symmetry_error_and_a_torque_that_the_labels_lack() {
    let task = task(FRAMES, ROTATIONS).expect("the task");
    let (_, closing) = closing::<PainnArm>(&task);
    let value = |name: &str| closing.figures[name].value;
    let labels = &closing.baselines["labels"];
    println!("{labels:?}");
    assert!(value("force-equiv") < 1e-4 * value("force-rmse"));
    // What symmetry does not ask for is not there by itself.
    assert!(value("net-torque-relative") > 1e-3);
    let single = value("net-torque");
    assert!((value("net-torque-averaged") / single - 1.0).abs() < 1e-4);
    assert!(labels["net-torque-relative"].value < 1e-3);
    assert!(labels["net-force-relative"].value < 1e-3);
}

#[test]
fn nothing_is_measured_where_nothing_is_asked_for_and_one_rotation_is_refused() {
    let none = task(0, 1).expect("rotations of no frames are not looked at");
    let (_, closing) = closing::<PainnArm>(&none);
    assert_eq!(closing, FinalFigures::default());
    let error = task(FRAMES, 1).expect_err("one rotation");
    assert!(
        error.starts_with("setting closing_rotations") && error.contains("closing_frames = 0"),
        "{error}"
    );
}
