//! The page. It is written as well-formed XML too, so that any parser can read it.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use twirl_compare::{Overview, RunSet};

use crate::html::section::{list, section};
use crate::report::left_out;
use crate::text::unsteered;
use crate::words;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("hover.js");
const DEFINITIONS: &str = include_str!("definitions.html");
/// HTML has no end tags for these, and XML wants one.
const META: &str = "<meta charset=\"utf-8\"/>\n\
                    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
                    <meta name=\"color-scheme\" content=\"light dark\"/>\n";

/// One page with figures, tables, definitions and every manifest. No network, no external script.
pub fn html(set: &RunSet) -> String {
    let names: Vec<&str> = set.tasks.iter().map(|task| task.task.as_str()).collect();
    let page = html! {
        (DOCTYPE) "\n"
        html lang="en" {
            head {
                (PreEscaped(META))
                title { "twirlbench: " (names.join(", ")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "twirlbench report" }
                    nav aria-label="Sections" {
                        @for (index, name) in names.iter().enumerate() {
                            a href={ "#task-" (index) } { (name) } " "
                        }
                        a href="#definitions" { "Definitions" } " "
                        a href="#manifests" { "Manifests" }
                    }
                }
                main {
                    @for (index, task) in set.tasks.iter().enumerate() {
                        (section(&Overview::of(task), index))
                    }
                    @let broken = left_out(set);
                    @if !broken.is_empty() {
                        section id="left-out" { h2 { "Folders left out" } (list(&broken)) }
                    }
                    (PreEscaped(DEFINITIONS))
                    (manifests(set))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    unsteered(&page.into_string())
}

fn manifests(set: &RunSet) -> Markup {
    html! {
        section id="manifests" {
            h2 { "Manifests" }
            @for run in set.arms().flat_map(|arm| &arm.runs) {
                @let text = serde_json::to_string_pretty(&run.manifest).expect("plain data");
                details {
                    summary { (run.path.display()) " (" (words::status(run.manifest.status)) ")" }
                    pre { (text) }
                }
                "\n"
            }
        }
    }
}
