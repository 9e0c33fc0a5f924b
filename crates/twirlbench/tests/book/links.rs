//! Links between the chapters, and to files and headings.

use std::fs;

use crate::chapters;

/// The targets of links and pictures outside of code.
fn targets(text: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut code = false;
    for paragraph in text.split("\n\n") {
        // A link may go on in the next line; code may not hold one.
        let mut lines = String::new();
        for line in paragraph.lines() {
            code ^= line.trim_start().starts_with("```");
            if !code {
                lines += line.trim();
                lines.push(' ');
            }
        }
        let prose = lines.split('`').step_by(2).collect::<Vec<_>>().join("");
        for part in prose.split("](").skip(1) {
            targets.extend(part.split(')').next().map(ToOwned::to_owned));
        }
    }
    targets
}

/// A heading as GitHub names its place.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    let kept = letters
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.collect::<String>().replace(' ', "-")
}

fn anchors(text: &str) -> Vec<String> {
    let mut code = false;
    let mut anchors = Vec::new();
    for line in text.lines() {
        code ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if !code && heading.len() < line.len() && heading.starts_with(' ') {
            anchors.push(anchor(heading));
        }
    }
    anchors
}

#[test]
fn every_link_leads_somewhere() {
    let mut checked = 0;
    for (path, text) in chapters() {
        let folder = path.parent().expect("a folder");
        for target in targets(&text) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, place) = target.split_once('#').unwrap_or((&target, ""));
            let found = if file.is_empty() {
                path.clone()
            } else {
                folder.join(file)
            };
            assert!(found.exists(), "{}: no {target}", path.display());
            if !place.is_empty() {
                let text = fs::read_to_string(&found).expect("text");
                assert!(
                    anchors(&text).iter().any(|anchor| anchor == place),
                    "{}: no heading {target}",
                    path.display()
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked} links");
}

#[test]
fn links_and_headings_are_found() {
    let text =
        "# A `b` c\n[one](two.md#a-b-c), `[no](code)` and [a\nlong](three)\n\n```\n[x](y)\n```\n";
    assert_eq!(targets(text), ["two.md#a-b-c", "three"]);
    assert_eq!(anchors(text), ["a-b-c"]);
}
