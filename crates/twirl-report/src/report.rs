//! The report as plain text, as Markdown, and as tables for other programs.

use std::fmt::Write;

use twirl_compare::{Overview, RunSet, StudyVerdict};

use crate::headline::headline;
use crate::table::Table;
use crate::tables;
use crate::text::{Medium, WIDTH, escape, file_stem, one_line, wrapped};
use crate::words;

/// What matters, for a terminal: three sentences and one table for each task, the verdicts of studies, what
/// was left out. ASCII, at most 120 columns, no colour.
pub fn brief(set: &RunSet) -> String {
    let overviews: Vec<Overview> = set.tasks.iter().map(Overview::of).collect();
    let mut text = sentences(&overviews, &set.studies);
    for found in &overviews {
        text += &tables::last(&found.task.task, &found.arms).text();
        text += &beside(found, Medium::Terminal);
    }
    text + &list("Folders left out:", &left_out(set), Medium::Terminal)
}

/// All tables for a terminal, below the same sentences: at most 120 columns, no colour.
pub fn terminal(set: &RunSet) -> String {
    write(set, Medium::Terminal)
}

/// The same tables as Markdown.
pub fn markdown(set: &RunSet) -> String {
    write(set, Medium::Markdown)
}

/// Every table of every task, for other programs: `TASK-percent-steps`, `split-steps`, `loss-cost`,
/// `summary`, `terms`, `scores`, `versus`, `cost`, `term-steps`, `spectrum`, `twirl`, `companions`,
/// `closing`, `controls`.
pub fn all_tables(set: &RunSet) -> Vec<Table> {
    let of_task = |task| {
        let found = Overview::of(task);
        let tables = [
            tables::percent_steps(task),
            tables::split_steps(task),
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

/// The sentences that come first: of each task three, of each study its verdict.
fn sentences(overviews: &[Overview], studies: &[StudyVerdict]) -> String {
    let mut text = String::new();
    for found in overviews {
        let _ = writeln!(text, "{}", escape(&found.task.task, Medium::Terminal));
        for line in headline(found).lines() {
            text += &wrapped(&escape(&line, Medium::Terminal), "  ", "    ");
        }
        text.push('\n');
    }
    for study in studies {
        let line = format!("{}: {} -- {}", study.study, study.claim, study.verdict);
        text += &wrapped(&escape(&line, Medium::Terminal), "", "  ");
        for finding in &study.findings {
            let line = words::study_finding(finding);
            text += &wrapped(&escape(&line, Medium::Terminal), "  ", "    ");
        }
        text.push('\n');
    }
    text
}

fn write(set: &RunSet, medium: Medium) -> String {
    let safe = |text: &str| escape(text, medium);
    let overviews: Vec<Overview> = set.tasks.iter().map(Overview::of).collect();
    let mut text = match medium {
        Medium::Markdown => claims(&set.studies),
        _ => sentences(&overviews, &set.studies),
    };
    for found in &overviews {
        let name = safe(&found.task.task);
        let _ = match medium {
            Medium::Markdown => write!(
                text,
                "## {name}\n\n{}\n\n",
                headline(found).lines().map(|line| safe(&line)).join(" ")
            ),
            _ => write!(text, "{name}\n{}\n\n", "=".repeat(name.len().min(WIDTH))),
        };
        for table in [
            tables::summary(&found.arms),
            tables::scores_by_arm(&found.arms),
            tables::versus(&found.pairs),
            tables::closing_by_arm(found.task),
            tables::companions(&found.companions),
            tables::controls(&found.controls),
        ] {
            text += &match medium {
                Medium::Markdown => table.markdown(),
                _ => table.text(),
            };
        }
        text += &beside(found, medium);
    }
    text + &list("Folders left out:", &left_out(set), medium)
}

/// The verdicts of studies as a list.
fn claims(studies: &[StudyVerdict]) -> String {
    let mut text = String::new();
    for study in studies {
        let line = format!("{}, {}: {}", study.study, study.verdict, study.claim);
        let _ = writeln!(text, "- {}", escape(&line, Medium::Markdown));
        for finding in &study.findings {
            let line = escape(&words::study_finding(finding), Medium::Markdown);
            let _ = writeln!(text, "  - {line}");
        }
    }
    if text.is_empty() {
        return text;
    }
    text + "\n"
}

/// What is not in a task's tables.
fn beside(found: &Overview, medium: Medium) -> String {
    list("Not compared:", &refusals(found), medium)
        + &list("Runs that did not finish:", &unfinished(found), medium)
}

fn list(title: &str, lines: &[String], medium: Medium) -> String {
    let line = |line: &String| match medium {
        Medium::Markdown => format!("- {}\n", escape(line, medium)),
        _ => wrapped(&escape(line, medium), "  ", "    "),
    };
    match lines.iter().map(line).collect::<String>() {
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
