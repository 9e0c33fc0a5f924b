//! What a study ends in: a verdict, tables, a figure and its data.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;
use twirl_harness::write_whole;
use twirl_report::{Chart, Estimate, Grid, mean_over_seeds};

/// What the figures say about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    Supported,
    NotSupported,
    Undecided,
}

impl Judgement {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::NotSupported => "not supported",
            Self::Undecided => "undecided",
        }
    }

    /// Over tasks: supported if in every one, not supported if in one or more and supported in
    /// none, else undecided.
    pub(crate) fn over(all: &[Self]) -> Self {
        let any = |wanted| all.contains(&wanted);
        if !all.is_empty() && all.iter().all(|one| *one == Self::Supported) {
            Self::Supported
        } else if any(Self::NotSupported) && !any(Self::Supported) {
            Self::NotSupported
        } else {
            Self::Undecided
        }
    }

    /// Supported if the whole interval lies above `level`, not supported if below.
    pub(crate) fn above(interval: Option<[f64; 2]>, level: f64) -> Self {
        match interval {
            Some([low, _]) if low > level => Self::Supported,
            Some([_, high]) if high < level => Self::NotSupported,
            _ => Self::Undecided,
        }
    }
}

/// The judgement of a claim on one task and arm, with its figures in words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) place: String,
    pub(crate) judgement: Judgement,
    pub(crate) figures: String,
}

/// A table of data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sheet {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(crate) fn new<const N: usize>(head: [&'static str; N]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: impl Into<Vec<String>>) {
        let row = row.into();
        assert_eq!(
            row.len(),
            self.head.len(),
            "a row has a cell for each column"
        );
        self.rows.push(row);
    }

    fn csv(&self) -> String {
        let field = |text: &str| {
            if text.contains([',', '"', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let mut text = self.head.join(",");
        text.push('\n');
        for row in &self.rows {
            let row: Vec<String> = row.iter().map(|cell| field(cell)).collect();
            text.push_str(&row.join(","));
            text.push('\n');
        }
        text
    }
}

/// The result of a study.
pub(crate) struct Outcome {
    /// The claim that is judged.
    pub(crate) claim: &'static str,
    /// The rule, fixed in advance.
    pub(crate) rule: &'static str,
    pub(crate) findings: Vec<Finding>,
    pub(crate) tables: Vec<Grid>,
    pub(crate) notes: Vec<String>,
    pub(crate) chart: Chart,
    pub(crate) sheet: Sheet,
}

impl Outcome {
    /// The verdict in one line.
    pub(crate) fn verdict(&self) -> String {
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
        format!(
            "{}: {} -- {figures}",
            Judgement::over(&all).text(),
            self.claim
        )
    }

    /// Claim, rule, verdict, tables and notes, as text for a terminal or as Markdown.
    pub(crate) fn text(&self, markdown: bool) -> String {
        let mut text = String::new();
        let (strong, gap) = if markdown { ("**", "\n\n") } else { ("", "\n") };
        let _ = write!(text, "{strong}Claim.{strong} {}{gap}", self.claim);
        let _ = write!(
            text,
            "{strong}Rule, fixed in advance.{strong} {}{gap}",
            self.rule
        );
        let _ = write!(text, "{strong}Verdict.{strong} {}\n\n", self.verdict());
        for table in &self.tables {
            text.push_str(&if markdown {
                table.markdown()
            } else {
                table.text()
            });
        }
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }

    /// Writes the files of the study.
    pub(crate) fn write(&self, folder: &Path, manifest: &Value) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let files = [
            ("table.md", self.text(true)),
            ("verdict.txt", format!("{}\n", self.verdict())),
            ("figure.svg", self.chart.svg()),
            ("data.csv", self.sheet.csv()),
            ("manifest.json", serde_json::to_string_pretty(manifest)?),
        ];
        for (name, text) in files {
            write_whole(&folder.join(name), text.as_bytes())?;
        }
        Ok(())
    }
}

/// Geometric mean over seeds, with its interval. Not for values at or below zero.
pub(crate) fn geometric(values: &[f64]) -> Option<Estimate> {
    if values.is_empty()
        || values
            .iter()
            .any(|value| !(value.is_finite() && *value > 0.0))
    {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let mean = mean_over_seeds(&logs, None);
    Some(Estimate {
        value: mean.value.exp(),
        interval: mean.interval.map(|ends| ends.map(f64::exp)),
    })
}

/// Arithmetic mean over seeds, with its interval.
pub(crate) fn arithmetic(values: &[f64]) -> Option<Estimate> {
    let usable = !values.is_empty() && values.iter().all(|value| value.is_finite());
    usable.then(|| mean_over_seeds(values, None))
}

/// `1.23 (1.1 to 1.4)`.
pub(crate) fn with_interval(estimate: Option<Estimate>) -> String {
    let Some(estimate) = estimate else {
        return "-".into();
    };
    let value = twirl_report::significant(estimate.value, 3);
    match estimate.interval {
        Some(_) => format!("{value} ({})", twirl_report::range(estimate.interval, 3)),
        None => format!("{value} (fewer than 3 seeds: no interval)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judgements_follow_the_rule() {
        use Judgement::{NotSupported, Supported, Undecided};
        assert_eq!(Judgement::over(&[]), Undecided);
        assert_eq!(Judgement::over(&[Supported, Supported]), Supported);
        assert_eq!(Judgement::over(&[Supported, Undecided]), Undecided);
        assert_eq!(Judgement::over(&[Supported, NotSupported]), Undecided);
        assert_eq!(Judgement::over(&[Undecided, NotSupported]), NotSupported);
        assert_eq!(Judgement::above(Some([1.1, 2.0]), 1.0), Supported);
        assert_eq!(Judgement::above(Some([0.9, 2.0]), 1.0), Undecided);
        assert_eq!(Judgement::above(Some([0.2, 0.9]), 1.0), NotSupported);
        assert_eq!(Judgement::above(None, 1.0), Undecided);
    }

    #[test]
    fn geometric_means_have_intervals_from_three_seeds() {
        let two = geometric(&[1.0, 4.0]).expect("positive");
        assert!((two.value - 2.0).abs() < 1e-12 && two.interval.is_none());
        let three = geometric(&[1.0, 2.0, 4.0]).expect("positive");
        let [low, high] = three.interval.expect("three seeds");
        assert!(low < 1.0 && high > 4.0 && (low * high - 4.0).abs() < 0.2);
        assert_eq!(geometric(&[1.0, 0.0, 2.0]), None);
    }
}
