//! The laws of tasks.

use serde_json::json;
use twirl_core::Rotation;
use twirl_harness::{Arm, Draw, Rotations, Task, TaskError};

use crate::{Bench, Broken, SEED, alone_as_in_company, close, draw, hold, term_values, weighted};

/// Laws 1 to 4 and 6 of [`Task`] and strict settings. They are also held to notice every part of a batch that
/// a rotation leaves as it lies.
///
/// # Panics
/// If a law is broken, or none is by a rotation that forgets a part.
pub fn task_laws<T: Task>(bench: &Bench<T>) {
    let (task, device) = (&bench.task, &bench.device);
    let mut batch = bench.batch(&bench.items, device);
    let model: T::Reference = bench.model(&json!({}), 1, device);
    let terms = task.terms(&model.predict(&batch), &batch);
    assert!(
        term_values(&terms).iter().all(|value| value.is_finite()),
        "the loss is finite (seed {SEED})"
    );
    hold(rotation_laws(bench, &model, &|batch, rotations| {
        task.rotate(batch, rotations)
    }));
    let parts = task.turning(&mut batch).into_iter();
    let parts: Vec<&'static str> = parts.map(|(name, _)| name).collect();
    assert!(!parts.is_empty(), "nothing in a batch turns");
    for part in parts {
        let broken = rotation_laws(bench, &model, &|batch, rotations| {
            forgetting(task, part, batch, rotations)
        });
        match broken {
            Err(law) => println!("without turning the {part}: {law}"),
            Ok(()) => panic!("no law notices that the {part} are not turned (seed {SEED})"),
        }
    }
    hold(nothing_else_turns(bench, &model));
    alone_as_in_company(bench, &model);
    bayes_error_item_by_item(bench);
    let unknown: Result<T::Config, _> = serde_json::from_value(json!({"no-such-key": 1}));
    assert!(unknown.is_err(), "settings of the task refuse unknown keys");
}

/// Law 6: how far the loss can fall is a mean over items and draws, where it is known.
fn bayes_error_item_by_item<T: Task>(bench: &Bench<T>) {
    let of = |items: &[usize], draws: &[Draw]| {
        let stated = bench.task.bayes_error(items, draws);
        stated.expect("a Bayes error").loss().ok()
    };
    let draws = [Draw::measuring(SEED), Draw::measuring_again(SEED, 1)];
    let Some(all) = of(&bench.items, &draws) else {
        return;
    };
    let pairs = bench
        .items
        .iter()
        .flat_map(|&item| draws.map(|draw| (item, draw)));
    let alone: Vec<f64> = pairs
        .filter_map(|(item, draw)| of(&[item], &[draw]))
        .collect();
    let mean = alone.iter().sum::<f64>() / (bench.items.len() * draws.len()) as f64;
    assert!(all >= 0.0, "a Bayes error of {all} (seed {SEED})");
    hold(close(
        "the Bayes error of items one by one",
        &[all],
        &[mean],
    ));
}

/// Turns a batch and leaves one part as it lies.
fn forgetting<T: Task>(
    task: &T,
    part: &str,
    batch: &T::Batch,
    rotations: &Rotations,
) -> Result<T::Batch, TaskError> {
    let mut turned = task.rotate(batch, rotations)?;
    let mut stored = batch.clone();
    let stored = task.turning(&mut stored);
    for ((name, turned), (_, stored)) in task.turning(&mut turned).into_iter().zip(stored) {
        if name == part {
            turned.replace(&stored.values());
        }
    }
    Ok(turned)
}

/// How a batch is turned, in truth or with a part forgotten.
type Rotate<'a, T> =
    dyn Fn(&<T as Task>::Batch, &Rotations) -> Result<<T as Task>::Batch, TaskError> + 'a;

/// Laws 1 to 3: of the parts, the targets and the reference's predictions.
fn rotation_laws<T: Task>(
    bench: &Bench<T>,
    model: &T::Reference,
    rotate: &Rotate<'_, T>,
) -> Broken {
    let (task, device) = (&bench.task, &bench.device);
    let count = bench.items.len();
    let batch = bench.batch(&bench.items, device);
    let turn = |host: Vec<Rotation>| Rotations::new(host, device);
    let rotate = |batch: &T::Batch, rotations: &Rotations| {
        rotate(batch, rotations).map_err(|error| error.to_string())
    };
    let (first, second) = (draw(count, 1, bench.within), draw(count, 2, bench.within));
    let rotations = turn(first.clone());
    let turned = rotate(&batch, &rotations)?;

    let same = rotate(&batch, &turn(vec![Rotation::identity(); count]))?;
    equal_parts(task, "rotate(b, identity) = b", &batch, &same)?;
    parts_turn(task, &batch, &turned)?;
    let both = first.iter().zip(&second).map(|(a, b)| b.compose(a));
    let at_once = rotate(&batch, &turn(both.collect()))?;
    let stepwise = rotate(&turned, &turn(second))?;
    let law = "rotate(rotate(b, g), h) = rotate(b, h g)";
    equal_parts(task, law, &stepwise, &at_once)?;

    let output = model.predict(&batch);
    let targets = |batch: &T::Batch| weighted(&task.terms(&output, batch), |t| t.target.clone());
    close(law, &targets(&stepwise), &targets(&at_once))?;

    let twisted = model.predict(&turned);
    let untwisted = task.untwist(twisted.clone(), &rotations);
    let predicted =
        |output: &T::Output| weighted(&task.terms(output, &batch), |t| t.prediction.clone());
    close(
        "the reference's predictions turn with its input",
        &predicted(&output),
        &predicted(&untwisted),
    )?;
    close(
        "terms do not change when output and batch are both turned",
        &term_values(&task.terms(&twisted, &turned)),
        &term_values(&task.terms(&untwisted, &batch)),
    )?;
    let back = turn(first.iter().map(Rotation::inverse).collect());
    let again = task.untwist(untwisted, &back);
    close(
        "untwist by g, then by its inverse, is the identity",
        &predicted(&twisted),
        &predicted(&again),
    )
}

/// The parts of two batches are the same, to rounding.
fn equal_parts<T: Task>(task: &T, law: &str, left: &T::Batch, right: &T::Batch) -> Broken {
    let (mut left, mut right) = (left.clone(), right.clone());
    let right = task.turning(&mut right);
    for ((name, left), (_, right)) in task.turning(&mut left).into_iter().zip(right) {
        close(&format!("{law}, {name}"), &left.values(), &right.values())?;
    }
    Ok(())
}

/// Every part has changed by about its size, and its size has not.
fn parts_turn<T: Task>(task: &T, stored: &T::Batch, turned: &T::Batch) -> Broken {
    let (mut stored, mut turned) = (stored.clone(), turned.clone());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let turned = task.turning(&mut turned);
    for ((name, before), (_, after)) in task.turning(&mut stored).into_iter().zip(turned) {
        let (before, after) = (before.values(), after.values());
        let sizes = [&before, &after].map(|values| norm(&mut values.iter().copied()));
        close(
            &format!("the size of the {name} is kept"),
            &sizes[..1],
            &sizes[1..],
        )?;
        let change = norm(&mut before.iter().zip(&after).map(|(a, b)| a - b));
        if change < 0.1 * sizes[0] {
            return Err(format!(
                "a rotation turns the {name}: they change by {change}, of {} (seed {SEED})",
                sizes[0]
            ));
        }
    }
    Ok(())
}

/// A turned batch whose parts are put back is the stored one, in targets and predictions: no part is
/// missing in [`Task::turning`].
fn nothing_else_turns<T: Task>(bench: &Bench<T>, model: &T::Reference) -> Broken {
    let (task, device) = (&bench.task, &bench.device);
    let mut stored = bench.batch(&bench.items, device);
    let rotations = Rotations::new(draw(bench.items.len(), 3, bench.within), device);
    let mut turned = task
        .rotate(&stored, &rotations)
        .map_err(|error| error.to_string())?;
    let seen = |batch: &T::Batch| {
        let terms = task.terms(&model.predict(batch), batch);
        [
            weighted(&terms, |term| term.target.clone()),
            weighted(&terms, |term| term.prediction.clone()),
        ]
        .concat()
    };
    let before = seen(&stored);
    let parts = task.turning(&mut stored);
    for ((_, turned), (_, stored)) in task.turning(&mut turned).into_iter().zip(parts) {
        turned.replace(&stored.values());
    }
    close(
        "nothing turns beside Task::turning",
        &before,
        &seen(&turned),
    )
}
