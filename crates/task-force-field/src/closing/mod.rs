//! What a finished model is asked: forces on test molecules in many poses.

mod figures;
mod frame;
mod parts;
mod resultants;
#[cfg(test)]
mod tests;

use burn::tensor::Device;
use twirl_core::{CoreError, Design, Rotation};
use twirl_data::Split;
use twirl_harness::{Arm, Draw, Evaluation, FinalFigures, Plan, Rotations, Task, TaskError};

use self::figures::figures;
use self::frame::Frame;
use crate::scores::MILLI;
use crate::{Batch, ForceField, ForceFieldConfig};

/// The rotations of each frame.
pub(crate) fn design(config: &ForceFieldConfig) -> Design {
    Design::Iid {
        rotations: config.closing_rotations,
    }
}

/// The figures of [`Task::closing`]. Frames and rotations are those that a measurement of so many items
/// under the same design would use.
pub(crate) fn closing<A: Arm<ForceField>>(
    task: &ForceField,
    model: &A,
    seed: u64,
    device: &Device,
) -> Result<FinalFigures, TaskError> {
    let config = task.config();
    if config.closing_frames == 0 {
        return Ok(FinalFigures::default());
    }
    let evaluation = Evaluation {
        items: config.closing_frames,
        design: design(config),
        ..Evaluation::default()
    };
    let plan = Plan::new(task, task.items(Split::Test), &evaluation, seed);
    let mut frames = Vec::with_capacity(plan.items().len());
    for items in plan.items().chunks(evaluation.batch) {
        let drawn = items.iter().map(|&item| plan.draw(item, 0));
        let drawn = drawn
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| refuse(&error))?;
        let host = task.batch(items, Draw::closing(seed))?;
        let batch = task.load(&host, device)?;
        let forces = forces(task, model, &batch, items, &drawn, device)?;
        for ((&item, rotations), predictions) in items.iter().zip(drawn).zip(forces) {
            frames.push(Frame {
                unit: plan.unit(task, item) as u64,
                species: task.data().atomic_numbers(item),
                positions: task.data().positions(item),
                labels: labels(task, item)?,
                rotations,
                predictions,
            });
        }
    }
    figures(&frames, &design(config), seed).map_err(|error| refuse(&error))
}

fn refuse(error: &CoreError) -> TaskError {
    TaskError::setting(
        "closing_frames",
        error.to_string(),
        "give a data set with a test part, or closing_frames = 0",
    )
}

/// True forces, meV/A.
fn labels(task: &ForceField, item: usize) -> Result<Vec<[f64; 3]>, TaskError> {
    let forces = task.labels(item)?.iter();
    Ok(forces
        .map(|force| force.map(|entry| MILLI * entry))
        .collect())
}

/// What the model says of each item at each of its rotations, turned back, `[rotations][atoms][3]` in
/// meV/A.
fn forces<A: Arm<ForceField>>(
    task: &ForceField,
    model: &A,
    batch: &Batch,
    items: &[usize],
    drawn: &[Vec<Rotation>],
    device: &Device,
) -> Result<Vec<Vec<f64>>, TaskError> {
    let mut found = vec![Vec::new(); items.len()];
    for turn in 0..task.config().closing_rotations {
        let chosen = drawn.iter().map(|rotations| rotations[turn]).collect();
        let rotations = Rotations::new(chosen, device);
        let turned = model.predict(&task.rotate(batch, &rotations)?);
        let force = task.untwist(turned, &rotations).force.into_data();
        let rows: Vec<f64> = force.iter::<f64>().collect();
        let padded = rows.chunks_exact(rows.len() / items.len());
        for ((&item, row), found) in items.iter().zip(padded).zip(&mut found) {
            let real = &row[..3 * task.data().atomic_numbers(item).len()];
            found.extend(real.iter().map(|entry| entry * task.scale().force * MILLI));
        }
    }
    Ok(found)
}
