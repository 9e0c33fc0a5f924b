//! Files behind the figures of the last measurement.

use super::{Csv, optional, texts};
use crate::ArmRuns;
use crate::runs::TaskRuns;

/// Rotations over which a prediction may be averaged at test time.
pub(crate) const TWIRLS: [u32; 6] = [1, 2, 4, 8, 16, 32];

/// Every term of every record.
pub(super) fn term_steps(task: &TaskRuns) -> Csv {
    let head = [
        "arm",
        "seed",
        "step",
        "term",
        "trained",
        "loss",
        "loss_mean",
        "loss_equiv",
        "percent_equiv",
        "percent_low",
        "percent_high",
        "floor",
        "relative_equiv",
        "parity",
    ];
    let mut csv = Csv::new(&task.task, "term-steps", &head);
    for run in task.arms.iter().flat_map(ArmRuns::counted) {
        let job = &run.manifest.job;
        for record in &run.records {
            for (name, term) in &record.terms {
                let split = &term.split;
                csv.line(&texts([
                    &job.arm,
                    &job.seed,
                    &record.step,
                    name,
                    &term.trained,
                    &split.loss,
                    &split.loss_mean,
                    &split.loss_equiv,
                    &split.percent_equiv,
                    &optional(split.percent_low),
                    &optional(split.percent_high),
                    &split.floor,
                    &optional(term.relative_equiv),
                    &optional(term.parity),
                ]));
            }
        }
    }
    csv
}

/// Power by rotation degree at the last measurement, over the mean squared prediction.
pub(crate) fn spectrum(task: &TaskRuns) -> Csv {
    let head = ["arm", "seed", "step", "term", "degree", "relative_power"];
    let mut csv = Csv::new(&task.task, "spectrum", &head);
    for run in task.arms.iter().flat_map(ArmRuns::counted) {
        let job = &run.manifest.job;
        let Some(last) = run.last() else { continue };
        for (name, term) in &last.terms {
            for (degree, power) in term.spectrum.iter().enumerate() {
                csv.line(&texts([
                    &job.arm, &job.seed, &last.step, name, &degree, power,
                ]));
            }
        }
    }
    csv
}

/// Loss of the prediction averaged over M rotations: derived, `L_mean + L_equiv / M`.
pub(crate) fn twirl(task: &TaskRuns) -> Csv {
    let head = ["arm", "seed", "step", "rotations_averaged", "derived_loss"];
    let mut csv = Csv::new(&task.task, "twirl", &head);
    for run in task.arms.iter().flat_map(ArmRuns::counted) {
        let job = &run.manifest.job;
        let Some(last) = run.last() else { continue };
        for count in TWIRLS {
            let loss = last.split.loss_mean + last.split.loss_equiv / f64::from(count);
            csv.line(&texts([&job.arm, &job.seed, &last.step, &count, &loss]));
        }
    }
    csv
}

/// Further measurements of the last weights, whole and by term.
pub(super) fn companions(task: &TaskRuns) -> Csv {
    let head = [
        "arm",
        "seed",
        "companion",
        "rotations",
        "term",
        "loss",
        "loss_mean",
        "loss_equiv",
        "percent_equiv",
        "percent_low",
        "percent_high",
        "floor",
        "relative_equiv",
        "parity",
    ];
    let mut csv = Csv::new(&task.task, "companions", &head);
    for run in task.arms.iter().flat_map(ArmRuns::counted) {
        let job = &run.manifest.job;
        for (name, companion) in run.last().iter().flat_map(|last| &last.companions) {
            let total = ("total", &companion.split, String::new(), String::new());
            let terms = companion.terms.iter().map(|(term, record)| {
                let relative = optional(record.relative_equiv);
                (
                    term.as_str(),
                    &record.split,
                    relative,
                    optional(record.parity),
                )
            });
            for (term, split, relative, parity) in std::iter::once(total).chain(terms) {
                csv.line(&texts([
                    &job.arm,
                    &job.seed,
                    name,
                    &companion.rotations,
                    &term,
                    &split.loss,
                    &split.loss_mean,
                    &split.loss_equiv,
                    &split.percent_equiv,
                    &optional(split.percent_low),
                    &optional(split.percent_high),
                    &split.floor,
                    &relative,
                    &parity,
                ]));
            }
        }
    }
    csv
}

/// Figures of finished models, and of what they are compared with.
pub(super) fn closing(task: &TaskRuns) -> Csv {
    let head = [
        "arm", "seed", "of", "figure", "unit", "value", "low", "high",
    ];
    let mut csv = Csv::new(&task.task, "closing", &head);
    for run in task.arms.iter().flat_map(ArmRuns::counted) {
        let job = &run.manifest.job;
        let closing = &run.manifest.closing;
        let own = std::iter::once((job.arm.as_str(), &closing.figures));
        let others = closing
            .baselines
            .iter()
            .map(|(name, of)| (name.as_str(), of));
        for (of, figures) in own.chain(others) {
            for (name, figure) in figures {
                csv.line(&texts([
                    &job.arm,
                    &job.seed,
                    &of,
                    name,
                    &figure.unit,
                    &figure.value,
                    &optional(figure.low),
                    &optional(figure.high),
                ]));
            }
        }
    }
    csv
}
