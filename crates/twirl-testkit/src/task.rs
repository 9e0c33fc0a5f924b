//! The laws of tasks.

use serde_json::json;
use twirl_core::Rotation;
use twirl_harness::{Arm, Rotations, Task};

use crate::{Bench, SEED, alone_as_in_company, close, draw, term_values, weighted};

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
    let same = task.rotate(&batch, &identity).expect("a turned batch");
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
    let stepwise = task
        .rotate(
            &task
                .rotate(&batch, &turn(first.clone()))
                .expect("a turned batch"),
            &turn(second),
        )
        .expect("a turned batch");
    let at_once = task.rotate(&batch, &turn(both)).expect("a turned batch");
    close(
        "rotate(rotate(b, g), h) = rotate(b, h g)",
        &weighted(&task.terms(&output, &stepwise), |t| t.target.clone()),
        &weighted(&task.terms(&output, &at_once), |t| t.target.clone()),
    );

    let rotations = turn(first.clone());
    let turned = task.rotate(&batch, &rotations).expect("a turned batch");
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
