//! What a study ends in: findings, figures, a chart.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;
use twirl_record::write_whole;
use twirl_report::Chart;

use crate::error::StudyError;
use crate::judgement::Judgement;
use twirl_report::Table;

/// The judgement of a claim on one task and arm, with its figures in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// `task/arm`, or what else is judged.
    pub place: String,
    /// What the figures say there.
    pub judgement: Judgement,
    /// The figures.
    pub figures: String,
}

/// The result of a study.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What is found at each place.
    pub findings: Vec<Finding>,
    /// Figures; tables without a title are for machines alone.
    pub tables: Vec<Table>,
    /// What must be read beside them.
    pub notes: Vec<String>,
    /// The chart.
    pub chart: Chart,
}

impl Outcome {
    /// A place that has no figure: it is undecided, and the reason stands in its place.
    pub(crate) fn gap(&mut self, place: impl Into<String>, why: impl Into<String>) {
        self.findings.push(Finding {
            place: place.into(),
            judgement: Judgement::Undecided,
            figures: format!("no figure: {}", why.into()),
        });
    }

    /// The verdict on a claim in one line.
    pub fn verdict(&self, claim: &str) -> String {
        let all: Vec<Judgement> = self.findings.iter().map(|one| one.judgement).collect();
        let figures: Vec<String> = self
            .findings
            .iter()
            .map(|one| format!("{}: {} ({})", one.place, one.figures, one.judgement.text()))
            .collect();
        let figures = if figures.is_empty() {
            "no cell gave a figure".into()
        } else {
            figures.join("; ")
        };
        format!("{}: {claim} -- {figures}", Judgement::over(&all).text())
    }

    /// Claim, rule, verdict, tables and notes, as text for a terminal or as Markdown.
    pub fn text(&self, claim: &str, rule: &str, markdown: bool) -> String {
        let mut text = String::new();
        let (strong, gap) = if markdown { ("**", "\n\n") } else { ("", "\n") };
        for (what, words, gap) in [
            ("Claim.", claim, gap),
            ("Rule, fixed in advance.", rule, gap),
            ("Verdict.", &self.verdict(claim), "\n\n"),
        ] {
            let _ = write!(text, "{strong}{what}{strong} {words}{gap}");
        }
        for table in &self.tables {
            text += &if markdown {
                table.markdown()
            } else {
                table.text()
            };
        }
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }

    /// Writes the files of the study.
    pub(crate) fn write(
        &self,
        folder: &Path,
        [claim, rule]: [&str; 2],
        manifest: &Value,
    ) -> Result<(), StudyError> {
        fs::create_dir_all(folder).map_err(StudyError::file(folder))?;
        let file = |name: &str| folder.join(name);
        let manifest_text = serde_json::to_string_pretty(manifest);
        let mut files = vec![
            (file("table.md"), self.text(claim, rule, true)),
            (file("verdict.txt"), self.verdict(claim) + "\n"),
            (file("figure.svg"), self.chart.svg()),
        ];
        for table in &self.tables {
            files.push((file(&format!("{}.csv", table.name)), table.csv()));
        }
        let path = file("manifest.json");
        let text = manifest_text.map_err(StudyError::json(&path))?;
        files.push((path, text));
        for (path, text) in files {
            write_whole(&path, text.as_bytes())?;
        }
        Ok(())
    }
}
