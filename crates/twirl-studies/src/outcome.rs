//! What a study ends in: findings, figures, a chart.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use twirl_record::write_whole;
use twirl_report::{Chart, Table};

use crate::error::StudyError;
use crate::holm::{Test, kept};
use crate::judgement::Judgement;
use crate::published::Published;

/// The judgement of a claim on one task and arm, with its figures in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// `task/arm`, or what else is judged.
    pub place: String,
    /// What the figures say there.
    pub judgement: Judgement,
    /// The figures.
    pub figures: String,
    /// What forbids a judgement there.
    pub forbidden: Vec<String>,
    /// The interval that was held against a level, if it is a judgement of that kind.
    pub test: Option<Test>,
    /// The mark of a set-up that a paper ran.
    pub published: Option<Published>,
}

impl Finding {
    /// A judgement that is not of an interval against a level.
    pub(crate) fn said(place: impl Into<String>, judgement: Judgement, figures: String) -> Self {
        Self {
            place: place.into(),
            judgement,
            figures,
            forbidden: Vec::new(),
            test: None,
            published: None,
        }
    }

    /// What an interval says, if there is one.
    pub(crate) fn tested(place: impl Into<String>, test: Option<Test>, figures: String) -> Self {
        let judgement = test.map_or(Judgement::Undecided, |test| test.judgement());
        let finding = Self::said(place, judgement, figures);
        Self { test, ..finding }
    }

    /// Undecided, for these reasons, if there are any.
    pub(crate) fn forbid(mut self, reasons: impl IntoIterator<Item = String>) -> Self {
        self.forbidden.extend(reasons);
        if !self.forbidden.is_empty() {
            self.judgement = Judgement::Undecided;
        }
        self
    }

    /// As a report reads it again.
    pub(crate) fn json(&self) -> Value {
        json!({
            "place": self.place,
            "verdict": self.judgement.text(self.published.is_some()),
            "figures": self.figures,
            "forbidden": self.forbidden,
        })
    }

    fn text(&self) -> String {
        let word = self.judgement.text(self.published.is_some());
        let reasons = self.forbidden.join(", ");
        let colon = if reasons.is_empty() { "" } else { ": " };
        format!("{}: {} ({word}{colon}{reasons})", self.place, self.figures)
    }
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
    /// Further charts, by the names of their files.
    pub further: Vec<(&'static str, Chart)>,
}

impl Outcome {
    /// A place that has no figure: it is undecided, and the reason stands in its place.
    pub(crate) fn gap(&mut self, place: impl Into<String>, why: impl Into<String>) {
        let figures = format!("no figure: {}", why.into());
        let gap = Finding::said(place, Judgement::Undecided, figures);
        self.findings.push(gap);
    }

    /// Makes undecided what Holm's procedure does not keep among all tests of the study.
    pub(crate) fn hold_as_family(&mut self) {
        let tested = self.findings.iter_mut().filter(|one| one.test.is_some());
        let tested: Vec<&mut Finding> = tested.collect();
        let tests: Vec<Test> = tested.iter().filter_map(|one| one.test).collect();
        for (finding, kept) in tested.into_iter().zip(kept(&tests)) {
            if !kept && finding.judgement != Judgement::Undecided {
                finding.judgement = Judgement::Undecided;
                let why = format!("not kept among {} intervals (Holm)", tests.len());
                finding.forbidden.push(why);
            }
        }
    }

    /// The verdict on a claim in one line. Set-ups that a paper ran are judged apart from extensions.
    pub fn verdict(&self, claim: &str) -> String {
        let of = |published: bool| {
            let own = self.findings.iter();
            let own = own.filter(|one| one.published.is_some() == published);
            let all: Vec<Judgement> = own.map(|one| one.judgement).collect();
            (!all.is_empty()).then(|| Judgement::over(&all).text(published))
        };
        let head = match (of(true), of(false)) {
            (Some(published), Some(extension)) if extension != "undecided" => {
                format!("{published}; {extension}")
            }
            (Some(word), _) | (None, Some(word)) => word.into(),
            (None, None) => "undecided".into(),
        };
        let figures: Vec<String> = self.findings.iter().map(Finding::text).collect();
        let figures = if figures.is_empty() {
            "no cell gave a figure".into()
        } else {
            figures.join("; ")
        };
        format!("{head}: {claim} -- {figures}")
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
        for finding in &self.findings {
            if let Some(published) = &finding.published {
                let _ = writeln!(text, "- {}: {published}", finding.place);
            }
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
        for (name, chart) in &self.further {
            files.push((file(&format!("{name}.svg")), chart.svg()));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holm::Bound;

    fn finding(value: f64, published: bool) -> Finding {
        let test = Test {
            value,
            interval: [value - 0.1, value + 0.1],
            bound: Bound::Below(2.0),
            freedom: 9,
        };
        let mark = Published {
            paper: "a paper".into(),
            claims: Vec::new(),
            noise: String::new(),
            loss: String::new(),
            model: String::new(),
            data: "a tenth of its frames".into(),
            batch: String::new(),
            steps: String::new(),
        };
        let finding = Finding::tested("a/b", Some(test), format!("{value} %"));
        Finding {
            published: published.then_some(mark),
            ..finding
        }
    }

    /// The words `confirmed` and `contradicted` need the mark, and the distances stand in the text.
    #[test]
    fn extensions_confirm_nothing() {
        let outcome = |findings: &[Finding]| Outcome {
            findings: findings.to_vec(),
            ..Outcome::default()
        };
        let starts = |findings: &[Finding], word: &str| {
            let verdict = outcome(findings).verdict("claim");
            assert!(verdict.starts_with(word), "{verdict}");
        };
        starts(&[finding(1.0, false)], "extension, supported: claim");
        starts(&[finding(3.0, false)], "extension, not supported: claim");
        starts(&[finding(1.0, true)], "confirmed: claim");
        starts(
            &[finding(3.0, true), finding(1.9, false)],
            "contradicted: claim",
        );
        let both = [finding(3.0, true), finding(1.0, false)];
        starts(&both, "contradicted; extension, supported: claim");
        starts(
            &[finding(3.0, false), finding(1.0, false)],
            "undecided: claim",
        );
        starts(&[], "undecided: claim");
        let text = outcome(&both).text("claim", "rule", false);
        assert!(text.contains("data: a tenth of its frames"), "{text}");
    }

    #[test]
    fn what_is_forbidden_is_undecided_and_says_why() {
        let edge = finding(1.0, true).forbid(["at the edge".to_owned()]);
        assert_eq!(edge.judgement, Judgement::Undecided);
        assert!(edge.text().ends_with("(undecided: at the edge)"));
        let free = finding(1.0, true).forbid([]);
        assert_eq!(free.judgement, Judgement::Supported);
        let mut outcome = Outcome {
            findings: vec![finding(1.89, false), finding(1.89, false)],
            ..Outcome::default()
        };
        outcome.hold_as_family();
        assert!(
            outcome
                .verdict("claim")
                .contains("among 2 intervals (Holm)")
        );
    }
}
