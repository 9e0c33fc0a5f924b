//! What the page says first: the claims of studies with their verdicts, and three sentences for each task.

use maud::{Markup, html};
use twirl_compare::{Overview, RunSet, StudyVerdict};

use crate::headline::headline;
use crate::text::percent_encoded;

/// The overview. `base` is the folder as the page refers to it.
pub(super) fn overview(set: &RunSet, overviews: &[Overview], base: &str) -> Markup {
    html! {
        section id="overview" {
            h2 { "Overview" }
            @for study in &set.studies { (claim(study, base)) }
            @for (index, found) in overviews.iter().enumerate() {
                h3 { a href={ "#task-" (index) } { (found.task.task) } }
                ul.lead { @for line in headline(found).lines() { li { (line) } } }
            }
            @if !set.beside.is_empty() {
                h3 { "Studies beside" }
                ul {
                    @for study in &set.beside {
                        li { (links(study, base)) ": " (study.claim) " " (word(&study.verdict)) }
                    }
                }
            }
        }
        "\n"
    }
}

/// A claim, the verdict over all set-ups, and the verdict for each.
fn claim(study: &StudyVerdict, base: &str) -> Markup {
    html! {
        article.claim {
            h3 { (study.claim) }
            p { (word(&study.verdict)) " " (links(study, base)) }
            @if !study.findings.is_empty() {
                div.scroll tabindex="0" role="group" aria-label={ (study.study) ": set-ups" } {
                    table {
                        thead { tr {
                            th.t scope="col" { "set-up" }
                            th.t scope="col" { "verdict" }
                            th.t scope="col" { "what was seen" }
                        } }
                        tbody {
                            @for finding in &study.findings {
                                tr {
                                    th.t scope="row" { (finding.place) }
                                    td.t { (word(&finding.verdict)) }
                                    td.t.w {
                                        (finding.figures)
                                        @if !finding.forbidden.is_empty() {
                                            " (" (finding.forbidden.join(", ")) ")"
                                        }
                                    }
                                }
                                "\n"
                            }
                        }
                    }
                }
            }
        }
        "\n"
    }
}

/// A verdict in the words of its study; colour repeats what the word says.
fn word(verdict: &str) -> Markup {
    let class = if verdict.contains(';') || verdict.contains("undecided") {
        "open"
    } else if verdict.contains("not supported") || verdict.contains("contradicted") {
        "no"
    } else {
        "yes"
    };
    html! { span class={ "verdict " (class) } { (verdict) } }
}

/// The pages of a study: its tables and its figure.
fn links(study: &StudyVerdict, base: &str) -> Markup {
    // A folder that is a study itself is called `.`.
    let inner = study.path.to_string_lossy().replace('\\', "/");
    let inner = if inner == "." { "" } else { inner.as_str() };
    let mut folder = String::new();
    for part in [base, inner].into_iter().filter(|part| !part.is_empty()) {
        folder += &percent_encoded(part.trim_end_matches('/'), "/");
        folder.push('/');
    }
    // Several folders may hold a study of one name.
    let name = match inner.strip_prefix("../") {
        Some(beside) => beside,
        None => &study.study,
    };
    html! {
        a href={ (folder) "table.md" } { "tables of " (name) }
        ", " a href={ (folder) "figure.svg" } { "figure of " (name) }
    }
}
