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
    findings: Option<Vec<StudyFinding>>,
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
    let (word, figures) = match verdict.split_once(&format!(": {claim} -- ")) {
        Some((word, figures)) => (word.to_owned(), figures),
        None => (verdict.clone(), ""),
    };
    Ok(StudyVerdict {
        path,
        study,
        claim,
        verdict: word,
        findings: findings.unwrap_or_else(|| of_line(figures)),
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

/// Words in which a study judges, as the line of a verdict brackets them.
const WORDS: [&str; 7] = [
    "supported",
    "not supported",
    "undecided",
    "confirmed",
    "contradicted",
    "extension, supported",
    "extension, not supported",
];

/// The findings of a study from before its manifest listed them: `PLACE: FIGURES (WORD: WHY); ...`.
fn of_line(mut line: &str) -> Vec<StudyFinding> {
    let mut findings = Vec::new();
    while let Some((place, rest)) = line.split_once(": ") {
        let word = WORDS.iter().flat_map(|word| {
            let ends = [format!(" ({word})"), format!(" ({word}: ")];
            ends.map(|end| rest.find(&end).map(|at| (at, *word)))
        });
        let Some((at, word)) = word.flatten().min() else {
            break;
        };
        let bracket = &rest[at + 2 + word.len()..];
        let end = closing(bracket);
        let why = bracket[..end].trim_start_matches(": ");
        findings.push(StudyFinding {
            place: place.to_owned(),
            verdict: word.to_owned(),
            figures: rest[..at].to_owned(),
            forbidden: (!why.is_empty())
                .then(|| why.to_owned())
                .into_iter()
                .collect(),
        });
        line = bracket[end..]
            .trim_start_matches(')')
            .trim_start_matches("; ");
    }
    findings
}

/// Where the bracket closes that text stands in.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_findings_is_taken_apart_at_its_judgements() {
        let line = "a/b: 1.0 % (0.5 to 2) at step 4; higher (not supported); c/d: p = 2 (undecided: not \
                    kept among 4 intervals (Holm)); e: x against y: ratio 1 (extension, supported)";
        let found = of_line(line);
        let parts: Vec<[&str; 3]> = found
            .iter()
            .map(|one| [&*one.place, &*one.verdict, &*one.figures])
            .collect();
        assert_eq!(
            parts,
            [
                ["a/b", "not supported", "1.0 % (0.5 to 2) at step 4; higher"],
                ["c/d", "undecided", "p = 2"],
                ["e", "extension, supported", "x against y: ratio 1"],
            ]
        );
        assert_eq!(found[1].forbidden, ["not kept among 4 intervals (Holm)"]);
        assert!(of_line("no cell gave a figure").is_empty());
    }

    /// Every study that was ever committed is taken apart in full.
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
