//! Tables of the landscape.

use twirl_compare::Estimate;
use twirl_report::{Columns, Table};

use super::checkpoint::{
    Checkpoint, DISTANCES, PartCurvature, Scan, kernel_condition, kernel_ratios,
};
use crate::estimates::geometric;
use crate::setup::ArmSetup;

/// Largest k whose `lambda_1 / lambda_k` is tabled.
const KTH: usize = 5;

/// An arm with the checkpoints of each seed.
pub(super) type Arm = (ArmSetup, Vec<(u64, Vec<Checkpoint>)>);

/// A figure of a part of the loss at a checkpoint, larger where the part is worse conditioned.
type Definition = (&'static str, fn(&Checkpoint, &PartCurvature) -> Option<f64>);

const DEFINITIONS: [Definition; 6] = [
    ("lambda_1 / trace median", |_, of| Some(of.to_median())),
    ("the same, damped", |at, of| {
        Some(of.damped(1e-3 * at.curvatures[0].largest()))
    }),
    ("lambda_1 / lambda_5", |_, of| {
        of.ratios.get(KTH - 1).copied()
    }),
    ("Gauss-Newton, lambda_1 / trace median", |at, of| {
        kernel_condition(at.kernel(&of.part))
    }),
    (
        "Gauss-Newton, lambda_1 / lambda_r, r eigenvalues of L_mean",
        |at, of| {
            let last = at.twirled.len().checked_sub(1)?;
            kernel_ratios(at.kernel(&of.part)).get(last).copied()
        },
    ),
    ("Gauss-Newton, lambda_1 / last above rounding", |at, of| {
        kernel_ratios(at.kernel(&of.part)).last().copied()
    }),
];

/// The last checkpoint that all seeds of an arm have.
pub(super) fn last_common(arm: &Arm) -> Option<usize> {
    let counts = arm.1.iter().map(|(_, checkpoints)| checkpoints.len());
    counts.min()?.checked_sub(1)
}

/// Ratio of a figure of `L_mean` to that of `L_equiv` at a checkpoint, over seeds.
pub(super) fn ratio(
    arm: &Arm,
    checkpoint: usize,
    figure: impl Fn(&Checkpoint, &PartCurvature) -> Option<f64>,
) -> Option<Estimate> {
    let of_seed = |(_, checkpoints): &(u64, Vec<Checkpoint>)| {
        let at = &checkpoints[checkpoint];
        let of = |part: &str| figure(at, at.curvatures.iter().find(|of| of.part == part)?);
        Some(of("L_mean")? / of("L_equiv")?)
    };
    let ratios: Option<Vec<f64>> = arm.1.iter().map(of_seed).collect();
    geometric(&ratios?)
}

/// An arm at a checkpoint, over seeds.
struct At<'a> {
    place: String,
    seeds: Vec<&'a Checkpoint>,
}

impl At<'_> {
    fn mean(&self, pick: impl Fn(&Checkpoint) -> f64) -> Result<f64, &'static str> {
        let values: Vec<f64> = self.seeds.iter().map(|at| pick(at)).collect();
        let mean = geometric(&values).ok_or("a seed has no positive value")?;
        Ok(mean.value)
    }
}

fn at_checkpoints(arms: &[Arm]) -> Vec<(&Arm, usize, At<'_>)> {
    let mut all = Vec::new();
    for arm in arms {
        for index in 0..last_common(arm).map_or(0, |last| last + 1) {
            let seeds = arm.1.iter().map(|(_, checkpoints)| &checkpoints[index]);
            let at = At {
                place: arm.0.place(),
                seeds: seeds.collect(),
            };
            all.push((arm, index, at));
        }
    }
    all
}

pub(super) fn definitions(arms: &[Arm]) -> Table {
    let mut rows = Vec::new();
    for (arm, index, at) in at_checkpoints(arms) {
        for (name, figure) in DEFINITIONS {
            let step = at.seeds[0].step;
            rows.push((
                at.place.clone(),
                name,
                step,
                at.seeds.len(),
                ratio(arm, index, figure),
            ));
        }
    }
    let title = "kappa(L_mean) / kappa(L_equiv) by definition of kappa, geometric mean over seeds (95 % \
                 interval); above 1: L_equiv is better conditioned";
    let mut columns = Columns::new("definitions", title, &rows);
    columns.label(("task/arm", "arm"), |row| &row.0);
    columns.label("definition", |row| row.1);
    columns.integer("step", |row| row.2);
    columns.integer("seeds", |row| row.3);
    columns.estimate("ratio", |row| row.4.ok_or("a seed has no figure"));
    columns.table()
}

pub(super) fn curvatures(arms: &[Arm]) -> Table {
    let mut rows = Vec::new();
    for (_, index, at) in at_checkpoints(arms) {
        for part in 0..3 {
            let seeds = at.seeds.clone();
            let place = at.place.clone();
            rows.push((part, index, At { place, seeds }));
        }
    }
    let title = "Curvature of the parts, means over seeds (geometric)";
    let mut columns = Columns::new("curvatures", title, &rows);
    columns.label(("task/arm", "arm"), |row| &row.2.place);
    columns.label("part", |row| &row.2.seeds[0].curvatures[row.0].part);
    columns.integer("step", |row| row.2.seeds[0].step);
    columns.integer(("params", "parameters"), |row| row.2.seeds[0].dimension);
    let value = |at: &Checkpoint, part: usize| [at.loss, at.mean, at.equiv][part];
    columns.real("value", |(part, _, at)| at.mean(|at| value(at, *part)));
    columns.real("lambda_1", |(part, _, at)| {
        at.mean(|at| at.curvatures[*part].largest())
    });
    columns.real("trace median", |(part, _, at)| {
        at.mean(|at| at.curvatures[*part].trace_median)
    });
    columns.real("kappa", |(part, _, at)| {
        at.mean(|at| at.curvatures[*part].to_median())
    });
    columns.integer("resolved k", |(part, _, at)| {
        let resolved = at.seeds.iter().map(|at| at.curvatures[*part].ratios.len());
        resolved.min().ok_or("no seed")
    });
    let worst = columns.real("resolved to", |(part, _, at)| {
        let seeds = at.seeds.iter().map(|at| at.curvatures[*part].disagreement);
        seeds.fold(0.0, f64::max)
    });
    worst.digits(1);
    columns.table()
}

pub(super) fn scans(arms: &[Arm]) -> Table {
    let mut rows: Vec<(String, &str, &Scan, [f64; DISTANCES.len()])> = Vec::new();
    for (setup, seeds) in arms {
        let first = seeds
            .first()
            .and_then(|(_, checkpoints)| checkpoints.last());
        let Some(at) = first else { continue };
        for scan in at.scans.iter().filter(|scan| !scan.points.is_empty()) {
            for (part, name, value) in [(1, "L_mean", at.mean), (2, "L_equiv", at.equiv)] {
                let shares = std::array::from_fn(|place| scan.points[place][part] / value);
                rows.push((setup.place(), name, scan, shares));
            }
        }
    }
    let title = "Parts along directions, over their values at the checkpoint; distance in shares of \
                 the length of the weights; first seed, last checkpoint";
    let mut columns = Columns::new("directions", title, &rows);
    columns.label(("task/arm", "arm"), |row| &row.0);
    columns.label("part", |row| row.1);
    columns.label("direction", |row| &row.2.direction);
    for (place, distance) in DISTANCES.iter().enumerate() {
        columns.real((distance.to_string(), format!("at_{distance}")), |row| {
            row.3[place]
        });
    }
    columns.table()
}

/// `lambda_1 / lambda_k` of every seed at its last checkpoint.
pub(super) fn eigenvalue_ratios(arms: &[Arm]) -> Table {
    let mut rows = Vec::new();
    for (setup, seeds) in arms {
        for (seed, checkpoints) in seeds {
            let Some(at) = checkpoints.last() else {
                continue;
            };
            let hessian = at.curvatures.iter();
            let hessian = hessian.map(|of| ("Hessian", of.part.as_str(), of.ratios.clone()));
            let kernels = ["L_mean", "L_equiv"]
                .map(|part| ("Gauss-Newton kernel", part, kernel_ratios(at.kernel(part))));
            for (matrix, part, ratios) in hessian.chain(kernels) {
                let ratios = ratios.into_iter().enumerate();
                rows.extend(ratios.map(|(k, ratio)| (setup, *seed, matrix, part, k + 1, ratio)));
            }
        }
    }
    let mut columns = Columns::data("ratios", &rows);
    columns.label("task", |row| &row.0.job.task);
    columns.label("arm", |row| &row.0.job.arm);
    columns.label("seed", |row| row.1.to_string());
    columns.label("matrix", |row| row.2);
    columns.label("part", |row| row.3);
    columns.integer("k", |row| row.4);
    columns.real("ratio", |row| row.5);
    columns.table()
}

/// A number of a checkpoint.
struct Datum<'a> {
    setup: &'a ArmSetup,
    seed: u64,
    step: u64,
    part: &'a str,
    quantity: String,
    index: f64,
    value: f64,
}

/// Everything that was measured.
pub(super) fn data(arms: &[Arm]) -> Table {
    let mut rows = Vec::new();
    for (setup, seeds) in arms {
        for (seed, checkpoints) in seeds {
            for at in checkpoints {
                let mut push = |part, quantity: &str, index, value| {
                    rows.push(Datum {
                        setup,
                        seed: *seed,
                        step: at.step,
                        part,
                        quantity: quantity.into(),
                        index,
                        value,
                    });
                };
                for (part, value) in [("L", at.loss), ("L_mean", at.mean), ("L_equiv", at.equiv)] {
                    push(part, "value", 0.0, value);
                }
                for of in &at.curvatures {
                    push(&of.part, "disagreement", 0.0, of.disagreement);
                    push(&of.part, "trace-median", 0.0, of.trace_median);
                    // Of the same random vector for all parts: that of L is the sum of the others.
                    push(&of.part, "mean-eigenvalue", 0.0, of.mean);
                    for (k, ritz) in of.ritz.iter().enumerate() {
                        push(&of.part, "ritz-value", k as f64 + 1.0, ritz[0]);
                        push(&of.part, "ritz-residual", k as f64 + 1.0, ritz[1]);
                    }
                    for [value, weight] in &of.nodes {
                        push(&of.part, "density", *value, *weight);
                    }
                }
                for part in ["L_mean", "L_equiv"] {
                    for (k, value) in at.kernel(part).iter().enumerate() {
                        push(part, "gauss-newton", k as f64 + 1.0, *value);
                    }
                }
                for scan in &at.scans {
                    let quantity = format!("along {}", scan.direction);
                    for [distance, mean, equiv] in &scan.points {
                        push("L_mean", &quantity, *distance, *mean);
                        push("L_equiv", &quantity, *distance, *equiv);
                    }
                }
            }
        }
    }
    let mut columns = Columns::data("data", &rows);
    columns.label("task", |row| &row.setup.job.task);
    columns.label("arm", |row| &row.setup.job.arm);
    columns.label("seed", |row| row.seed.to_string());
    columns.integer("step", |row| row.step);
    columns.label("part", |row| row.part);
    columns.label("quantity", |row| &row.quantity);
    columns.real("index", |row| row.index);
    columns.real("value", |row| row.value);
    columns.table()
}
