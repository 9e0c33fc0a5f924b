//! Tables of the landscape.

use twirl_landscape::Quadrature;
use twirl_report::{Columns, Table};

use super::checkpoint::{Checkpoint, DISTANCES, Scan, Weights};
use super::definitions::{Arm, DEFINITIONS, excluded, kernel_ratios, last_common, ratio};
use crate::estimates::geometric;
use crate::setup::ArmSetup;

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
        for index in 0..last_common(&arm.1).map_or(0, |last| last + 1) {
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
        for definition in &DEFINITIONS {
            let (place, step) = (at.place.clone(), at.seeds[0].step);
            let found = ratio(&arm.1, index, definition);
            rows.push((place, definition.0, step, at.seeds.len(), found));
        }
    }
    let title = "Figure of L_mean over that of L_equiv by definition, geometric mean over seeds (95 % \
                 interval, which holds the error of quadrature); above 1: L_equiv is better \
                 conditioned. The first definition is that of the verdict";
    let mut columns = Columns::new("definitions", title, &rows);
    columns.label(("task/arm", "arm"), |row| &row.0);
    columns.label("definition", |row| row.1);
    columns.integer("step", |row| row.2);
    columns.integer("seeds", |row| row.3);
    columns.estimate("ratio", |row| {
        row.4
            .ok_or("a seed has no figure, or the arm declares no split layer")
    });
    columns.text("excluded", |row| excluded(row.4));
    columns.table()
}

pub(super) fn curvatures(arms: &[Arm]) -> Table {
    let mut rows = Vec::new();
    for (_, index, at) in at_checkpoints(arms) {
        for part in 0..at.seeds[0].curvatures.len() {
            let seeds = at.seeds.clone();
            let place = at.place.clone();
            rows.push((part, index, At { place, seeds }));
        }
    }
    let title = "Curvature of the parts, means over seeds (geometric)";
    let mut columns = Columns::new("curvatures", title, &rows);
    columns.label(("task/arm", "arm"), |row| &row.2.place);
    columns.label("part", |row| &row.2.seeds[0].curvatures[row.0].part);
    columns.label("weights", |row| {
        row.2.seeds[0].curvatures[row.0].weights.name()
    });
    columns.integer("step", |row| row.2.seeds[0].step);
    columns.integer("dimension", |row| {
        row.2.seeds[0].curvatures[row.0].dimension
    });
    columns.real("value", |(part, _, at)| {
        let of_mean = at.seeds[0].curvatures[*part].part == "L_mean";
        at.mean(|at| if of_mean { at.mean } else { at.equiv })
    });
    columns.real("lambda_1", |(part, _, at)| {
        at.mean(|at| at.curvatures[*part].largest())
    });
    columns.real("trace median", |(part, _, at)| {
        at.mean(|at| at.curvatures[*part].trace_median.value)
    });
    columns.real("kappa", |(part, _, at)| {
        at.mean(|at| at.curvatures[*part].to_median(0.0).value)
    });
    // Root mean square over seeds, and mean: what enters the intervals.
    let by_chance = columns.real(("by chance", "kappa_chance"), |(part, _, at)| {
        let errors = at.seeds.iter().map(|at| {
            let kappa = at.curvatures[*part].to_median(0.0);
            kappa.map(f64::ln).chance()
        });
        let errors: Option<Vec<f64>> = errors.collect();
        let errors = errors.ok_or("one random vector does not tell its error")?;
        let sum: f64 = errors.iter().map(|error| error.powi(2)).sum();
        Ok::<f64, &'static str>((sum / errors.len() as f64).sqrt())
    });
    by_chance.digits(2);
    let by_steps = columns.real(("by steps", "kappa_steps"), |(part, _, at)| {
        let errors = at.seeds.iter().map(|at| {
            let kappa = at.curvatures[*part].to_median(0.0);
            kappa.map(f64::ln).steps()
        });
        errors.sum::<f64>() / at.seeds.len() as f64
    });
    by_steps.digits(2);
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
            let hessian = hessian.filter(|of| of.weights == Weights::All);
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
                let values = [
                    ("L", at.loss.loss),
                    ("L0", at.loss.zero),
                    ("L_mean", at.mean),
                    ("L_equiv", at.equiv),
                ];
                for (part, value) in values {
                    push(part, "value", 0.0, value);
                }
                for of in &at.curvatures {
                    let mut push = |quantity: &str, index, value| {
                        let quantity = match of.weights {
                            Weights::All => quantity.to_owned(),
                            some => format!("{quantity} on {}", some.name()),
                        };
                        push(&of.part, &quantity, index, value);
                    };
                    push("disagreement", 0.0, of.disagreement);
                    push("trace-median", 0.0, of.trace_median.value);
                    let fewer = Quadrature::SHARES.iter().zip(&of.trace_median.coarse);
                    for (share, median) in fewer {
                        push("trace-median of a share of the steps", *share, *median);
                    }
                    for (vector, median) in of.trace_median.without.iter().enumerate() {
                        push("trace-median without vector", vector as f64, *median);
                    }
                    push("mean-eigenvalue", 0.0, of.mean);
                    for (k, ritz) in of.ritz.iter().enumerate() {
                        push("ritz-value", k as f64 + 1.0, ritz[0]);
                        push("ritz-residual", k as f64 + 1.0, ritz[1]);
                    }
                    for [value, weight] in &of.nodes {
                        push("density", *value, *weight);
                    }
                }
                for part in ["L_mean", "L_equiv"] {
                    for (k, value) in at.kernel(part).iter().enumerate() {
                        push(part, "gauss-newton", k as f64 + 1.0, *value);
                    }
                }
                for (which, values) in at.compressed.iter().enumerate() {
                    let quantity = format!("gauss-newton at equal rank {which}");
                    for (k, value) in values.iter().enumerate() {
                        push("L_equiv", &quantity, k as f64 + 1.0, *value);
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
