//! The figures of a task.

use maud::{Markup, PreEscaped, html};
use twirl_compare::{ArmRuns, Cost, EnvelopePoint, Run, TaskRuns, envelope, percent_curve};
use twirl_record::Record;

use crate::chart::{Chart, ChartPanel, Line, Look, Use, area_swatch, broad_swatch, swatch};
use crate::html::split::{NAMES, splits};
use crate::number::{TERA, count, percent_digits, range, significant};
use crate::words;

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
        let mut band = Line::percents(&arm.arm, &curve).band;
        for run in arm.counted() {
            let percent = |record: &Record| [record.step as f64, record.split.percent_equiv];
            let hover = run.records.iter().map(|record| percent_words(run, record));
            let line = Line {
                name: arm.arm.clone(),
                points: run.records.iter().map(percent).collect(),
                hover: hover.collect(),
                band: std::mem::take(&mut band),
                ..Line::default()
            };
            if arm.is_exact() {
                exact.push(line);
            } else {
                learned.push(line);
            }
        }
        let floor = curve.iter().map(|point| [point.step as f64, point.floor]);
        exact.push(Line {
            name: arm.arm.clone(),
            floor: floor.collect(),
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
        match split.interval() {
            None => format!("no interval ({} molecules)", record.molecules),
            interval => range(interval, digits),
        },
        significant(split.floor, 1),
    )
}

/// Loss against a cost, with the lower envelope of all arms; without panels where no record knows the
/// cost.
pub(super) fn losses(task: &TaskRuns, cost: Cost) -> Chart {
    let gpu = task
        .counted()
        .all(|run| words::is_gpu(&run.manifest.device));
    let (title, x_label, name, unit) = match cost {
        Cost::DeviceSeconds if gpu => (
            "Pareto: loss against device seconds of a GPU",
            "device seconds of training on a GPU; 3,600 are one GPU-hour",
            "s",
            1.0,
        ),
        Cost::DeviceSeconds => (
            "Pareto: loss against device seconds",
            "device seconds of training",
            "s",
            1.0,
        ),
        Cost::ProcessorSeconds => (
            "Pareto: loss against processor seconds",
            "processor seconds of training",
            "s",
            1.0,
        ),
        Cost::ModelFlops => (
            "Pareto: loss against operations of the model",
            "TFLOP of training, in matrix products and convolutions",
            "TFLOP",
            TERA,
        ),
        Cost::Steps => ("Pareto: loss against steps", "training steps", "steps", 1.0),
    };
    let (front, seen) = match envelope(task, cost) {
        Ok(front) => {
            let seen = match holders(&front, unit).as_slice() {
                [] => String::new(),
                held => format!(" Lowest of all: {} {name}.", held.join(", ")),
            };
            (front, seen)
        }
        Err(why) => (Vec::new(), format!(" No lower envelope: {why}.")),
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
    if !lines.is_empty() {
        lines.push(Line {
            name: ENVELOPE.into(),
            points: front
                .iter()
                .map(|corner| [corner.cost / unit, corner.loss])
                .collect(),
            look: Look::Envelope,
            ..Line::default()
        });
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
        description: format!("{ends}{seen} Both axes are logarithmic; one line for each seed."),
        x_label: x_label.into(),
        panels: vec![ChartPanel {
            height: WHOLE,
            ..ChartPanel::new("loss", lines)
        }],
        ..Chart::default()
    }
}

/// Name of the line that is the lowest of all arms.
const ENVELOPE: &str = "lowest of all arms";

/// Which arm is the lowest over which costs, one after the other.
fn holders(front: &[EnvelopePoint], unit: f64) -> Vec<String> {
    let groups = front.chunk_by(|a, b| a.arm == b.arm);
    let words = |group: &[EnvelopePoint]| {
        let [from, to] = [group.first()?.cost, group.last()?.cost].map(|cost| cost / unit);
        let arm = &group.first()?.arm;
        Some(format!(
            "{arm} from {} to {}",
            significant(from, 2),
            significant(to, 2)
        ))
    };
    groups.filter_map(words).collect()
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
pub(super) fn with_legend(chart: &Chart, id: &str, task: &TaskRuns, file: &Markup) -> Markup {
    let names: Vec<&str> = task.arms.iter().map(|arm| arm.arm.as_str()).collect();
    let lines = chart.panels.iter().flat_map(|panel| &panel.lines);
    let envelope = lines
        .filter(|line| line.look == Look::Envelope)
        .any(|line| !line.points.is_empty());
    html! {
        @if chart.shows() {
            figure id={ "figure-" (id) } {
                figcaption { (chart.title) }
                (PreEscaped(chart.drawing(id, &names, Use::Page)))
                ul.legend {
                    @for (style, arm) in task.arms.iter().enumerate() {
                        @if !arm.counted().is_empty() {
                            li data-arm=(arm.arm) { (PreEscaped(swatch(style))) (arm.arm) }
                        }
                    }
                    @if envelope { li { (PreEscaped(broad_swatch())) (ENVELOPE) } }
                }
                p.readout aria-live="polite" { "Point at a mark, or tap it, for its values." }
                p.file { (file) }
            }
            "\n"
        }
    }
}

/// The split of each arm's loss, side by side under one legend.
pub(super) fn split_figures(task: &TaskRuns, index: usize, file: &Markup) -> Markup {
    let charts = splits(task);
    html! {
        @if !charts.is_empty() {
            div.parts id={ "figure-split-" (index) } {
                h3 { "The loss and its parts, against steps" }
                ul.legend {
                    li { (PreEscaped(area_swatch(0))) "L_mean, the loss of the twirled predictor" }
                    li { (PreEscaped(area_swatch(1))) "L_equiv, what imperfect symmetry adds" }
                }
                div.small {
                    @for (place, (arm, chart)) in charts.iter().enumerate() {
                        figure data-arm=(arm.arm) {
                            figcaption { (chart.title) }
                            (PreEscaped(chart.drawing(&format!("split-{index}-{place}"), &NAMES, Use::File)))
                            p.readout aria-live="polite" {}
                        }
                        "\n"
                    }
                }
                p.file { (file) }
            }
        }
    }
}
