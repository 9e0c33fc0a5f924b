//! Figures of the last measurement: the error by rotation degree, and averaging at test time.

use std::collections::BTreeSet;

use crate::csv::TWIRLS;
use crate::html::figures::describe;
use crate::number::significant;
use crate::runs::{ArmRuns, TaskRuns};
use crate::svg::{Figure, Panel, Point, Scale, Series};

/// One figure for each trained term that has a spectrum: power by degree, from degree 1.
pub(super) fn spectrum_figures(task: &TaskRuns, index: usize) -> Vec<Figure> {
    let mut names: BTreeSet<&String> = BTreeSet::new();
    for last in task
        .arms
        .iter()
        .flat_map(ArmRuns::counted)
        .filter_map(|run| run.last())
    {
        let trained = |pair: &(&String, &twirl_harness::TermRecord)| {
            pair.1.trained && pair.1.spectrum.len() > 1
        };
        names.extend(last.terms.iter().filter(trained).map(|pair| pair.0));
    }
    let figure = |(number, name): (usize, &String)| spectrum_figure(task, index, number, name);
    names.into_iter().enumerate().map(figure).collect()
}

fn spectrum_figure(task: &TaskRuns, index: usize, number: usize, name: &str) -> Figure {
    let (mut learned, mut exact) = (Vec::new(), Vec::new());
    for (style, arm) in task.arms.iter().enumerate() {
        for run in arm.counted() {
            let Some(term) = run.last().and_then(|last| last.terms.get(name)) else {
                continue;
            };
            let points = term.spectrum.iter().enumerate().skip(1);
            let points: Vec<Point> = points
                .map(|(degree, &power)| Point {
                    x: degree as f64,
                    y: power,
                    hover: format!(
                        "{}, degree {degree}: {} of the squared size of its predictions",
                        run.label(),
                        significant(power, 3)
                    ),
                })
                .collect();
            let panel = if arm.is_exact() {
                &mut exact
            } else {
                &mut learned
            };
            if !points.is_empty() {
                panel.push(Series {
                    style,
                    points,
                    ..Series::default()
                });
            }
        }
    }
    let strongest = describe(task, |arm| {
        let run = *arm.counted().first()?;
        let powers = &run.last()?.terms.get(name)?.spectrum;
        let (degree, power) = powers
            .iter()
            .enumerate()
            .skip(1)
            .max_by(|a, b| a.1.total_cmp(b.1))?;
        Some(format!("{} at degree {degree}", significant(*power, 2)))
    });
    Figure {
        id: format!("spectrum-{index}-{number}"),
        title: format!("Symmetry error of {name} by rotation degree, at the last measurement"),
        description: format!(
            "The strongest degree of each arm: {strongest} The vertical axis is logarithmic. \
             Estimates are unbiased, so weak degrees can be at or below zero."
        ),
        x_label: "rotation degree".into(),
        x_scale: Scale::Counting,
        panels: vec![
            Panel {
                label: "power over squared size of predictions".into(),
                height: 270.0,
                series: learned,
            },
            Panel {
                label: "the same, exact arms".into(),
                height: 90.0,
                series: exact,
            },
        ],
    }
}

/// Loss of the prediction averaged over M rotations at test time.
pub(super) fn twirl_figure(task: &TaskRuns, index: usize) -> Figure {
    let mut series = Vec::new();
    for (style, arm) in task.arms.iter().enumerate() {
        for run in arm.counted() {
            let Some(last) = run.last() else { continue };
            let at = |count: u32| last.split.loss_mean + last.split.loss_equiv / f64::from(count);
            let point = |&count: &u32| Point {
                x: f64::from(count),
                y: at(count),
                hover: format!(
                    "{}, averaged over {count}: loss {} (derived)",
                    run.label(),
                    significant(at(count), 4)
                ),
            };
            series.push(Series {
                style,
                points: TWIRLS.iter().map(point).collect(),
                ..Series::default()
            });
        }
    }
    let description = describe(task, |arm| {
        let last = arm.counted().first()?.last()?;
        Some(format!(
            "{} without symmetry error",
            significant(last.split.loss_mean, 3)
        ))
    });
    Figure {
        id: format!("twirl-{index}"),
        title: "Loss when predictions are averaged over M rotations at test time (derived)".into(),
        description: format!(
            "{description} Derived from the last measurement as L_mean + L_equiv / M and not \
             measured: exact for the squared loss, its leading term for others. Both axes are \
             logarithmic."
        ),
        x_label: "rotations averaged, each a forward pass".into(),
        x_scale: Scale::Logarithmic,
        panels: vec![Panel {
            label: "loss".into(),
            height: 392.0,
            series,
        }],
    }
}
