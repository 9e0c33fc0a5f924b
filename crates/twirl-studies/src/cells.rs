//! Cells: the independent pieces of a study. A finished one is kept and reused; a failed one is a
//! status.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use twirl_record::write_whole;

use crate::error::StudyError;
use crate::progress::Progress;
use crate::status::CellStatus;

/// The cells of one study, with its deadline.
pub struct Cells<'a> {
    folder: PathBuf,
    deadline: Instant,
    only: &'a [String],
    progress: &'a dyn Progress,
    statuses: Vec<(String, CellStatus)>,
    /// The longest cell of every arm so far.
    longest: BTreeMap<String, Duration>,
}

impl<'a> Cells<'a> {
    /// No cell yet: their files lie in `folder`, none is begun that would not end in `seconds`, and
    /// if `only` names some, no other is.
    pub(crate) fn new(
        folder: PathBuf,
        seconds: f64,
        only: &'a [String],
        progress: &'a dyn Progress,
    ) -> Self {
        // Longer than any study, and short enough to be added to an instant.
        let seconds = seconds.clamp(0.0, 1e9);
        Self {
            folder,
            deadline: Instant::now() + Duration::from_secs_f64(seconds),
            only,
            progress,
            statuses: Vec::new(),
            longest: BTreeMap::new(),
        }
    }

    /// Who hears of the cells.
    pub(crate) fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// Whether a cell can end in time, if it takes as long as the longest of its arm, or of any arm
    /// before the first of its own.
    fn fits(&self, label: &str) -> bool {
        let own = self.longest.get(arm_of(label));
        let longest = own.or_else(|| self.longest.values().max());
        Instant::now() + longest.copied().unwrap_or_default() < self.deadline
    }

    /// Statuses in the order of the cells.
    pub(crate) fn statuses(&self) -> &[(String, CellStatus)] {
        &self.statuses
    }

    /// A cell whose value is a file of its own below the study's folder.
    pub(crate) fn value<T: Serialize + DeserializeOwned>(
        &mut self,
        label: &str,
        settings: &Value,
        make: impl FnOnce() -> Result<T, StudyError>,
    ) -> Option<T> {
        let path = self.folder.join("cells").join(format!("{label}.json"));
        let kept = || read::<T>(&path, settings);
        self.run(label, kept, || {
            let value = make()?;
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(StudyError::file(parent))?;
            }
            let text = serde_json::to_vec(&json!({"settings": settings, "value": value}));
            write_whole(&path, &text.map_err(StudyError::json(&path))?)?;
            Ok(value)
        })
    }

    /// A cell that keeps its own files; `kept` is its value if it is finished.
    pub(crate) fn run<T>(
        &mut self,
        label: &str,
        kept: impl FnOnce() -> Result<Option<T>, StudyError>,
        make: impl FnOnce() -> Result<T, StudyError>,
    ) -> Option<T> {
        let named = self.only.iter().any(|only| label.contains(only.as_str()));
        let kept = if named { Ok(None) } else { kept() };
        let (status, value) = match kept {
            Ok(Some(value)) => (CellStatus::Kept, Some(value)),
            Err(error) => (CellStatus::Failed(one_line(&error.to_string())), None),
            Ok(None) if !self.only.is_empty() && !named => {
                (CellStatus::NotRun("another cell was asked for"), None)
            }
            Ok(None) if !self.fits(label) => {
                let why = "the study's time was spent; the same command goes on";
                (CellStatus::NotRun(why), None)
            }
            Ok(None) => self.make(label, make),
        };
        if let CellStatus::Failed(_) = &status {
            self.progress.failed(label, &status);
        }
        self.statuses.push((label.to_owned(), status));
        value
    }

    fn make<T>(
        &mut self,
        label: &str,
        make: impl FnOnce() -> Result<T, StudyError>,
    ) -> (CellStatus, Option<T>) {
        self.progress.begun(label);
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(make))
            .unwrap_or_else(|panic| Err(StudyError::Panic(message(&*panic))));
        let longest = self.longest.entry(arm_of(label).to_owned()).or_default();
        *longest = begun.elapsed().max(*longest);
        match result {
            Ok(value) => (CellStatus::Done, Some(value)),
            Err(error) => (CellStatus::Failed(one_line(&error.to_string())), None),
        }
    }
}

/// `task/arm`, with which every label begins.
fn arm_of(label: &str) -> &str {
    let end = label.match_indices('/').nth(1);
    end.map_or(label, |(end, _)| &label[..end])
}

/// The value of a cell that was finished with the same settings.
fn read<T: DeserializeOwned>(path: &Path, settings: &Value) -> Result<Option<T>, StudyError> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(StudyError::file(path))?,
    };
    let mut cell: Value = serde_json::from_slice(&text).map_err(StudyError::json(path))?;
    if cell["settings"] != *settings {
        return Ok(None);
    }
    let value = serde_json::from_value(cell["value"].take());
    value.map(Some).map_err(StudyError::json(path))
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("panic without a message").into()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::NoProgress;

    fn cells<'a>(folder: &Path, seconds: f64, only: &'a [String]) -> Cells<'a> {
        Cells::new(folder.into(), seconds, only, &NoProgress)
    }

    fn refuse<T>(why: &'static str) -> Result<T, StudyError> {
        Err(StudyError::NotSquared(why))
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
        let failed: Option<f64> = first.value("a/two", &settings, || refuse("no\nsuch arm"));
        assert_eq!(failed, None);
        let stopped: Option<f64> = first.value("a/three", &settings, || panic!("shape"));
        assert_eq!(stopped, None);
        assert_eq!(
            first.statuses()[1].1,
            CellStatus::Failed(
                "term no such arm: the identity holds for the squared loss only".into()
            )
        );
        assert!(
            first.statuses()[2]
                .1
                .text()
                .contains("the arm stopped: shape")
        );

        // The finished one is kept, even without time; the failed one is tried again.
        let mut second = cells(folder.path(), 0.0, &[]);
        let value = second.value("a/one", &settings, || refuse::<f64>("not kept"));
        assert_eq!(value, Some(41.5));
        assert_eq!(second.value("a/two", &settings, || Ok(1.0)), None);
        assert!(matches!(second.statuses()[1].1, CellStatus::NotRun(_)));

        // Other settings, or a cell that is named, are computed anew.
        let mut third = cells(folder.path(), 60.0, &[]);
        assert_eq!(
            third.value("a/one", &json!({"seed": 2}), || Ok(3.0)),
            Some(3.0)
        );
        let only = ["one".to_owned()];
        let mut named = cells(folder.path(), 60.0, &only);
        assert_eq!(
            named.value("a/one", &json!({"seed": 2}), || Ok(4.0)),
            Some(4.0)
        );
        assert_eq!(named.value("a/two", &settings, || Ok(4.0)), None);

        // A kept cell that is not one is said, not passed over.
        fs::write(folder.path().join("cells/a/one.json"), "{").expect("written");
        let mut broken = cells(folder.path(), 60.0, &[]);
        assert_eq!(broken.value("a/one", &settings, || Ok(5.0)), None);
        let text = broken.statuses()[0].1.text();
        assert!(
            text.contains("one.json") && text.contains("remove it"),
            "{text}"
        );
    }
}
