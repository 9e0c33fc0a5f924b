//! The section of a task.

use std::fmt::Write;

use crate::chart::Chart;
use crate::csv;
use crate::curve::Cost;
use crate::html::after::{spectra, twirl};
use crate::html::figures::{losses, percents, with_legend};
use crate::html::headline::headline;
use crate::html::list;
use crate::html::picture::gallery;
use crate::last;
use crate::number::count;
use crate::runs::{RunSet, TaskRuns};
use crate::summary::{ArmSummary, summarise};
use crate::tables;
use crate::terminal::refusals;
use crate::text::{Medium, escape};
use crate::versus::versus_all;

pub(super) fn section(task: &TaskRuns, index: usize) -> String {
    let arms: Vec<ArmSummary> = task.arms.iter().map(summarise).collect();
    let pairs = versus_all(task);
    let mut text = format!(
        "<section id=\"task-{index}\">\n<h2>{}</h2>\n",
        escape(&task.task, Medium::Markup)
    );
    for line in headline(&arms, &pairs) {
        let _ = writeln!(
            text,
            "<p class=\"lead\">{}</p>",
            escape(&line, Medium::Markup)
        );
    }
    for line in [data_line(task), device_line(task)] {
        let _ = writeln!(
            text,
            "<p class=\"data\">{}</p>",
            escape(&line, Medium::Markup)
        );
    }
    text.push_str("<div class=\"figures\">\n");
    let percent_data = csv::percent_steps(task);
    let mut figure = |chart: &Chart, id: &str, data: &csv::Csv| {
        text.push_str(&with_legend(chart, &format!("{id}-{index}"), task, data));
    };
    figure(&percents(task), "percent", &percent_data);
    let loss_data = csv::loss_cost(task);
    figure(&losses(task, Cost::DeviceSeconds), "loss", &loss_data);
    figure(&losses(task, Cost::ModelFlops), "flops", &loss_data);
    for (number, chart) in spectra(task).iter().enumerate() {
        figure(chart, &format!("spectrum-{number}"), &csv::spectrum(task));
    }
    figure(&twirl(task), "twirl", &csv::twirl(task));
    text.push_str("</div>\n");
    // The other tables of this task, in the order of the files.
    let files = csv::csv(&RunSet {
        tasks: vec![task.clone()],
        broken: Vec::new(),
    });
    let find = |what: &str| {
        files
            .iter()
            .find(|file| file.name.ends_with(&format!("-{what}.csv")))
    };
    let mut table = |grid: crate::grid::Grid, what: Option<&str>| {
        let shown = grid.html();
        if !shown.is_empty() {
            text.push_str(&shown);
            if let Some(file) = what.and_then(find) {
                let _ = writeln!(text, "<p class=\"file\">{}</p>", link(file));
            }
        }
    };
    table(tables::losses(&arms), None);
    table(tables::thresholds(&arms), Some("summary"));
    table(tables::versus(&pairs), None);
    table(tables::flops(&pairs), Some("versus"));
    table(tables::terms(&arms), Some("terms"));
    table(tables::scores(&arms), Some("scores"));
    table(last::closing(task), Some("closing"));
    table(last::companions(task), Some("companions"));
    table(last::controls(task), None);
    table(tables::cost(task), Some("cost"));
    text.push_str(&gallery(task));
    let notes: Vec<String> = arms.iter().flat_map(|arm| arm.notes.clone()).collect();
    for (title, lines) in [
        ("Not compared", refusals(task)),
        ("Runs that did not finish", notes),
    ] {
        if !lines.is_empty() {
            let _ = writeln!(text, "<h3>{title}</h3>\n{}", list(&lines));
        }
    }
    text.push_str("</section>\n");
    text
}

/// A link that holds the file.
pub(super) fn link(file: &csv::Csv) -> String {
    let mut data = String::new();
    for byte in file.text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => data.push(byte as char),
            other => {
                let _ = write!(data, "%{other:02X}");
            }
        }
    }
    let name = escape(&file.name, Medium::Markup);
    format!("<a download=\"{name}\" href=\"data:text/csv;charset=utf-8,{data}\">{name}</a>")
}

/// Which data the first run of each data set used.
fn data_line(task: &TaskRuns) -> String {
    let mut lines: Vec<String> = Vec::new();
    for run in task.arms.iter().flat_map(|arm| &arm.runs) {
        let data = &run.manifest.data;
        let hash: String = data.sha256.chars().take(12).collect();
        let level = data
            .level
            .as_ref()
            .map(|level| format!(", {level}"))
            .unwrap_or_default();
        let line = format!(
            "Data: {} (sha256 {hash}{level}), {} frames of {} molecules, {}. Measured on the test \
             part, {} rotations each.",
            data.name,
            count(data.frames as u64),
            count(data.molecules as u64),
            data.split_rule,
            run.last().map_or(0, |record| record.rotations),
        );
        if !run.records.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join(" ")
}

/// The devices of the runs.
fn device_line(task: &TaskRuns) -> String {
    let mut devices: Vec<String> = Vec::new();
    for run in task.arms.iter().flat_map(|arm| &arm.runs) {
        let device = &run.manifest.device;
        let line = format!(
            "{} ({}, {} threads, {})",
            device.name, device.hardware, device.threads, device.float
        );
        if !devices.contains(&line) {
            devices.push(line);
        }
    }
    format!("Device: {}.", devices.join("; "))
}
