//! The section of a task.

use std::collections::BTreeSet;
use std::fmt::Write;

use maud::{Markup, html};
use twirl_compare::{Cost, Overview, Run, TaskRuns};

use crate::headline::headline;
use crate::html::after::{spectra, twirl};
use crate::html::figures::{losses, percents, with_legend};
use crate::html::picture::gallery;
use crate::number::count;
use crate::report::{named, refusals, unfinished};
use crate::table::Table;
use crate::tables;

pub(super) fn section(found: &Overview, index: usize) -> Markup {
    let (task, arms) = (found.task, &found.arms);
    let file = |table: Table| link(&named(table, &task.task));
    let loss_file = file(tables::loss_cost(task));
    let mut figures = vec![
        (
            "percent".to_owned(),
            percents(task),
            file(tables::percent_steps(task)),
        ),
        (
            "loss".to_owned(),
            losses(task, Cost::DeviceSeconds),
            loss_file.clone(),
        ),
        (
            "flops".to_owned(),
            losses(task, Cost::ModelFlops),
            loss_file,
        ),
    ];
    for (number, chart) in spectra(task).into_iter().enumerate() {
        figures.push((
            format!("spectrum-{number}"),
            chart,
            file(tables::spectrum(task)),
        ));
    }
    figures.push(("twirl".to_owned(), twirl(task), file(tables::twirl(task))));
    let (summary, versus, terms) = (
        tables::summary(arms),
        tables::versus(&found.pairs),
        tables::terms(arms),
    );
    let (controls, cost) = (tables::controls(&found.controls), tables::cost(task));
    let shown = [
        (summary.html(), summary),
        (versus.html(), versus),
        (terms.html(), terms),
        (tables::scores_by_arm(arms).html(), tables::scores(arms)),
        (tables::closing_by_arm(task).html(), tables::closing(task)),
        (
            tables::companions(&found.companions).html(),
            tables::companions_by_seed(task),
        ),
        (controls.html(), controls),
        (cost.html(), cost),
    ];
    html! {
        section id={ "task-" (index) } {
            h2 { (task.task) }
            @for line in headline(found) { p.lead { (line) } }
            p.data { (data_line(task)) }
            p.data { (device_line(task)) }
            div.figures {
                @for (id, chart, file) in &figures {
                    (with_legend(chart, &format!("{id}-{index}"), task, file))
                }
            }
            @for (table, data) in shown {
                @if !table.0.is_empty() { (table) p.file { (file(data)) } }
            }
            (gallery(task))
            @for (title, lines) in [
                ("Not compared", refusals(found)),
                ("Runs that did not finish", unfinished(found)),
            ] {
                @if !lines.is_empty() { h3 { (title) } (list(&lines)) }
            }
        }
        "\n"
    }
}

/// A link that holds the table as a file.
fn link(table: &Table) -> Markup {
    let mut data = String::new();
    for byte in table.csv().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => data.push(byte as char),
            other => {
                let _ = write!(data, "%{other:02X}");
            }
        }
    }
    let name = format!("{}.csv", table.name);
    html! { a download=(name) href={ "data:text/csv;charset=utf-8," (data) } { (name) } }
}

/// What is said of all runs of a task, each once.
fn of_runs(task: &TaskRuns, say: impl Fn(&Run) -> Option<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let lines = task.arms.iter().flat_map(|arm| &arm.runs).filter_map(say);
    lines.filter(|line| seen.insert(line.clone())).collect()
}

/// Which data the runs used.
fn data_line(task: &TaskRuns) -> String {
    let line = |run: &Run| {
        let data = &run.manifest.data;
        let hash: String = data.sha256.chars().take(12).collect();
        let level = data
            .level
            .as_ref()
            .map_or(String::new(), |level| format!(", {level}"));
        let rotations = run.last()?.rotations;
        Some(format!(
            "Data: {} (sha256 {hash}{level}), {} frames of {} molecules, {}. Measured on the test \
             part, {rotations} rotations each.",
            data.name,
            count(data.frames as u64),
            count(data.molecules as u64),
            data.split_rule,
        ))
    };
    of_runs(task, line).join(" ")
}

/// The devices of the runs.
fn device_line(task: &TaskRuns) -> String {
    let line = |run: &Run| {
        let device = &run.manifest.device;
        let (name, hardware) = (&device.name, &device.hardware);
        Some(format!(
            "{name} ({hardware}, {} threads, {})",
            device.threads, device.float
        ))
    };
    format!("Device: {}.", of_runs(task, line).join("; "))
}

/// Lines as a list.
pub(super) fn list(lines: &[String]) -> Markup {
    html! { ul { @for line in lines { li { (line) } } } "\n" }
}
