//! The laws of arms.

use burn::tensor::Tensor;
use serde_json::{Value, json};
use twirl_core::{Design, Symmetry, tolerance};
use twirl_harness::{
    Arm, Evaluation, ExactSymmetry, Gradients, Plan, Task, TermMeasured, build_optimizer,
    load_weights, measure, save_weights, training_loss,
};
use twirl_layers::count_flops;

use crate::forms::form_law;
use crate::{Bench, SEED, alone_as_in_company, close, hold, values};

/// What an arm is held to.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Settings of the arm.
    pub config: Value,
    /// Steps of training before the floor is checked again.
    pub steps: u64,
    /// Learning rate of those steps.
    pub rate: f64,
    /// Rotations at which the arm is held to its symmetry, or shown to have none.
    pub design: Design,
}

impl Default for Claim {
    fn default() -> Self {
        Self {
            config: json!({}),
            steps: 20,
            rate: 1e-3,
            design: Design::Iid { rotations: 4 },
        }
    }
}

/// Laws of an arm: the same seed gives the same weights; its prediction does not depend on the
/// company in a batch, nor its measurement on how many rotations a pass evaluates; every parameter is reached by the gradient; the gradient is that of the
/// loss, and that of the operations of other devices; it learns; weights survive a file; settings
/// are strict; its operations are counted; and it is equivariant exactly if it says so, before and
/// after training.
///
/// # Panics
/// If a law is broken.
pub fn arm_laws<T: Task, A: Arm<T>>(bench: &Bench<T>, claim: &Claim) {
    let autodiff = bench.device.clone().autodiff();
    let model: A = bench.model(&claim.config, 5, &autodiff);
    let batch = bench.batch(&bench.items, &autodiff);
    let task = &bench.task;
    let loss_of = |model: &A| training_loss(&task.terms(&model.predict(&batch), &batch));

    let twin: A = bench.model(&claim.config, 5, &autodiff);
    let other: A = bench.model(&claim.config, 6, &autodiff);
    assert_eq!(
        values(loss_of(&model)),
        values(loss_of(&twin)),
        "equal seeds, equal weights"
    );
    assert_ne!(
        values(loss_of(&model)),
        values(loss_of(&other)),
        "seeds differ, weights differ"
    );
    alone_as_in_company(bench, &model.valid());
    passes_law(bench, &model.valid(), claim.design);
    flops_law(bench, &model.valid());

    let symmetry = A::symmetry(&serde_json::from_value(claim.config.clone()).expect("settings"));
    floor_law(
        bench,
        &model.valid(),
        symmetry,
        claim.design,
        "at initialisation",
    );

    let mut optimizer = build_optimizer(
        &twirl_harness::Optimizer::default(),
        &model,
        &model.parameter_roles(),
    );
    let before = values(loss_of(&model))[0];
    let mut trained = model;
    for _ in 0..claim.steps {
        let gradients = Gradients::of(&loss_of(&trained), &trained);
        trained = optimizer.step(claim.rate, trained, gradients.into_inner());
    }
    let after = values(loss_of(&trained))[0];
    assert!(
        after < before,
        "the loss of one batch falls in {} steps: {before} to {after} (seed {SEED})",
        claim.steps
    );
    let gradients = Gradients::of(&loss_of(&trained), &trained);
    let unreached = gradients.unreached(&trained);
    assert!(
        unreached.is_empty(),
        "parameters without a gradient: {unreached:?}"
    );
    slope_law(&trained, &gradients, loss_of);
    form_law(&trained, loss_of);
    floor_law(
        bench,
        &trained.valid(),
        symmetry,
        claim.design,
        "after training",
    );

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("weights.safetensors");
    save_weights(&trained, &file).expect("weights are written");
    let loaded = load_weights(twin, &file).expect("weights are read");
    assert_eq!(
        values(loss_of(&trained)),
        values(loss_of(&loaded)),
        "weights survive a file"
    );

    let unknown: Result<A::Config, _> = serde_json::from_value(json!({"no-such-key": 1}));
    assert!(unknown.is_err(), "settings of the arm refuse unknown keys");
}

/// Some rotations in one pass measure the same as one rotation a pass.
fn passes_law<T: Task, A: Arm<T>>(bench: &Bench<T>, model: &A, design: Design) {
    let (items, rotations) = (bench.items.len(), design.rotations(Symmetry::So3));
    let divides = |together: &usize| rotations.is_multiple_of(*together);
    let together = (2..=rotations).find(divides).expect("several rotations");
    let at = |batch| {
        let evaluation = Evaluation {
            design,
            items: 0,
            batch,
            ..Default::default()
        };
        let plan = Plan::new(&bench.task, &bench.items, &evaluation, SEED);
        measure(&bench.task, model, &plan, &bench.device).expect("a measurement")
    };
    let (single, several) = (at(items), at(items * together));
    assert!(single.terms.keys().eq(several.terms.keys()));
    for ((name, single), several) in single.terms.iter().zip(several.terms.values()) {
        let law = format!("one rotation a pass as {together}, term {name}");
        let figures = |term: &TermMeasured| {
            let parts = &term.measured;
            [parts.loss, parts.mean, parts.equiv]
        };
        hold(close(&law, &figures(single), &figures(several)));
        hold(close(&law, &[single.size], &[several.size]));
    }
    for ((name, single), several) in single.scores.iter().zip(several.scores.values()) {
        let law = format!("one rotation a pass as {together}, score {name}");
        hold(close(&law, &[single.value], &[several.value]));
    }
}

/// Operations are counted, and those that are done for every item double with the items; kernels
/// that are put together once do not.
fn flops_law<T: Task, A: Arm<T>>(bench: &Bench<T>, model: &A) {
    let counted = |items: &[usize]| {
        let batch = bench.batch(items, &bench.device);
        count_flops(|| model.predict(&batch)).1
    };
    let (once, twice) = (counted(&bench.items), counted(&bench.items.repeat(2)));
    assert!(
        once > 0 && once < twice && twice <= 2 * once,
        "operations counted: {once} for {} items, {twice} for twice as many; multiply with \
         twirl_layers::matmul, conv3d and conv_transpose3d",
        bench.items.len()
    );
}

/// The derivative of the loss along the gradient is the gradient's squared norm: a central
/// difference in f32, so to a few percent.
fn slope_law<T: Task, A: Arm<T>>(
    model: &A,
    gradients: &Gradients,
    loss_of: impl Fn(&A) -> Tensor<1>,
) {
    let flat = gradients.flatten(model);
    let norm = flat.iter().map(|value| value * value).sum::<f64>().sqrt();
    let loss = values(loss_of(model))[0];
    // A step that changes the loss by about a percent: far above rounding, within the slope.
    let length = 0.005 * loss / norm;
    let moved = |sign: f64| {
        let sgd = twirl_harness::Optimizer {
            kind: twirl_harness::OptimizerKind::Sgd,
            momentum: 0.0,
            ..Default::default()
        };
        let mut gradients = Gradients::of(&loss_of(model), model);
        gradients.scale(model, sign / norm);
        let stepped = build_optimizer(&sgd, model, &model.parameter_roles()).step(
            length,
            model.clone(),
            gradients.into_inner(),
        );
        values(loss_of(&stepped))[0]
    };
    let slope = (moved(-1.0) - moved(1.0)) / (2.0 * length);
    assert!(
        (slope / norm - 1.0).abs() < 0.05,
        "slope along the gradient {slope}, gradient norm {norm} (seed {SEED})"
    );
}

/// Exactly equivariant arms measure below the floor, under O(3) if they claim it; all others far
/// above it.
fn floor_law<T: Task, A: Arm<T>>(
    bench: &Bench<T>,
    model: &A,
    symmetry: Option<ExactSymmetry>,
    design: Design,
    when: &str,
) {
    let evaluation = Evaluation {
        design,
        items: 0,
        batch: 6,
        ..Default::default()
    };
    let group = match symmetry {
        Some(ExactSymmetry::O3) => Symmetry::O3,
        _ => Symmetry::So3,
    };
    let plan = Plan::new(&bench.task, &bench.items, &evaluation, SEED).under(design, group);
    let measured = measure(&bench.task, model, &plan, &bench.device).expect("a measurement");
    for (name, term) in &measured.terms {
        let floor = tolerance::F32.floor;
        let relative = term.relative().expect("predictions are not zero");
        match symmetry {
            Some(_) => assert!(
                relative <= floor,
                "{when}: an equivariant arm has relative L_equiv {relative:e} in term {name}, above \
                 {floor:e} (seed {SEED})"
            ),
            None => println!("{when}: relative L_equiv of term {name}: {relative:e}"),
        }
    }
    if symmetry.is_none() {
        let most = measured
            .terms
            .values()
            .filter_map(TermMeasured::relative)
            .fold(0.0, f64::max);
        assert!(
            most > 1e3 * tolerance::F32.floor,
            "{when}: an arm that claims no symmetry is equivariant, relative L_equiv {most:e} \
             (seed {SEED})"
        );
    }
}
