//! The report as plain text and as markdown.

use crate::grid::Grid;
use crate::last;
use crate::runs::{RunSet, TaskRuns};
use crate::summary::{ArmSummary, summarise};
use crate::tables;
use crate::versus::versus_all;

/// Tables for a terminal: ASCII, at most 120 columns, no colour.
pub fn table(set: &RunSet) -> String {
    write(
        set,
        Grid::text,
        |task| format!("{task}\n{}\n\n", "=".repeat(task.len())),
        "  ",
    )
}

/// The same tables as markdown.
pub fn markdown(set: &RunSet) -> String {
    write(set, Grid::markdown, |task| format!("## {task}\n\n"), "- ")
}

fn write(
    set: &RunSet,
    render: fn(&Grid) -> String,
    heading: fn(&str) -> String,
    bullet: &str,
) -> String {
    let list = |title: &str, lines: &[String]| {
        if lines.is_empty() {
            return String::new();
        }
        let lines = lines.iter().fold(String::new(), |text, line| {
            text + bullet
                + line
                + "
"
        });
        format!("{title}\n\n{lines}\n")
    };
    let mut text = String::new();
    for task in &set.tasks {
        let arms: Vec<ArmSummary> = task.arms.iter().map(summarise).collect();
        let pairs = versus_all(task);
        text.push_str(&heading(&task.task));
        for grid in [
            tables::losses(&arms),
            tables::thresholds(&arms),
            tables::scores(&arms),
            tables::versus(&pairs),
            tables::flops(&pairs),
            last::closing(task),
            last::companions(task),
            last::controls(task),
        ] {
            text.push_str(&render(&grid));
        }
        text.push_str(&list("Not compared:", &refusals(task)));
        let notes: Vec<String> = arms.iter().flat_map(|arm| arm.notes.clone()).collect();
        text.push_str(&list("Runs that did not finish:", &notes));
    }
    text.push_str(&list("Folders left out:", &left_out(set)));
    text
}

/// One line for each pair that cannot be compared.
pub(crate) fn refusals(task: &TaskRuns) -> Vec<String> {
    let refusal = |(plain, exact, pair): (String, String, Result<_, String>)| {
        pair.err()
            .map(|reason| format!("{plain} against {exact}: {reason}"))
    };
    versus_all(task).into_iter().filter_map(refusal).collect()
}

/// One line for each folder that is left out.
pub(crate) fn left_out(set: &RunSet) -> Vec<String> {
    set.broken
        .iter()
        .map(|broken| format!("{}: {}", broken.path.display(), broken.reason))
        .collect()
}
