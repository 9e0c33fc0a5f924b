//! The section of a task.

use std::collections::BTreeSet;

use maud::{Markup, PreEscaped, html};
use twirl_compare::{Cost, Overview, Run, TaskRuns};

use crate::chart::Chart;
use crate::headline::headline;
use crate::html::after::{spectra, twirl};
use crate::html::figures::{losses, percents, split_figures, with_legend};
use crate::html::picture::gallery;
use crate::number::count;
use crate::report::{named, refusals, unfinished};
use crate::table::Table;
use crate::tables;
use crate::text::{Medium, escape, percent_encoded};

/// The section of a task, and what its contents are called: place and name.
pub(super) fn section(found: &Overview, index: usize) -> (Markup, Vec<(String, String)>) {
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
            loss_file,
        ),
        (
            "flops".to_owned(),
            losses(task, Cost::ModelFlops),
            html! { "The file of the figure before holds its data too." },
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
    let names: Vec<&str> = task.arms.iter().map(|arm| arm.arm.as_str()).collect();
    let both = |table: Table| (table.html(&names), table);
    let shown = [
        both(tables::summary(arms)),
        both(tables::versus(&found.pairs)),
        both(tables::terms(arms)),
        (
            tables::scores_by_arm(arms).html(&names),
            tables::scores(arms),
        ),
        (
            tables::closing_by_arm(task).html(&names),
            tables::closing(task),
        ),
        (
            tables::companions(&found.companions).html(&names),
            tables::companions_by_seed(task),
        ),
        both(tables::controls(&found.controls)),
        both(tables::cost(task)),
    ];
    let mut contents = Vec::new();
    for (id, chart, _) in figures.iter().filter(|(_, chart, _)| chart.shows()) {
        contents.push((format!("figure-{id}-{index}"), chart.title.clone()));
    }
    contents.insert(
        contents.len().min(1),
        (
            format!("figure-split-{index}"),
            "The loss and its parts, against steps".into(),
        ),
    );
    for (_, table) in shown.iter().filter(|(table, _)| !table.0.is_empty()) {
        contents.push((format!("{}-{index}", table.name), name(&table.name).into()));
    }
    let (first, others) = figures.split_at(1);
    let draw = |(id, chart, file): &(String, Chart, Markup)| {
        with_legend(chart, &format!("{id}-{index}"), task, file)
    };
    let section = html! {
        section id={ "task-" (index) } {
            h2 { (task.task) }
            ul.lead { @for line in headline(found).lines() { li { (line) } } }
            p.data { (data_line(task)) }
            p.data { (device_line(task)) }
            (filter(task))
            div.figures { @for figure in first { (draw(figure)) } }
            (split_figures(task, index, &file(tables::split_steps(task))))
            div.figures { @for figure in others { (draw(figure)) } }
            @for (table, data) in shown {
                @if !table.0.is_empty() {
                    div id={ (data.name) "-" (index) } { (table) p.file { (file(data)) } }
                }
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
    };
    (section, contents)
}

/// What the contents call a table.
fn name(table: &str) -> &str {
    match table {
        "summary" => "Last measurement, steps to a percentage",
        "versus" => "Equal device time, equal operations",
        "terms" => "Terms of the loss",
        "scores" => "Scores",
        "closing" => "Finished models and baselines",
        "companions" => "Under other rotations",
        "controls" => "Controls",
        "cost" => "Device and cost",
        other => other,
    }
}

/// Boxes that show and hide arms; without a script everything is shown and there are none.
fn filter(task: &TaskRuns) -> Markup {
    html! {
        @if task.arms.len() > 1 {
            fieldset.filter hidden="hidden" {
                legend { "Arms of " (task.task) }
                @for arm in &task.arms {
                    label { (PreEscaped(checkbox(&arm.arm))) (arm.arm) }
                    " "
                }
                button type="button" { "all or none" }
            }
        }
    }
}

/// HTML has no end tag for a box, and XML wants one.
fn checkbox(value: &str) -> String {
    let value = escape(value, Medium::Markup);
    format!("<input type=\"checkbox\" value=\"{value}\" checked=\"checked\"/>")
}

/// A link that holds the table as a file.
fn link(table: &Table) -> Markup {
    let data = percent_encoded(&table.csv(), "");
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
