//! What the studies in a folder have found, as their own files say it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use twirl_record::one_line;

/// A study's file that makes its folder one.
const VERDICT: &str = "verdict.txt";

/// What a study says of its claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyVerdict {
    /// Its folder, relative to the folder that was read.
    pub path: PathBuf,
    /// Name of the study.
    pub study: String,
    /// What is claimed.
    pub claim: String,
    /// The verdict over all set-ups, in the words of the study.
    pub verdict: String,
    /// Set-up by set-up.
    pub findings: Vec<StudyFinding>,
}

/// What a study says of its claim for one set-up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StudyFinding {
    /// `task/arm`, or what else is judged.
    pub place: String,
    /// What the figures say there, in the words of the study.
    pub verdict: String,
    /// The figures.
    pub figures: String,
    /// What forbids a judgement there.
    #[serde(default)]
    pub forbidden: Vec<String>,
}

/// What is read of a study's manifest; it has no format number of its own.
#[derive(Deserialize)]
struct Manifest {
    study: String,
    claim: String,
    verdict: String,
    findings: Vec<StudyFinding>,
}

/// Whether a folder is that of a study.
pub(crate) fn is_study(dir: &Path) -> bool {
    dir.join(VERDICT).is_file()
}

/// The study in a folder. `path` is how its reader calls it.
///
/// # Errors
/// In one line, why its manifest cannot be read.
pub(crate) fn read_study(dir: &Path, path: PathBuf) -> Result<StudyVerdict, String> {
    let read = fs::read_to_string(dir.join("manifest.json")).map_err(|error| error.to_string());
    let manifest = read.and_then(|text| serde_json::from_str::<Manifest>(&text).map_err(one_line));
    let manifest =
        manifest.map_err(|reason| format!("manifest.json: {reason}; make the study again"))?;
    let Manifest {
        study,
        claim,
        verdict,
        findings,
    } = manifest;
    // "WORD: CLAIM -- FIGURES"
    let word = match verdict.split_once(&format!(": {claim} -- ")) {
        Some((word, _)) => word.to_owned(),
        None => verdict,
    };
    Ok(StudyVerdict {
        path,
        study,
        claim,
        verdict: word,
        findings,
    })
}

/// The studies in folders beside a folder whose names say that they hold studies, as they are named unless
/// told otherwise: `../studies-quick/STUDY`. What cannot be read is left to a report of its own folder.
pub(crate) fn beside(dir: &Path) -> Vec<StudyVerdict> {
    let Ok(dir) = dir.canonicalize() else {
        return Vec::new();
    };
    let Some(parent) = dir.parent() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let named = |group: &PathBuf| {
        let name = group.file_name().unwrap_or_default().to_string_lossy();
        name.contains("studies") && *group != dir
    };
    for group in folders(parent).into_iter().filter(named) {
        for study in folders(&group).into_iter().filter(|path| is_study(path)) {
            let inner = study.strip_prefix(parent).unwrap_or(&study);
            found.extend(read_study(&study, Path::new("..").join(inner)));
        }
    }
    found
}

/// The folders in a folder, in alphabetical order; none where it cannot be listed.
fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders: Vec<PathBuf> = inner.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every committed study is read in full.
    #[test]
    fn committed_studies_are_read() {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
        let mut studies = 0;
        for group in folders(&results) {
            for dir in folders(&group).into_iter().filter(|dir| is_study(dir)) {
                let study = read_study(&dir, dir.clone()).expect("a study");
                let line = fs::read_to_string(dir.join(VERDICT)).expect("a line");
                let said = |word: &str| {
                    let forms = [format!("({word}"), format!("(extension, {word}")];
                    forms
                        .iter()
                        .map(|form| line.matches(form).count())
                        .sum::<usize>()
                };
                let judged = said("supported") + said("not supported") + said("undecided");
                assert_eq!(study.findings.len(), judged, "{}", dir.display());
                assert!(line.starts_with(&format!("{}: {}", study.verdict, study.claim)));
                studies += 1;
            }
        }
        assert!(studies >= 10);
    }
}
