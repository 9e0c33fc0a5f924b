//! Cells: the independent pieces of a study. A finished one is kept and reused; a failed one is a
//! status.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use twirl_harness::write_whole;

/// How a cell stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Standing {
    /// Finished now.
    Done,
    /// Finished before, with the same settings and program.
    Kept,
    /// Stopped by an error.
    Failed(String),
    /// Not begun.
    NotRun(&'static str),
}

impl Standing {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Done => "ok".into(),
            Self::Kept => "ok (kept)".into(),
            Self::Failed(error) => format!("failed: {error}"),
            Self::NotRun(why) => format!("not run: {why}"),
        }
    }
}

/// The cells of one study, with its deadline.
pub(crate) struct Cells {
    folder: PathBuf,
    deadline: Instant,
    only: Vec<String>,
    statuses: Vec<(String, Standing)>,
    /// The longest cell of every arm so far.
    longest: BTreeMap<String, Duration>,
}

impl Cells {
    pub(crate) fn new(folder: PathBuf, seconds: f64, only: Vec<String>) -> Self {
        // Longer than any study, and short enough to be added to an instant.
        let seconds = seconds.clamp(0.0, 1e9);
        Self {
            folder,
            deadline: Instant::now() + Duration::from_secs_f64(seconds),
            only,
            statuses: Vec::new(),
            longest: BTreeMap::new(),
        }
    }

    /// Whether a cell can end in time, if it takes as long as the longest of its arm, or of any arm
    /// before the first of its own.
    fn fits(&self, label: &str) -> bool {
        let own = self.longest.get(arm_of(label));
        let longest = own.or_else(|| self.longest.values().max());
        Instant::now() + longest.copied().unwrap_or_default() < self.deadline
    }

    /// Statuses in the order of the cells.
    pub(crate) fn statuses(&self) -> &[(String, Standing)] {
        &self.statuses
    }

    /// A cell whose value is a file of its own below the study's folder.
    pub(crate) fn value<T: Serialize + DeserializeOwned>(
        &mut self,
        label: &str,
        settings: &Value,
        make: impl FnOnce() -> Result<T>,
    ) -> Option<T> {
        let path = self.folder.join("cells").join(format!("{label}.json"));
        let kept = read::<T>(&path, settings);
        self.run(label, kept, || {
            let value = make()?;
            let parent = path.parent().expect("a cell lies in a folder");
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
            let text = serde_json::to_vec(&json!({"settings": settings, "value": value}))?;
            write_whole(&path, &text)?;
            Ok(value)
        })
    }

    /// A cell that keeps its own files; `kept` is its value if it is finished.
    pub(crate) fn run<T>(
        &mut self,
        label: &str,
        kept: Option<T>,
        make: impl FnOnce() -> Result<T>,
    ) -> Option<T> {
        let named = self.only.iter().any(|only| label.contains(only.as_str()));
        let (standing, value) = if let Some(value) = kept
            && !named
        {
            (Standing::Kept, Some(value))
        } else if !self.only.is_empty() && !named {
            (Standing::NotRun("another cell was asked for"), None)
        } else if !self.fits(label) {
            let why = "the study's time was spent; the same command goes on";
            (Standing::NotRun(why), None)
        } else {
            eprintln!("  {label}");
            let begun = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(make));
            let longest = self.longest.entry(arm_of(label).to_owned()).or_default();
            *longest = begun.elapsed().max(*longest);
            match result {
                Ok(Ok(value)) => (Standing::Done, Some(value)),
                Ok(Err(error)) => (Standing::Failed(one_line(&format!("{error:#}"))), None),
                Err(panic) => (Standing::Failed(one_line(&message(&*panic))), None),
            }
        };
        if let Standing::Failed(error) = &standing {
            eprintln!("  failed: {label}: {error}");
        }
        self.statuses.push((label.to_owned(), standing));
        value
    }
}

/// `task/arm`, with which every label begins.
fn arm_of(label: &str) -> &str {
    let end = label.match_indices('/').nth(1);
    end.map_or(label, |(end, _)| &label[..end])
}

fn read<T: DeserializeOwned>(path: &Path, settings: &Value) -> Option<T> {
    let text = fs::read(path).ok()?;
    let mut cell: Value = serde_json::from_slice(&text).ok()?;
    if cell["settings"] != *settings {
        return None;
    }
    serde_json::from_value(cell["value"].take()).ok()
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!(
        "the arm stopped: {}",
        text.unwrap_or("panic without a message")
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn cells(folder: &Path, seconds: f64, only: &[&str]) -> Cells {
        let only = only.iter().map(|&only| only.to_owned()).collect();
        Cells::new(folder.into(), seconds, only)
    }

    #[test]
    fn a_cell_that_would_outlast_the_study_is_not_begun() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut cells = cells(folder.path(), 0.5, &[]);
        assert_eq!(cells.value("a/quick/0", &json!(0), || Ok(0.0)), Some(0.0));
        let slow = || {
            std::thread::sleep(Duration::from_millis(300));
            Ok(1.0)
        };
        assert_eq!(cells.value("a/slow/0", &json!(0), slow), Some(1.0));
        assert_eq!(cells.value("a/slow/1", &json!(0), || Ok(2.0)), None);
        assert_eq!(cells.value("a/new/0", &json!(0), || Ok(2.0)), None);
        assert_eq!(cells.value("a/quick/1", &json!(0), || Ok(3.0)), Some(3.0));
    }

    #[test]
    fn finished_cells_are_kept_and_failed_ones_are_a_status() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = json!({"seed": 1});
        let mut first = cells(folder.path(), 60.0, &[]);
        assert_eq!(first.value("a/one", &settings, || Ok(41.5)), Some(41.5));
        let failed: Option<f64> = first.value("a/two", &settings, || bail!("no\nsuch arm"));
        assert_eq!(failed, None);
        let stopped: Option<f64> = first.value("a/three", &settings, || panic!("shape"));
        assert_eq!(stopped, None);
        assert_eq!(
            first.statuses()[1].1,
            Standing::Failed("no such arm".into())
        );
        assert!(
            first.statuses()[2]
                .1
                .text()
                .contains("the arm stopped: shape")
        );

        // The finished one is kept, even without time; the failed one is tried again.
        let mut second = cells(folder.path(), 0.0, &[]);
        let value = second.value("a/one", &settings, || -> Result<f64> { bail!("not kept") });
        assert_eq!(value, Some(41.5));
        assert_eq!(second.value("a/two", &settings, || Ok(1.0)), None);
        assert!(matches!(second.statuses()[1].1, Standing::NotRun(_)));

        // Other settings, or a cell that is named, are computed anew.
        let mut third = cells(folder.path(), 60.0, &[]);
        assert_eq!(
            third.value("a/one", &json!({"seed": 2}), || Ok(3.0)),
            Some(3.0)
        );
        let mut named = cells(folder.path(), 60.0, &["one"]);
        assert_eq!(
            named.value("a/one", &json!({"seed": 2}), || Ok(4.0)),
            Some(4.0)
        );
        assert_eq!(named.value("a/two", &settings, || Ok(4.0)), None);
    }
}
