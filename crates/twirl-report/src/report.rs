//! The report as plain text, as Markdown, and as tables for other programs.

use std::fmt::Write;

use twirl_compare::{Overview, RunSet};

use crate::table::Table;
use crate::tables;
use crate::text::{Medium, escape, file_stem, one_line};
use crate::words;

/// Tables for a terminal: ASCII, at most 120 columns, no colour.
pub fn terminal(set: &RunSet) -> String {
    write(set, Medium::Terminal)
}

/// The same tables as Markdown.
pub fn markdown(set: &RunSet) -> String {
    write(set, Medium::Markdown)
}

/// Every table of every task, for other programs: `TASK-percent-steps`, `loss-cost`, `summary`, `terms`,
/// `scores`, `versus`, `cost`, `term-steps`, `spectrum`, `twirl`, `companions`, `closing`, `controls`.
pub fn all_tables(set: &RunSet) -> Vec<Table> {
    let of_task = |task| {
        let found = Overview::of(task);
        let tables = [
            tables::percent_steps(task),
            tables::loss_cost(task),
            tables::summary(&found.arms),
            tables::terms(&found.arms),
            tables::scores(&found.arms),
            tables::versus(&found.pairs),
            tables::cost(task),
            tables::term_steps(task),
            tables::spectrum(task),
            tables::twirl(task),
            tables::companions_by_seed(task),
            tables::closing(task),
            tables::controls(&found.controls),
        ];
        tables.map(|table| named(table, &task.task))
    };
    set.tasks.iter().flat_map(of_task).collect()
}

/// The table with the task in its name, as its file is called.
pub(crate) fn named(mut table: Table, task: &str) -> Table {
    table.name = format!("{}-{}", file_stem(task), table.name);
    table
}

fn write(set: &RunSet, medium: Medium) -> String {
    let safe = |text: &str| escape(text, medium);
    let mut text = String::new();
    for task in &set.tasks {
        let found = Overview::of(task);
        let name = safe(&task.task);
        let _ = match medium {
            Medium::Markdown => write!(text, "## {name}\n\n"),
            _ => write!(text, "{name}\n{}\n\n", "=".repeat(name.len())),
        };
        for table in [
            tables::summary(&found.arms),
            tables::scores_by_arm(&found.arms),
            tables::versus(&found.pairs),
            tables::closing_by_arm(task),
            tables::companions(&found.companions),
            tables::controls(&found.controls),
        ] {
            text += &match medium {
                Medium::Markdown => table.markdown(),
                _ => table.text(),
            };
        }
        text += &list("Not compared:", &refusals(&found), medium);
        text += &list("Runs that did not finish:", &unfinished(&found), medium);
    }
    text + &list("Folders left out:", &left_out(set), medium)
}

fn list(title: &str, lines: &[String], medium: Medium) -> String {
    let bullet = if medium == Medium::Markdown {
        "- "
    } else {
        "  "
    };
    let lines = lines
        .iter()
        .map(|line| format!("{bullet}{}\n", escape(line, medium)));
    match lines.collect::<String>() {
        none if none.is_empty() => none,
        lines => format!("{title}\n\n{lines}\n"),
    }
}

/// One line for each pair that cannot be compared.
pub(crate) fn refusals(found: &Overview) -> Vec<String> {
    let refused = found
        .pairs
        .iter()
        .filter_map(|pair| Some((pair, pair.versus.as_ref().err()?)));
    refused
        .map(|(pair, reason)| format!("{} against {}: {reason}", pair.plain, pair.exact))
        .collect()
}

/// One line for each run that did not finish.
pub(crate) fn unfinished(found: &Overview) -> Vec<String> {
    let runs = found.arms.iter().flat_map(|arm| &arm.unfinished);
    runs.map(|run| format!("{}: {}", run.run, words::standing(run)))
        .collect()
}

/// One line for each folder that is left out.
pub fn left_out(set: &RunSet) -> Vec<String> {
    let line = |broken: &twirl_compare::Broken| {
        format!("{}: {}", broken.path.display(), one_line(&broken.reason))
    };
    set.broken.iter().map(line).collect()
}
