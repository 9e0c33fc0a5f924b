//! The laws of tasks and arms, as functions that panic with the law that was broken.
//!
//! A task's `tests/laws.rs` calls [`task_laws`] once and [`arm_laws`] once per arm. The framework
//! owns the tests; a task only passes them.

use burn::tensor::{Device, Tensor};
use rand::RngExt;
use serde_json::{Value, json};
use twirl_core::{Design, FiniteGroup, Law, Purpose, Rotation, Stream, Symmetry, tolerance};
use twirl_data::{DataSet, Split};
use twirl_harness::{
    Arm, Draw, Evaluation, ExactSymmetry, Gradients, Plan, Rotations, Task, Term, TermMeasured,
    build_optimizer, load_weights, measure, save_weights, training_loss,
};

/// Seed of all draws; printed by every law that fails.
pub const SEED: u64 = 20_251_203;

/// Largest difference of two numbers that should be equal, relative to the largest of their set.
fn close(law: &str, left: &[f64], right: &[f64]) {
    assert_eq!(left.len(), right.len(), "{law}: lengths (seed {SEED})");
    let size = left
        .iter()
        .chain(right)
        .fold(1e-30_f64, |most, value| most.max(value.abs()));
    for (place, (a, b)) in left.iter().zip(right).enumerate() {
        assert!(
            (a - b).abs() <= tolerance::F32.agreement * size,
            "{law}: value {place} is {a} and {b} (largest {size}, seed {SEED})"
        );
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Everything a term says, without what stands at padding.
fn weighted(terms: &[Term], of: impl Fn(&Term) -> Tensor<3>) -> Vec<f64> {
    let masked = |term: &Term| {
        let mask: Tensor<3> = term
            .weight
            .clone()
            .not_equal_elem(0.0)
            .float()
            .unsqueeze_dim(2);
        values(of(term) * mask)
    };
    terms.iter().flat_map(masked).collect()
}

fn term_values(terms: &[Term]) -> Vec<f64> {
    terms.iter().flat_map(|term| values(term.value())).collect()
}

/// Rotations of the whole group, or of a finite part of it.
fn draw(count: usize, from: u64, within: Option<FiniteGroup>) -> Vec<Rotation> {
    let one = |place: usize| {
        let mut stream = Stream::new(SEED, Purpose::Other(1), [from, place as u64]);
        match within {
            None => Law::Haar.draw(&mut stream),
            Some(group) => {
                let elements = group.elements();
                elements[stream.random_range(0..elements.len())]
            }
        }
    };
    (0..count).map(one).collect()
}

/// A task on its embedded data with settings as given.
pub struct Bench<T: Task> {
    /// The task.
    pub task: T,
    /// A few training items.
    pub items: Vec<usize>,
    device: Device,
    within: Option<FiniteGroup>,
}

impl<T: Task> Bench<T> {
    /// Opens the embedded data with `config` (JSON; `{}` for the defaults).
    ///
    /// # Panics
    /// If the data or the settings are refused.
    pub fn embedded(config: Value) -> Self {
        let data = DataSet::embedded(T::EMBEDDED).expect("embedded data");
        let config: T::Config = serde_json::from_value(config).expect("settings of the task");
        let task = T::open(&config, &data).expect("task on embedded data");
        let all = task.items(Split::Train);
        let items = (0..6).map(|index| all[index * all.len() / 6]).collect();
        Self {
            task,
            items,
            device: Device::flex(),
            within: None,
        }
    }

    /// Holds the task to its laws under a finite group only, as outputs on a grid are: under other
    /// rotations they are interpolated.
    #[must_use]
    pub fn within(mut self, group: FiniteGroup) -> Self {
        self.within = Some(group);
        self
    }

    fn batch(&self, items: &[usize], device: &Device) -> T::Batch {
        let host = self
            .task
            .batch(items, Draw::training(SEED, 3))
            .expect("a batch");
        self.task.load(&host, device)
    }

    fn model<A: Arm<T>>(&self, config: &Value, seed: u64, device: &Device) -> A {
        let config: A::Config =
            serde_json::from_value(config.clone()).expect("settings of the arm");
        A::init(&config, &self.task, seed, device).expect("the arm")
    }
}

/// Laws 1 to 4 of [`Task`] and strict settings.
///
/// # Panics
/// If a law is broken.
pub fn task_laws<T: Task>(bench: &Bench<T>) {
    let (task, device) = (&bench.task, &bench.device);
    let count = bench.items.len();
    let batch = bench.batch(&bench.items, device);
    let model: T::Reference = bench.model(&json!({}), 1, device);
    let turn = |host: Vec<Rotation>| Rotations::new(host, device);

    let output = model.predict(&batch);
    let terms = task.terms(&output, &batch);
    assert!(
        term_values(&terms).iter().all(|value| value.is_finite()),
        "the loss is finite (seed {SEED})"
    );

    let identity = turn(vec![Rotation::identity(); count]);
    let same = task.rotate(&batch, &identity);
    let law = "rotate(b, identity) = b";
    close(
        law,
        &weighted(&terms, |t| t.target.clone()),
        &weighted(&task.terms(&output, &same), |t| t.target.clone()),
    );

    let (first, second) = (draw(count, 1, bench.within), draw(count, 2, bench.within));
    let both = first
        .iter()
        .zip(&second)
        .map(|(a, b)| b.compose(a))
        .collect();
    let stepwise = task.rotate(&task.rotate(&batch, &turn(first.clone())), &turn(second));
    let at_once = task.rotate(&batch, &turn(both));
    close(
        "rotate(rotate(b, g), h) = rotate(b, h g)",
        &weighted(&task.terms(&output, &stepwise), |t| t.target.clone()),
        &weighted(&task.terms(&output, &at_once), |t| t.target.clone()),
    );

    let rotations = turn(first.clone());
    let turned = task.rotate(&batch, &rotations);
    let twisted = model.predict(&turned);
    let in_turned_pose = term_values(&task.terms(&twisted, &turned));
    let untwisted = task.untwist(twisted.clone(), &rotations);
    close(
        "terms do not change when output and batch are both turned",
        &in_turned_pose,
        &term_values(&task.terms(&untwisted, &batch)),
    );
    let back = turn(first.iter().map(Rotation::inverse).collect());
    let again = task.untwist(untwisted, &back);
    close(
        "untwist by g, then by its inverse, is the identity",
        &weighted(&task.terms(&twisted, &turned), |t| t.prediction.clone()),
        &weighted(&task.terms(&again, &turned), |t| t.prediction.clone()),
    );

    alone_as_in_company(bench, &model);
    let unknown: Result<T::Config, _> = serde_json::from_value(json!({"no-such-key": 1}));
    assert!(unknown.is_err(), "settings of the task refuse unknown keys");
}

/// Law 4: an item's batch does not depend on its company, and neither does its prediction.
fn alone_as_in_company<T: Task, A: Arm<T>>(bench: &Bench<T>, model: &A) {
    let task = &bench.task;
    let company = bench.batch(&bench.items, &bench.device);
    let together: Vec<Vec<f64>> = task
        .terms(&model.predict(&company), &company)
        .iter()
        .map(|term| values(term.value()))
        .collect();
    let mut alone = vec![Vec::new(); together.len()];
    for &item in &bench.items {
        let batch = bench.batch(&[item], &bench.device);
        let terms = task.terms(&model.predict(&batch), &batch);
        for (values_of, term) in alone.iter_mut().zip(&terms) {
            values_of.extend(values(term.value()));
        }
    }
    for (alone, together) in alone.iter().zip(&together) {
        close("items alone as in company, one term", alone, together);
    }
}

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
/// company in a batch; every parameter is reached by the gradient; the gradient is that of the
/// loss; it learns; weights survive a file; settings are strict; and it is equivariant exactly if
/// it says so, before and after training.
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

    let symmetry = A::symmetry(&serde_json::from_value(claim.config.clone()).expect("settings"));
    floor_law(
        bench,
        &model.valid(),
        symmetry,
        claim.design,
        "at initialisation",
    );

    let mut optimizer = build_optimizer(&twirl_harness::Optimizer::default(), &model);
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
        let stepped =
            build_optimizer(&sgd, model).step(length, model.clone(), gradients.into_inner());
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
