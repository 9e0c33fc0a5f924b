//! `twirlbench report DIR --readme FILE`: the part of a README between two marks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use twirl_compare::RunSet;
use twirl_harness::write_whole;
use twirl_report::ReadmePart;

use crate::claims;

/// Folder of the figures, beside the README.
const FIGURES: &str = "docs/figures";

/// Rewrites the part between `<!-- results: NAME -->` and `<!-- end of results -->`, NAME being
/// that of the results folder, and the figures that it shows. The folder holds runs or studies.
pub(crate) fn write(dir: &Path, file: &Path) -> Result<()> {
    let place = || format!("{}", file.display());
    let full = dir
        .canonicalize()
        .with_context(|| format!("{}", dir.display()))?;
    let name = full.file_name().unwrap_or_default().to_string_lossy();
    let text = fs::read_to_string(file).with_context(place)?;
    let (begin, end) = (
        format!("<!-- results: {name} -->\n"),
        "<!-- end of results -->",
    );
    let (before, rest) = text
        .split_once(&begin)
        .with_context(|| format!("{}: no line {begin}", file.display()))?;
    let (_, after) = rest
        .split_once(end)
        .with_context(|| format!("{}: no line {end} after {begin}", file.display()))?;
    let part = match studies(dir, &name)? {
        Some(part) => part,
        None => twirl_report::readme(&RunSet::read(dir)?, &name, FIGURES),
    };
    let folder = file.parent().unwrap_or(Path::new(".")).join(FIGURES);
    fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    for (figure, svg) in &part.figures {
        write_whole(&folder.join(figure), svg.as_bytes())?;
    }
    let text = format!("{before}{begin}\n{}\n{end}{after}", part.markdown);
    let text = claims::rewrite(&text, full.parent().unwrap_or(Path::new(".")))?;
    write_whole(file, text.as_bytes())?;
    Ok(())
}

/// The verdict and the figure of every study in a folder, if it holds studies.
fn studies(dir: &Path, name: &str) -> Result<Option<ReadmePart>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("{}", dir.display()))? {
        let path = entry?.path();
        if path.join("verdict.txt").exists() {
            folders.push(path);
        }
    }
    folders.sort();
    let (mut lines, mut figures) = (Vec::new(), Vec::new());
    for folder in &folders {
        let read = |file: &str| {
            let path = folder.join(file);
            fs::read_to_string(&path).with_context(|| format!("{}", path.display()))
        };
        let manifest: Value = serde_json::from_str(&read("manifest.json")?)?;
        let text = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
        if lines.is_empty() {
            let (device, commit) = (&manifest["device"], text(&manifest["program"]["commit"]));
            lines.push(format!(
                "Generated from [`results/{name}`](results/{name}): {} ({}, {} threads), commit {}.",
                text(&device["name"]),
                text(&device["hardware"]),
                device["threads"],
                commit.chars().take(10).collect::<String>(),
            ));
        }
        let (study, verdict) = (text(&manifest["study"]), text(&manifest["verdict"]));
        let figure = format!("{name}-{study}.svg");
        lines.push(format!(
            "**{study}**, {verdict} ([table](results/{name}/{study}/table.md))"
        ));
        let seen = verdict.split_once(" -- ").map_or("", |(_, seen)| seen);
        lines.push(format!("![{study}: {seen}]({FIGURES}/{figure})"));
        figures.push((figure, read("figure.svg")?));
    }
    Ok((!folders.is_empty()).then(|| ReadmePart {
        markdown: lines.join("\n\n") + "\n",
        figures,
    }))
}
