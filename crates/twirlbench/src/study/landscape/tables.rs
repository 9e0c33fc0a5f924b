//! Tables and figure of the landscape.

use twirl_report::{ChartPanel, Grid, Line, count, range, significant};

use super::cells::{Checkpoint, kernel_condition, kernel_ratios};
use super::{Model, by_arm, ratio};
use crate::study::outcome::geometric;

/// Largest k whose `lambda_1 / lambda_k` is tabled.
const KTH: usize = 5;

pub(super) fn tables(models: &[Model]) -> Vec<Grid> {
    vec![ratios(models), curvatures(models), walks(models)]
}

fn ratios(models: &[Model]) -> Grid {
    let mut table = Grid::new(
        "kappa(L_mean) / kappa(L_equiv) by definition of kappa, geometric mean over seeds \
         (95 % interval); above 1: L_equiv is better conditioned",
        2,
        [
            "task/arm",
            "definition",
            "step",
            "seeds",
            "ratio",
            "95 % interval",
        ],
    );
    for (place, own) in by_arm(models) {
        let last = own
            .iter()
            .map(|model| model.checkpoints.len())
            .min()
            .unwrap_or(0);
        for index in 0..last {
            let damping = |at: &Checkpoint| 1e-3 * at.bends[0].largest();
            let at = |model: usize| model_at(own[model], index);
            let rows = [
                (
                    "lambda_1 / trace median".to_owned(),
                    ratio(&own, index, |_, bend| Some(bend.to_median())),
                ),
                (
                    "the same, damped".to_owned(),
                    ratio(&own, index, |at, bend| Some(bend.damped(damping(at)))),
                ),
                (
                    format!("lambda_1 / lambda_{KTH}"),
                    ratio(&own, index, |_, bend| bend.ratios.get(KTH - 1).copied()),
                ),
                (
                    "Gauss-Newton, lambda_1 / trace median".to_owned(),
                    ratio(&own, index, |at, bend| {
                        kernel_condition(kernel(at, &bend.part))
                    }),
                ),
                (
                    format!("Gauss-Newton, lambda_1 / lambda_{}", at(0).twirled.len()),
                    ratio(&own, index, |at, bend| {
                        let last = at.twirled.len().checked_sub(1)?;
                        kernel_ratios(kernel(at, &bend.part)).get(last).copied()
                    }),
                ),
                (
                    "Gauss-Newton, lambda_1 / last above rounding".to_owned(),
                    ratio(&own, index, |at, bend| {
                        kernel_ratios(kernel(at, &bend.part)).last().copied()
                    }),
                ),
            ];
            for (definition, found) in rows {
                table.push(vec![
                    place.clone(),
                    definition,
                    count(own[0].checkpoints[index].step),
                    own.len().to_string(),
                    found.map_or("-".into(), |found| significant(found.value, 3)),
                    found.map_or("-".into(), |found| range(found.interval, 3)),
                ]);
            }
        }
    }
    table
}

fn curvatures(models: &[Model]) -> Grid {
    let mut table = Grid::new(
        "Curvature of the parts, means over seeds (geometric)",
        2,
        [
            "task/arm",
            "part",
            "step",
            "params",
            "value",
            "lambda_1",
            "trace median",
            "kappa",
            "resolved k",
            "resolved to",
        ],
    );
    for (place, own) in by_arm(models) {
        let last = own
            .iter()
            .map(|model| model.checkpoints.len())
            .min()
            .unwrap_or(0);
        for index in 0..last {
            for part in 0..3 {
                let values = |pick: &dyn Fn(&Checkpoint) -> f64| -> String {
                    let values: Vec<f64> = own
                        .iter()
                        .map(|model| pick(model_at(model, index)))
                        .collect();
                    geometric(&values).map_or("-".into(), |mean| significant(mean.value, 3))
                };
                let first = model_at(own[0], index);
                let worst = own
                    .iter()
                    .map(|model| model_at(model, index).bends[part].disagreement)
                    .fold(0.0, f64::max);
                let fewest = own
                    .iter()
                    .map(|model| model_at(model, index).bends[part].ratios.len())
                    .min();
                table.push(vec![
                    place.clone(),
                    first.bends[part].part.clone(),
                    count(first.step),
                    count(first.dimension as u64),
                    values(&|at| [at.loss, at.mean, at.equiv][part]),
                    values(&|at| at.bends[part].largest()),
                    values(&|at| at.bends[part].trace_median),
                    values(&|at| at.bends[part].to_median()),
                    fewest.unwrap_or(0).to_string(),
                    significant(worst, 1),
                ]);
            }
        }
    }
    table
}

/// Eigenvalues of a part's Gauss-Newton kernel.
fn kernel<'a>(at: &'a Checkpoint, part: &str) -> &'a [f64] {
    if part == "L_mean" {
        &at.twirled
    } else {
        &at.remaining
    }
}

fn model_at(model: &Model, index: usize) -> &Checkpoint {
    &model.checkpoints[index]
}

fn walks(models: &[Model]) -> Grid {
    let mut table = Grid::new(
        "Parts along directions, over their values at the checkpoint; distance in shares of the \
         length of the weights; first seed, last checkpoint",
        3,
        [
            "task/arm",
            "part",
            "direction",
            "-0.1",
            "-0.03",
            "-0.01",
            "0",
            "0.01",
            "0.03",
            "0.1",
        ],
    );
    for (place, own) in by_arm(models) {
        let Some(at) = own.first().and_then(|model| model.checkpoints.last()) else {
            continue;
        };
        for walk in at.walks.iter().filter(|walk| walk.points.len() == 7) {
            for (part, name, value) in [(1, "L_mean", at.mean), (2, "L_equiv", at.equiv)] {
                let mut row = vec![place.clone(), name.into(), walk.direction.clone()];
                row.extend(
                    walk.points
                        .iter()
                        .map(|point| significant(point[part] / value, 3)),
                );
                table.push(row);
            }
        }
    }
    table
}

pub(super) fn panels(models: &[Model]) -> Vec<ChartPanel> {
    let mut panels = Vec::new();
    for (place, own) in by_arm(models) {
        let mut hessian = Vec::new();
        let mut newton = Vec::new();
        for at in own.iter().filter_map(|model| model.checkpoints.last()) {
            for bend in &at.bends {
                hessian.push(line(&bend.part, &bend.ratios));
            }
            newton.push(line("L_mean", &kernel_ratios(&at.twirled)));
            newton.push(line("L_equiv", &kernel_ratios(&at.remaining)));
        }
        panels.push(ChartPanel::new(
            format!("{place}: lambda_1 / lambda_k of the Hessian"),
            hessian,
        ));
        panels.push(ChartPanel::new(
            format!("{place}: lambda_1 / lambda_k of the Gauss-Newton kernel"),
            newton,
        ));
    }
    panels
}

fn line(name: &str, ratios: &[f64]) -> Line {
    let points = ratios.iter().enumerate();
    Line {
        name: name.into(),
        points: points.map(|(k, ratio)| [k as f64 + 1.0, *ratio]).collect(),
        ..Line::default()
    }
}
