//! The commands in README.md and docs/*.md run, and what they link to is there.
//!
//! A block that begins with ```` ```sh run ```` is run by `sh -e` with this program in the path. The blocks of a
//! chapter share a folder and run in order. Other `sh` blocks are for the reader's eyes: they may not begin
//! a line with `twirlbench`, but in the chapter on clusters, whose commands need one.

mod links;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// README.md and the chapters, with their texts.
pub(crate) fn chapters() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(root().join("docs")).expect("docs");
    let mut paths: Vec<PathBuf> = docs.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    paths.push(root().join("README.md"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("text");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// The first line of each fenced block after its marks, and its lines.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        let fence = line.trim_start().strip_prefix("```");
        open = match (open, fence) {
            (Some(block), Some("")) => {
                blocks.push(block);
                None
            }
            (Some((kind, lines)), _) => Some((kind, lines + line + "\n")),
            (None, Some(kind)) => Some((kind.to_owned(), String::new())),
            (None, None) => None,
        };
    }
    assert!(open.is_none(), "a block is left open");
    blocks
}

/// Runs the blocks of a chapter; what failed, in words.
fn run(name: &str, script: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (fixture, file) in [
        ("analytic.npz", "predictions.npz"),
        ("analytic.h5", "predictions.h5"),
    ] {
        let copied = fs::copy(fixtures.join(fixture), folder.path().join(file));
        copied.map_err(|error| error.to_string())?;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_twirlbench"));
    let mut path = program.parent().expect("a folder").as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(folder.path())
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{name}: {}\n{script}\n{said}", output.status))
}

#[cfg(unix)]
#[test]
fn every_command_of_the_book_runs() {
    let mut scripts = Vec::new();
    for (path, text) in chapters() {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let runnable = blocks(&text)
            .into_iter()
            .filter(|block| block.0 == "sh run");
        let script: String = runnable.map(|block| block.1).collect();
        if !script.is_empty() {
            scripts.push((name, script));
        }
    }
    assert!(
        scripts.len() >= 6,
        "{} chapters with commands",
        scripts.len()
    );
    let runs = scripts.into_iter();
    let runs: Vec<_> = runs
        .map(|(name, script)| thread::spawn(move || run(&name, &script)))
        .collect();
    let ended = runs.into_iter().map(|run| run.join().expect("no panic"));
    let failed: Vec<String> = ended.filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_command_is_shown_that_is_not_run() {
    for (path, text) in chapters() {
        for (kind, lines) in blocks(&text) {
            let shell = path.file_name().is_some_and(|name| name != "cluster.md")
                && ["sh", "bash", "console", "shell"].contains(&kind.as_str());
            let command = lines
                .lines()
                .find(|line| line.trim_start().starts_with("twirlbench "));
            assert!(
                !shell || command.is_none(),
                "{}: {} is not run; begin its block with ```sh run",
                path.display(),
                command.unwrap_or_default()
            );
        }
    }
}
