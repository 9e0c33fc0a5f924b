//! The report as one HTML page that needs nothing else.
//!
//! The page is written as well-formed XML too, so that any parser can read it.

mod after;
mod figures;
mod headline;
mod picture;
mod task;

use std::fmt::Write;

pub(crate) use headline::headline;

use crate::runs::RunSet;
use crate::terminal::left_out;
use crate::text::{Medium, escape};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("hover.js");
const DEFINITIONS: &str = include_str!("definitions.html");

/// One page with figures, tables, definitions and every manifest. No network, no external script.
pub fn html(set: &RunSet) -> String {
    let names: Vec<String> = set
        .tasks
        .iter()
        .map(|task| escape(&task.task, Medium::Markup))
        .collect();
    let mut links = String::new();
    for (index, name) in names.iter().enumerate() {
        let _ = write!(links, "<a href=\"#task-{index}\">{name}</a> ");
    }
    let mut body = String::new();
    for (index, task) in set.tasks.iter().enumerate() {
        body.push_str(&task::section(task, index));
    }
    let broken = left_out(set);
    if !broken.is_empty() {
        let _ = writeln!(
            body,
            "<section id=\"left-out\"><h2>Folders left out</h2>{}</section>",
            list(&broken)
        );
    }
    body.push_str(DEFINITIONS);
    body.push_str(&manifests(set));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>twirlbench: {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>twirlbench report</h1>\n<nav aria-label=\"Sections\">{links}\
         <a href=\"#definitions\">Definitions</a> <a href=\"#manifests\">Manifests</a></nav></header>\n\
         <main>\n{body}</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        title = names.join(", "),
    )
}

fn manifests(set: &RunSet) -> String {
    let mut text = String::from("<section id=\"manifests\"><h2>Manifests</h2>\n");
    for run in set.arms().flat_map(|arm| &arm.runs) {
        let manifest =
            serde_json::to_string_pretty(&run.manifest).expect("a manifest is plain data");
        let _ = writeln!(
            text,
            "<details><summary>{} ({})</summary><pre>{}</pre></details>",
            escape(&run.path.display().to_string(), Medium::Markup),
            crate::runs::status_name(run.manifest.status),
            escape(&manifest, Medium::Markup),
        );
    }
    text.push_str("</section>\n");
    text
}

fn list(lines: &[String]) -> String {
    let mut text = String::from(
        "<ul>
",
    );
    for line in lines {
        let _ = writeln!(text, "<li>{}</li>", escape(line, Medium::Markup));
    }
    text + "</ul>
"
}
