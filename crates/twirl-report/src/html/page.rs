//! The page. It is written as well-formed XML too, so that any parser can read it.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use twirl_compare::{Overview, RunSet};

use crate::html::overview::overview;
use crate::html::section::{list, section};
use crate::report::left_out;
use crate::text::unsteered;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");
const DEFINITIONS: &str = include_str!("definitions.html");
/// HTML has no end tags for these, and XML wants one.
const META: &str = "<meta charset=\"utf-8\"/>\n\
                    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
                    <meta name=\"color-scheme\" content=\"light dark\"/>\n";

/// One page with figures, tables, definitions and every manifest, for the folder that was read. No network,
/// no external script.
pub fn html(set: &RunSet) -> String {
    html_from(set, "")
}

/// The same for a page elsewhere, to which `base` is the way to the folder that was read.
pub fn html_from(set: &RunSet, base: &str) -> String {
    let overviews: Vec<Overview> = set.tasks.iter().map(Overview::of).collect();
    let mut names: Vec<&str> = set.tasks.iter().map(|task| task.task.as_str()).collect();
    if names.is_empty() {
        names.extend(set.studies.iter().map(|study| study.study.as_str()));
    }
    let sections = overviews.iter().enumerate();
    let sections: Vec<_> = sections
        .map(|(index, found)| section(found, index))
        .collect();
    let broken = left_out(set);
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
                    nav aria-label="Contents" {
                        ul.toc {
                            li { a href="#overview" { "Overview" } }
                            @for (index, (_, contents)) in sections.iter().enumerate() {
                                li {
                                    a href={ "#task-" (index) } { (overviews[index].task.task) }
                                    ul {
                                        @for (place, name) in contents {
                                            li { a href={ "#" (place) } { (name) } }
                                        }
                                    }
                                }
                            }
                            @if !broken.is_empty() {
                                li { a href="#left-out" { "Folders left out" } }
                            }
                            li { a href="#definitions" { "Definitions" } }
                            @if !set.tasks.is_empty() { li { a href="#manifests" { "Manifests" } } }
                        }
                    }
                }
                main {
                    (overview(set, &overviews, base))
                    @for (section, _) in &sections { (section) }
                    @if !broken.is_empty() {
                        section id="left-out" { h2 { "Folders left out" } (list(&broken)) }
                    }
                    (PreEscaped(DEFINITIONS))
                    @if !set.tasks.is_empty() { (manifests(set)) }
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
                    summary { (run.path.display()) " (" (run.manifest.status.name()) ")" }
                    pre { (text) }
                }
                "\n"
            }
        }
    }
}
