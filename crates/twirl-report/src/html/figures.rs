//! The figures of a task.

use std::fmt::Write;

use twirl_harness::Record;

use crate::csv::Csv;
use crate::curve::{Cost, percent_curve};
use crate::html::escape;
use crate::html::task::link;
use crate::number::{count, interval_or_why, percent_digits, range, significant};
use crate::runs::{ArmRuns, Run, TaskRuns};
use crate::seeds::Estimate;
use crate::svg::{Figure, Panel, Point, Scale, Series, swatch};
use crate::tables::TERA;

/// Percentage against steps. Exact arms, whose percentage is rounding, have a panel of their own
/// below the others, with the numerical floor.
pub(super) fn percent_figure(task: &TaskRuns, index: usize) -> Figure {
    let (mut learned, mut exact) = (Vec::new(), Vec::new());
    for (style, arm) in task.arms.iter().enumerate() {
        let curve = percent_curve(arm);
        let floor: Vec<[f64; 2]> = curve
            .iter()
            .map(|point| [point.step as f64, point.floor])
            .collect();
        let band: Vec<[f64; 3]> = curve
            .iter()
            .filter_map(|point| {
                let [low, high] = point.percent.interval?;
                Some([point.step as f64, low, high])
            })
            .collect();
        let points = |run: &Run| -> Vec<Point> {
            run.records
                .iter()
                .map(|record| percent_point(run, record))
                .collect()
        };
        let panel = if arm.is_exact() {
            &mut exact
        } else {
            &mut learned
        };
        for (number, run) in arm.counted().into_iter().enumerate() {
            let band = if number == 0 {
                band.clone()
            } else {
                Vec::new()
            };
            panel.push(Series {
                style,
                points: points(run),
                band,
                floor: Vec::new(),
            });
        }
        if !curve.is_empty() {
            exact.push(Series {
                style,
                floor,
                ..Series::default()
            });
        }
    }
    let description = format!(
        "{} {}",
        describe(task, |arm| {
            let last = percent_curve(arm).last()?.percent;
            let Estimate { value, interval } = last;
            Some(format!(
                "{} % ({})",
                significant(value, 2),
                range(interval, 2)
            ))
        }),
        "Both axes are logarithmic. The lower panel holds exactly equivariant arms and, thin, the \
         numerical floor of each arm."
    );
    Figure {
        id: format!("percent-{index}"),
        title: "Share of the loss that is imperfect symmetry, against steps".into(),
        description,
        x_label: "optimiser steps".into(),
        x_scale: Scale::Logarithmic,
        panels: vec![
            Panel {
                label: "100 L_equiv / L (%)".into(),
                height: 270.0,
                series: learned,
            },
            Panel {
                label: "the same, exact arms and numerical floor (%)".into(),
                height: 90.0,
                series: exact,
            },
        ],
    }
}

fn percent_point(run: &Run, record: &Record) -> Point {
    let split = &record.split;
    let digits = percent_digits(split.percent_equiv);
    Point {
        x: record.step as f64,
        y: split.percent_equiv,
        hover: format!(
            "{}, step {}: {} % ({}), floor {} %",
            run.label(),
            count(record.step),
            significant(split.percent_equiv, digits),
            interval_or_why(split.interval(), digits, record.molecules),
            significant(split.floor, 1),
        ),
    }
}

/// Loss against a cost, where some record knows it.
pub(super) fn loss_figure(task: &TaskRuns, index: usize, cost: Cost) -> Option<Figure> {
    let (id, title, x_label, name, unit) = match cost {
        Cost::DeviceSeconds => (
            "loss",
            "Loss against device seconds",
            "device seconds of training",
            "s",
            1.0,
        ),
        Cost::ModelFlops => (
            "flops",
            "Loss against operations of the model",
            "TFLOP of training, in matrix products and convolutions",
            "TFLOP",
            TERA,
        ),
    };
    let mut series = Vec::new();
    for (style, arm) in task.arms.iter().enumerate() {
        for run in arm.counted() {
            let point = |record: &Record| {
                let spent = cost.known(record)? / unit;
                Some(Point {
                    x: spent,
                    y: record.split.loss,
                    hover: format!(
                        "{}, {} {name} (step {}): loss {}",
                        run.label(),
                        significant(spent, 3),
                        count(record.step),
                        significant(record.split.loss, 4),
                    ),
                })
            };
            let points = run.records.iter().filter_map(point);
            series.push(Series {
                style,
                points: points.collect(),
                ..Series::default()
            });
        }
    }
    let description = describe(task, |arm| {
        let run = *arm.counted().first()?;
        let last = run.last()?;
        Some(format!(
            "{} after {} {name}",
            significant(last.split.loss, 3),
            significant(cost.known(last)? / unit, 3)
        ))
    }) + " Both axes are logarithmic; one line for each seed.";
    let shown = series.iter().any(|series| !series.points.is_empty());
    shown.then(|| Figure {
        id: format!("{id}-{index}"),
        title: title.into(),
        description,
        x_label: x_label.into(),
        x_scale: Scale::Logarithmic,
        panels: vec![Panel {
            label: "loss".into(),
            height: 392.0,
            series,
        }],
    })
}

/// The last figure of each arm in words.
pub(super) fn describe(task: &TaskRuns, last: impl Fn(&ArmRuns) -> Option<String>) -> String {
    let parts: Vec<String> = task
        .arms
        .iter()
        .filter_map(|arm| Some(format!("{} ends at {}", arm.arm, last(arm)?)))
        .collect();
    parts.join("; ") + "."
}

/// A figure with title, legend, the place for hover values, and its data.
pub(super) fn with_legend(figure: &Figure, task: &TaskRuns, data: &Csv) -> String {
    let mut legend = String::new();
    for (style, arm) in task.arms.iter().enumerate() {
        if !arm.counted().is_empty() {
            let _ = writeln!(legend, "<li>{}{}</li>", swatch(style), escape(&arm.arm));
        }
    }
    if legend.is_empty() {
        return String::new();
    }
    format!(
        "<figure>\n<figcaption>{}</figcaption>\n{}\n<ul class=\"legend\">\n{legend}</ul>\n\
         <p class=\"readout\" aria-live=\"polite\">Point at a mark, or tap it, for its values.</p>\n\
         <p class=\"file\">{}</p>\n</figure>\n",
        escape(&figure.title),
        figure.svg(),
        link(data),
    )
}
