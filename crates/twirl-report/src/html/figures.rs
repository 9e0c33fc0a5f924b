//! The figures of a task.

use std::fmt::Write;

use twirl_record::Record;

use crate::chart::{Chart, ChartPanel, Line, swatch};
use crate::csv::Csv;
use crate::curve::{Cost, percent_curve};
use crate::html::task::link;
use crate::number::{count, interval_or_why, percent_digits, range, significant};
use crate::runs::{ArmRuns, Run, TaskRuns};
use crate::tables::TERA;
use crate::text::{Medium, escape};

/// Height of a page's only panel, and of the two that share its place.
pub(super) const WHOLE: f64 = 392.0;
pub(super) const UPPER: f64 = 270.0;
pub(super) const LOWER: f64 = 90.0;

/// Percentage against steps. Exact arms, whose percentage is rounding, have a panel of their own
/// below the others, with the numerical floor.
pub(super) fn percents(task: &TaskRuns) -> Chart {
    let (mut learned, mut exact) = (Vec::new(), Vec::new());
    for arm in &task.arms {
        let curve = percent_curve(arm);
        let mut band = curve
            .iter()
            .filter_map(|point| {
                let [low, high] = point.percent.interval?;
                Some([point.step as f64, low, high])
            })
            .collect();
        let panel = if arm.is_exact() {
            &mut exact
        } else {
            &mut learned
        };
        for run in arm.counted() {
            let percent = |record: &Record| [record.step as f64, record.split.percent_equiv];
            panel.push(Line {
                name: arm.arm.clone(),
                points: run.records.iter().map(percent).collect(),
                hover: run
                    .records
                    .iter()
                    .map(|record| percent_words(run, record))
                    .collect(),
                band: std::mem::take(&mut band),
                ..Line::default()
            });
        }
        exact.push(Line {
            name: arm.arm.clone(),
            floor: curve
                .iter()
                .map(|point| [point.step as f64, point.floor])
                .collect(),
            ..Line::default()
        });
    }
    let ends = describe(task, |arm| {
        let last = percent_curve(arm).last()?.percent;
        let (value, interval) = (significant(last.value, 2), range(last.interval, 2));
        Some(format!("{value} % ({interval})"))
    });
    Chart {
        title: "Share of the loss that is imperfect symmetry, against steps".into(),
        description: format!(
            "{ends} Both axes are logarithmic. The lower panel holds exactly equivariant arms and, \
             thin, the numerical floor of each arm."
        ),
        x_label: "optimiser steps".into(),
        panels: vec![
            ChartPanel {
                height: UPPER,
                ..ChartPanel::new("100 L_equiv / L (%)", learned)
            },
            ChartPanel {
                height: LOWER,
                ..ChartPanel::new("the same, exact arms and numerical floor (%)", exact)
            },
        ],
        ..Chart::default()
    }
}

fn percent_words(run: &Run, record: &Record) -> String {
    let split = &record.split;
    let digits = percent_digits(split.percent_equiv);
    format!(
        "{}, step {}: {} % ({}), floor {} %",
        run.label(),
        count(record.step),
        significant(split.percent_equiv, digits),
        interval_or_why(split.interval(), digits, record.molecules),
        significant(split.floor, 1),
    )
}

/// Loss against a cost; without panels where no record knows it.
pub(super) fn losses(task: &TaskRuns, cost: Cost) -> Chart {
    let (title, x_label, name, unit) = match cost {
        Cost::DeviceSeconds => (
            "Loss against device seconds",
            "device seconds of training",
            "s",
            1.0,
        ),
        Cost::ModelFlops => (
            "Loss against operations of the model",
            "TFLOP of training, in matrix products and convolutions",
            "TFLOP",
            TERA,
        ),
    };
    let spent = |record: &Record| Some(cost.known(record)? / unit);
    let mut lines = Vec::new();
    for arm in &task.arms {
        for run in arm.counted() {
            let mut line = Line {
                name: arm.arm.clone(),
                ..Line::default()
            };
            for record in &run.records {
                let (Some(spent), loss) = (spent(record), record.split.loss) else {
                    continue;
                };
                line.points.push([spent, loss]);
                line.hover.push(format!(
                    "{}, {} {name} (step {}): loss {}",
                    run.label(),
                    significant(spent, 3),
                    count(record.step),
                    significant(loss, 4),
                ));
            }
            lines.push(line);
        }
    }
    let ends = describe(task, |arm| {
        let last = arm.counted().first()?.last()?;
        Some(format!(
            "{} after {} {name}",
            significant(last.split.loss, 3),
            significant(spent(last)?, 3)
        ))
    });
    Chart {
        title: title.into(),
        description: format!("{ends} Both axes are logarithmic; one line for each seed."),
        x_label: x_label.into(),
        panels: vec![ChartPanel {
            height: WHOLE,
            ..ChartPanel::new("loss", lines)
        }],
        ..Chart::default()
    }
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

/// A figure with title, legend, the place for hover values, and its data. Nothing if it is empty.
pub(super) fn with_legend(chart: &Chart, id: &str, task: &TaskRuns, data: &Csv) -> String {
    let names: Vec<&str> = task.arms.iter().map(|arm| arm.arm.as_str()).collect();
    let mut legend = String::new();
    for (style, arm) in task.arms.iter().enumerate() {
        if !arm.counted().is_empty() {
            let name = escape(&arm.arm, Medium::Markup);
            let _ = writeln!(legend, "<li>{}{name}</li>", swatch(style));
        }
    }
    if legend.is_empty() || !chart.shows() {
        return String::new();
    }
    format!(
        "<figure>\n<figcaption>{}</figcaption>\n{}\n<ul class=\"legend\">\n{legend}</ul>\n\
         <p class=\"readout\" aria-live=\"polite\">Point at a mark, or tap it, for its values.</p>\n\
         <p class=\"file\">{}</p>\n</figure>\n",
        escape(&chart.title, Medium::Markup),
        chart.drawing(id, &names),
        link(data),
    )
}
