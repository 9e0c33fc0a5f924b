//! The part of a README that says what a results folder holds.

use std::fmt::Write;

use twirl_compare::{Overview, RunSet, TaskRuns, percent_curve};

use crate::chart::{Chart, ChartPanel, Line};
use crate::headline::headline;
use crate::tables;
use crate::text::{Medium, escape, file_stem};

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
    let safe = |text: &str| escape(text, Medium::Markdown);
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
            ": {} ({}, {} threads), commit {}",
            safe(&device.name),
            safe(&device.hardware),
            device.threads,
            safe(&commit)
        );
    }
    markdown.push_str(".\n\n");
    let mut files = Vec::new();
    for task in &set.tasks {
        let found = Overview::of(task);
        let _ = write!(markdown, "### {}\n\n", safe(&task.task));
        let lines = headline(&found).lines();
        markdown += &safe(&lines.join(" "));
        if let Some(chart) = chart(task) {
            let file = format!("{name}-{}.svg", file_stem(&task.task));
            let alternative = safe(&chart.description);
            let _ = write!(markdown, "\n\n![{alternative}]({figures}/{file})");
            files.push((file, chart.svg()));
        }
        let losses = tables::summary(&found.arms).first_part();
        let _ = write!(markdown, "\n\n{}", losses.markdown());
    }
    ReadmePart {
        markdown: markdown.trim_end().to_owned() + "\n",
        figures: files,
    }
}

/// Percentage against steps of the arms that learn symmetry, means over seeds; nothing without one.
fn chart(task: &TaskRuns) -> Option<Chart> {
    let mut lines = Vec::new();
    let mut ends = Vec::new();
    for arm in task.arms.iter().filter(|arm| !arm.is_exact()) {
        let mut curve = percent_curve(arm);
        curve.retain(|point| point.step > 0);
        let Some(last) = curve.last() else { continue };
        ends.push(format!("{} {:.2} %", arm.arm, last.percent.value));
        lines.push(Line::percents(&arm.arm, &curve));
    }
    let title = format!(
        "{}: share of the loss that is imperfect symmetry",
        task.task
    );
    (!ends.is_empty()).then(|| Chart {
        description: format!("{title}, against steps. At the end: {}.", ends.join(", ")),
        title,
        x_label: "optimiser steps".into(),
        panels: vec![ChartPanel::new("100 L_equiv / L (%)", lines)],
        ..Chart::default()
    })
}
