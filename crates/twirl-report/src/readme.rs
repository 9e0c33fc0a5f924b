//! The part of a README that says what a results folder holds.

use std::fmt::Write;

use crate::chart::{Chart, ChartPanel, Line};
use crate::curve::percent_curve;
use crate::html::headline;
use crate::runs::{RunSet, TaskRuns};
use crate::summary::{ArmSummary, summarise};
use crate::tables;
use crate::versus::versus_all;

/// Text and figures made from a results folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadmePart {
    /// Markdown.
    pub markdown: String,
    /// File name and SVG of each figure.
    pub figures: Vec<(String, String)>,
}

/// For each task: what the figures say, percentage against steps, and the table of losses.
///
/// `name` is that of the folder; the text refers to figures in the folder `figures`.
pub fn readme(set: &RunSet, name: &str, figures: &str) -> ReadmePart {
    let mut markdown = format!("Generated from [`results/{name}`](results/{name})");
    if let Some(run) = set.arms().flat_map(|arm| &arm.runs).next() {
        let device = &run.manifest.device;
        let commit = run.manifest.program.get("commit");
        let commit: String = commit
            .iter()
            .flat_map(|hash| hash.chars().take(10))
            .collect();
        let _ = write!(
            markdown,
            ": {} ({}, {} threads), commit {commit}",
            device.name, device.hardware, device.threads
        );
    }
    markdown.push_str(".\n\n");
    let mut files = Vec::new();
    for task in &set.tasks {
        let arms: Vec<ArmSummary> = task.arms.iter().map(summarise).collect();
        let _ = write!(markdown, "### {}\n\n", task.task);
        for line in headline(&arms, &versus_all(task)) {
            let _ = write!(markdown, "{line} ");
        }
        markdown.truncate(markdown.trim_end().len());
        let chart = chart(task);
        if !chart.panels.is_empty() {
            let file = format!("{name}-{}.svg", task.task);
            let alternative = chart.description.replace(['[', ']'], "");
            let _ = write!(markdown, "\n\n![{alternative}]({figures}/{file})");
            files.push((file, chart.svg()));
        }
        let _ = write!(markdown, "\n\n{}", tables::losses(&arms).markdown());
    }
    ReadmePart {
        markdown: markdown.trim_end().to_owned() + "\n",
        figures: files,
    }
}

/// Percentage against steps of the arms that learn symmetry, means over seeds.
fn chart(task: &TaskRuns) -> Chart {
    let mut lines = Vec::new();
    let mut ends = Vec::new();
    for arm in task.arms.iter().filter(|arm| !arm.is_exact()) {
        let curve = percent_curve(arm);
        let later = || curve.iter().filter(|point| point.step > 0);
        let Some(last) = later().next_back() else {
            continue;
        };
        ends.push(format!("{} {:.2} %", arm.arm, last.percent.value));
        lines.push(Line {
            name: arm.arm.clone(),
            points: later()
                .map(|point| [point.step as f64, point.percent.value])
                .collect(),
            band: later()
                .filter_map(|point| {
                    let [low, high] = point.percent.interval?;
                    Some([point.step as f64, low, high])
                })
                .collect(),
            ..Line::default()
        });
    }
    let panel = ChartPanel::new("100 L_equiv / L (%)", lines);
    let title = format!(
        "{}: share of the loss that is imperfect symmetry",
        task.task
    );
    Chart {
        description: format!("{title}, against steps. At the end: {}.", ends.join(", ")),
        title,
        x_label: "optimiser steps".into(),
        panels: if ends.is_empty() {
            Vec::new()
        } else {
            vec![panel]
        },
        ..Chart::default()
    }
}
