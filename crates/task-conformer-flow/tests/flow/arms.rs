//! Sizes of the skeleton, mirror images, and sampling that turns with its source.

use burn::module::Module;
use burn::tensor::Device;
use task_conformer_flow::{ConformerFlow, Equivariant, FlowConfig, FrameAveraged, Plain, Shape};
use twirl_core::Rotation;
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{
    Arm, Draw, Gradients, Rotations, Task, build_optimizer, parameter_count, training_loss,
};

use crate::SEED;

fn task() -> ConformerFlow {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let config = FlowConfig {
        closing_molecules: 6,
        closing_samples: 2,
        closing_steps: 4,
        ..FlowConfig::default()
    };
    ConformerFlow::open(&config, &data).expect("the task")
}

fn sized(size: &str) -> Shape {
    let sizes = Shape::sizes();
    let found = sizes.iter().find(|(name, _)| *name == size);
    found.expect("a size").1
}

/// A model after a few steps on one batch, and the losses on the way.
fn trained<A: Arm<ConformerFlow, Config = Shape>>(
    task: &ConformerFlow,
    size: &str,
    molecules: usize,
    (steps, rate): (usize, f64),
) -> (A, Vec<f64>) {
    let device = Device::flex().autodiff();
    let mut model = A::init(&sized(size), task, SEED, &device).expect("the arm");
    let items = &task.items(Split::Train)[..molecules];
    let host = task.batch(items, Draw::training(SEED, 0)).expect("a batch");
    let batch = task.load(&host, &device).expect("a batch on the device");
    let mut optimizer = build_optimizer(
        &twirl_harness::Optimizer::default(),
        &model,
        &model.parameter_roles(),
    );
    let mut losses = Vec::new();
    for step in 0..=steps {
        let loss = training_loss(&task.terms(&model.predict(&batch), &batch));
        losses.push(loss.clone().into_scalar::<f64>());
        if step < steps {
            let gradients = Gradients::of(&loss, &model);
            model = optimizer.step(rate, model, gradients.into_inner());
        }
    }
    (model, losses)
}

#[test]
fn formulas_count_the_parameters() {
    let task = task();
    let device = Device::flex();
    for size in ["tiny", "small", "medium", "1m", "4m"] {
        let config = sized(size);
        let shape = config;
        let plain = Plain::init(&config, &task, 0, &device).expect("plain");
        assert_eq!(parameter_count(&plain), shape.plain_parameters(), "{size}");
        let frames = FrameAveraged::init(&config, &task, 0, &device).expect("frame-averaged");
        assert_eq!(parameter_count(&frames), shape.plain_parameters(), "{size}");
        let equivariant = Equivariant::init(&config, &task, 0, &device).expect("equivariant");
        assert_eq!(
            parameter_count(&equivariant),
            shape.equivariant_parameters(),
            "{size}"
        );
    }
}

#[test]
fn sizes_are_what_their_names_say() {
    let mut last = 0.0;
    for (name, shape) in Shape::sizes() {
        let shape = shape.checked().expect("a shape");
        let (plain, equivariant) = (
            shape.plain_parameters() as f64,
            shape.equivariant_parameters() as f64,
        );
        println!("{name}: plain {plain}, equivariant {equivariant}");
        assert!(plain > last, "{name}: sizes grow");
        last = plain;
        let millions = name
            .strip_suffix('m')
            .and_then(|text| text.parse::<f64>().ok());
        let Some(nominal) = millions.map(|millions| 1e6 * millions) else {
            assert!(["tiny", "small", "medium"].contains(&name), "{name}");
            continue;
        };
        assert!((plain / nominal - 1.0).abs() < 0.15, "{name}: {plain}");
        // Products and mixing of vectors come on top.
        assert!(
            (1.0..1.3).contains(&(equivariant / plain)),
            "{name}: {equivariant}"
        );
    }
}

#[test]
fn sizes_up_to_16m_take_a_step() {
    let task = task();
    for size in ["1m", "4m", "16m"] {
        let (_, plain) = trained::<Plain>(&task, size, 1, (1, 1e-5));
        let (_, equivariant) = trained::<Equivariant>(&task, size, 1, (1, 1e-5));
        for losses in [plain, equivariant] {
            assert!(losses[1] < losses[0], "{size}: {losses:?} (seed {SEED})");
        }
    }
}

/// Share of the squared size of predictions by which a mirrored batch's predictions differ from
/// mirrored predictions.
fn parity<A: Arm<ConformerFlow>>(task: &ConformerFlow, model: &A) -> f64 {
    let device = Device::flex();
    let items = &task.items(Split::Test)[..8];
    let host = task.batch(items, Draw::measuring(SEED)).expect("a batch");
    let batch = task.load(&host, &device).expect("a batch on the device");
    let mirror = Rotations::new(vec![Rotation::inversion(); items.len()], &device);
    let seen = model.predict(&batch).0;
    let other = task
        .untwist(
            model.predict(&task.rotate(&batch, &mirror).expect("a turned batch")),
            &mirror,
        )
        .0;
    let size =
        |tensor: burn::tensor::Tensor<3>| (tensor.clone() * tensor).sum().into_scalar::<f64>();
    size(seen.clone() - other) / size(seen)
}

/// An O(3)-equivariant model could not tell a molecule from its mirror image; these arms can, once
/// the gates that adaLN-zero begins with are open.
#[test]
fn mirror_images_are_told_apart() {
    let task = task();
    let (equivariant, _) = trained::<Equivariant>(&task, "small", 8, (30, 3e-4));
    let (frames, _) = trained::<FrameAveraged>(&task, "small", 8, (30, 3e-4));
    for (name, found) in [
        ("equivariant", parity(&task, &equivariant.valid())),
        ("frame-averaged", parity(&task, &frames.valid())),
    ] {
        assert!(found > 1e-8, "{name}: parity error {found:e} (seed {SEED})");
    }
}

/// The sampler of an equivariant arm turns with its source; that of a plain arm does not.
#[test]
fn trajectories_turn_with_their_source() {
    let task = task();
    let device = Device::flex();
    let config = Shape::default();
    let figure =
        |closing: twirl_harness::Closing| closing.figures["trajectory-equiv-relative"].value;
    let plain = Plain::init(&config, &task, 1, &device).expect("plain");
    let equivariant = Equivariant::init(&config, &task, 1, &device).expect("equivariant");
    let frames = FrameAveraged::init(&config, &task, 1, &device).expect("frame-averaged");
    let close = |closing: Result<_, _>| figure(closing.expect("closing figures"));
    let plain = close(task.closing(&plain, SEED, &device));
    let equivariant = close(task.closing(&equivariant, SEED, &device));
    let frames = close(task.closing(&frames, SEED, &device));
    println!("plain {plain:e}, equivariant {equivariant:e}, frame-averaged {frames:e}");
    // Four steps, each amplifying the rounding of the one before by no more than a factor of ten.
    assert!(equivariant < 1e-9, "{equivariant:e} (seed {SEED})");
    assert!(frames < 1e-6, "{frames:e} (seed {SEED})");
    assert!(plain > 1e-3, "{plain:e} (seed {SEED})");
}
