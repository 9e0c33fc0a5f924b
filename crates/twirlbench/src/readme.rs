//! `twirlbench report DIR --readme FILE`: the part of a README between two marks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use twirl_harness::write_whole;
use twirl_report::RunSet;

/// Folder of the figures, beside the README.
const FIGURES: &str = "docs/figures";

/// Rewrites the part between `<!-- results: NAME -->` and `<!-- end of results -->`, NAME being
/// that of the results folder, and the figures that it shows.
pub(crate) fn write(runs: &RunSet, dir: &Path, file: &Path) -> Result<()> {
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
    let part = twirl_report::readme(runs, &name, FIGURES);
    let folder = file.parent().unwrap_or(Path::new(".")).join(FIGURES);
    fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    for (figure, svg) in &part.figures {
        write_whole(&folder.join(figure), svg.as_bytes())?;
    }
    let text = format!("{before}{begin}\n{}\n{end}{after}", part.markdown);
    write_whole(file, text.as_bytes())?;
    Ok(())
}
