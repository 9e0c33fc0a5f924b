//! The laws of tasks and arms, as functions that panic with the law that was broken.
//!
//! A task's `tests/laws.rs` calls [`task_laws`] once and [`arm_laws`] once per arm. The framework
//! owns the tests; a task only passes them.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod arm;
mod forms;
mod roles;
mod task;

use burn::tensor::{Device, Tensor};
use rand::RngExt;
use serde_json::Value;
use twirl_core::{FiniteGroup, Law, Purpose, Rotation, Stream, tolerance};
use twirl_data::Split;
use twirl_harness::{Arm, Draw, Task, Term};

pub use arm::{Claim, arm_laws};
pub use roles::roles_as_named;
pub use task::task_laws;

/// Seed of all draws; printed by every law that fails.
pub const SEED: u64 = 20_251_203;

/// Why a law is broken, if it is.
type Broken = Result<(), String>;

/// Numbers that should be equal are, to the accuracy of f32 relative to the largest of them.
fn close(law: &str, left: &[f64], right: &[f64]) -> Broken {
    if left.len() != right.len() {
        let (left, right) = (left.len(), right.len());
        return Err(format!("{law}: {left} values and {right} (seed {SEED})"));
    }
    let values = left.iter().chain(right);
    let size = values.fold(1e-30_f64, |most, value| most.max(value.abs()));
    let allowed = tolerance::F32.agreement * size;
    let pairs = left.iter().zip(right).enumerate();
    for (place, (a, b)) in pairs {
        if (a - b).abs() > allowed || !(a - b).is_finite() {
            return Err(format!(
                "{law}: value {place} is {a} and {b} (largest {size}, seed {SEED})"
            ));
        }
    }
    Ok(())
}

/// Panics with the law that is broken.
fn hold(law: Broken) {
    if let Err(broken) = law {
        panic!("{broken}");
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
        let data = T::embedded().expect("embedded data");
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
        self.task
            .load(&host, device)
            .expect("a batch on the device")
    }

    fn model<A: Arm<T>>(&self, config: &Value, seed: u64, device: &Device) -> A {
        let config: A::Config =
            serde_json::from_value(config.clone()).expect("settings of the arm");
        A::init(&config, &self.task, seed, device).expect("the arm")
    }
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
        hold(close(
            "items alone as in company, one term",
            alone,
            together,
        ));
    }
}
