//! Run folders, through every form of a report.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rand::RngExt;
use twirl_compare::RunSet;
use twirl_report::{all_tables, html, markdown, terminal};

use crate::mutate;
use crate::scratch::Scratch;
use crate::target::{Outcome, Target, refused};

pub(super) const RUNS: Target = Target {
    name: "runs",
    make: |stream| {
        let which = stream.random_range(0..FILES.len());
        let corpus = std::slice::from_ref(&FILES[which].1);
        let mut input = vec![which as u8];
        input.extend(mutate::bytes(corpus, WORDS, stream));
        input
    },
    check,
};

const WORDS: &[&str] = &[
    "\"loss\":",
    "null",
    "\"step\":",
    "-",
    "e999",
    "[",
    "]",
    "{",
    "}",
    "\"status\": \"ok\"",
    "\"height\":",
    "\"panels\":",
    "\"terms\":",
    "9223372036854775808",
    "\n",
    "\u{0}",
];

/// Runs of the newest committed results: two arms of two tasks, with their path below the folder.
static FILES: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let entries = fs::read_dir(&results).expect("the folder of results");
    let folders = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = folders
        .filter(|path| path.join("plan.json").exists())
        .collect();
    folders.sort();
    let newest = folders.last().expect("committed results of a suite");
    let mut files = Vec::new();
    for arm in [
        "force-field/painn",
        "force-field/neighbour-attention",
        "voxel-denoise/unet",
        "voxel-denoise/steerable-unet",
    ] {
        for name in ["manifest.json", "records.jsonl", "pictures.json"] {
            let path = Path::new(arm).join("seed-0").join(name);
            if let Ok(bytes) = fs::read(newest.join(&path)) {
                files.push((path, bytes));
            }
        }
    }
    assert!(
        files.len() > 8,
        "{}: {} files",
        newest.display(),
        files.len()
    );
    files
});

/// Writes the runs, as those of a seed.
pub(super) fn lay(scratch: &Scratch, seed: u64) {
    for (path, bytes) in FILES.iter() {
        let file = scratch.path().join(path);
        let name = file.file_name().expect("a name");
        let folder = file
            .parent()
            .expect("a folder")
            .with_file_name(format!("seed-{seed}"));
        fs::create_dir_all(&folder).expect("a folder");
        let text = String::from_utf8_lossy(bytes);
        let text = text.replace("\"seed\": 0,", &format!("\"seed\": {seed},"));
        fs::write(folder.join(name), text).expect("a file");
    }
}

fn check(input: &[u8], scratch: &Scratch) -> Outcome {
    let (&which, bytes) = input.split_first().expect("the number of a file");
    let (path, intact) = &FILES[usize::from(which)];
    let file = scratch.path().join(path);
    if !file.exists() {
        lay(scratch, 0);
    }
    fs::write(&file, bytes).expect("a file in the scratch folder");
    let set = RunSet::read(scratch.path());
    fs::write(&file, intact).expect("a file in the scratch folder");
    let set = match set {
        Ok(set) => set,
        Err(error) => return refused(&error.to_string()),
    };
    let page = html(&set);
    assert_eq!(page.matches("<script").count(), 1, "scripts in the page");
    for text in [terminal(&set), markdown(&set)] {
        assert!(
            !text.contains("NaN") && !text.contains("inf "),
            "a number that is none"
        );
    }
    let tables = all_tables(&set);
    assert!(tables.iter().any(|table| !table.csv().is_empty()), "no CSV");
    if set.broken.is_empty() {
        Outcome::Accepted
    } else {
        Outcome::Refused
    }
}
