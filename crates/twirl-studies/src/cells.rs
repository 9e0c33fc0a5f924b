//! Cells: the independent pieces of a study. A finished one is kept and reused; a failed one is a
//! status.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use twirl_harness::panic_text;
use twirl_record::{Cell, Job};

use crate::error::StudyError;
use crate::kept::KeptValue;
use crate::mode::Mode;
use crate::progress::Progress;
use crate::status::CellStatus;

/// The cells of one study.
pub struct Cells<'a> {
    /// The folder of all studies.
    out: &'a Path,
    study: &'a str,
    program: &'a BTreeMap<String, String>,
    mode: Mode<'a>,
    progress: &'a dyn Progress,
    /// The folders of the cells that were met, in their order.
    met: Vec<PathBuf>,
    statuses: Vec<(String, CellStatus)>,
    listed: Vec<(Job, Cell)>,
    made: Option<Result<(), StudyError>>,
    /// The longest cell of every arm so far.
    longest: BTreeMap<String, Duration>,
}

impl<'a> Cells<'a> {
    /// None is met yet.
    pub(crate) fn new(
        (out, study): (&'a Path, &'a str),
        program: &'a BTreeMap<String, String>,
        mode: Mode<'a>,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            out,
            study,
            program,
            mode,
            progress,
            met: Vec::new(),
            statuses: Vec::new(),
            listed: Vec::new(),
            made: None,
            longest: BTreeMap::new(),
        }
    }

    /// Who hears of the cells.
    pub(crate) fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// Statuses in the order of the cells; not where they were listed or one was made.
    pub(crate) fn statuses(&self) -> &[(String, CellStatus)] {
        &self.statuses
    }

    /// The cells that were listed, each with the job that makes it.
    pub(crate) fn into_listed(self) -> Vec<(Job, Cell)> {
        self.listed
    }

    /// How the making of the one went; nothing if it was not met.
    pub(crate) fn into_made(self) -> Option<Result<(), StudyError>> {
        self.made
    }

    /// A cell `task/arm/seed-n` whose value is a file of its own below the study's folder. `of` is what
    /// the value depends on besides the program.
    pub(crate) fn value<T: Serialize + DeserializeOwned>(
        &mut self,
        job: &Job,
        of: &Value,
        make: impl FnOnce() -> Result<T, StudyError>,
    ) -> Option<T> {
        let label = format!("{}/{}/seed-{}", job.task, job.arm, job.seed);
        let place = format!("{}/cells", self.study);
        self.value_in(label, place, (job, of), make)
    }

    /// The same of a cell `task/arm/what/seed-n`, one of several of a job.
    pub(crate) fn value_called<T: Serialize + DeserializeOwned>(
        &mut self,
        what: &str,
        job: &Job,
        of: &Value,
        make: impl FnOnce() -> Result<T, StudyError>,
    ) -> Option<T> {
        let label = format!("{}/{}/{what}/seed-{}", job.task, job.arm, job.seed);
        let place = format!("{}/cells/{what}", self.study);
        self.value_in(label, place, (job, of), make)
    }

    fn value_in<T: Serialize + DeserializeOwned>(
        &mut self,
        label: String,
        place: String,
        (job, of): (&Job, &Value),
        make: impl FnOnce() -> Result<T, StudyError>,
    ) -> Option<T> {
        let anew = self.is_named(&label);
        let cell = Cell {
            label,
            place,
            value_of: Some(of.clone()),
        };
        let folder = cell.folder(self.out, job);
        let kept = KeptValue {
            folder: &folder,
            of,
            program: self.program,
        };
        let make = || {
            folder.create()?;
            let _lock = folder.lock()?;
            // Another process may have made it meanwhile.
            if !anew && let Some(value) = kept.read()? {
                return Ok(value);
            }
            let value = make()?;
            kept.write(&value)?;
            Ok(value)
        };
        self.run(job, cell, || kept.read(), make)
    }

    /// A cell that keeps its own files; `kept` is its value if it is finished.
    pub(crate) fn run<T>(
        &mut self,
        job: &Job,
        cell: Cell,
        kept: impl FnOnce() -> Result<Option<T>, StudyError>,
        make: impl FnOnce() -> Result<T, StudyError>,
    ) -> Option<T> {
        let folder = cell.folder(self.out, job).path().to_owned();
        let met = self.met.iter().position(|other| *other == folder);
        let label = cell.label.clone();
        let kept = match self.mode {
            Mode::List => {
                if met.is_none() {
                    self.met.push(folder);
                    self.listed.push((job.clone(), cell));
                }
                return None;
            }
            Mode::One(wanted, known) => {
                if self.made.is_none() && (wanted, known) == (job, &cell) {
                    self.made = Some(match kept() {
                        Ok(None) => self.make(&label, make).map(drop),
                        kept => kept.map(drop),
                    });
                }
                return None;
            }
            _ if self.is_named(&label) => Ok(None),
            Mode::Make { .. } | Mode::Keep => kept(),
        };
        let value = match (kept, self.left_out(&label)) {
            (Ok(Some(value)), _) => Ok((CellStatus::Kept, Some(value))),
            (Ok(None), Some(why)) => Ok((CellStatus::NotRun(why), None)),
            (Ok(None), None) => {
                let made = self.make(&label, make);
                made.map(|value| (CellStatus::Done, Some(value)))
            }
            (Err(error), _) => Err(error),
        };
        let (status, value) = value.unwrap_or_else(|error| {
            let status = CellStatus::Failed(one_line(&error.to_string()));
            self.progress.failed(&label, &status);
            (status, None)
        });
        match met {
            None => {
                self.met.push(folder);
                self.statuses.push((label, status));
            }
            // What several parts of a study take is one cell.
            Some(place) if status != CellStatus::Kept => self.statuses[place].1 = status,
            Some(_) => {}
        }
        value
    }

    /// Whether a cell is to be made also where it is kept.
    pub(crate) fn is_named(&self, label: &str) -> bool {
        let named = |only: &String| label.contains(only.as_str());
        matches!(self.mode, Mode::Make { only, .. } if only.iter().any(named))
    }

    /// Why a cell that is not kept is not made either.
    fn left_out(&self, label: &str) -> Option<&'static str> {
        let Mode::Make { until, only } = self.mode else {
            return Some("it has not been made; `twirlbench status` says why");
        };
        if !only.is_empty() && !self.is_named(label) {
            return Some("another cell was asked for");
        }
        // It may take as long as the longest of its arm, or of any arm before the first of its own.
        let own = self.longest.get(arm_of(label));
        let longest = own.or_else(|| self.longest.values().max());
        let ends = Instant::now() + longest.copied().unwrap_or_default();
        let late = "the study's time was spent; the same command goes on";
        (ends >= until).then_some(late)
    }

    fn make<T>(
        &mut self,
        label: &str,
        make: impl FnOnce() -> Result<T, StudyError>,
    ) -> Result<T, StudyError> {
        self.progress.begun(label);
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(make))
            .unwrap_or_else(|panic| Err(StudyError::Panic(panic_text(&*panic).into())));
        let longest = self.longest.entry(arm_of(label).to_owned()).or_default();
        *longest = begun.elapsed().max(*longest);
        result
    }
}

/// `task/arm`, with which every label begins.
fn arm_of(label: &str) -> &str {
    let end = label.match_indices('/').nth(1);
    end.map_or(label, |(end, _)| &label[..end])
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;
    use tempfile::TempDir;
    use twirl_record::Folder;

    use super::*;
    use crate::progress::NoProgress;

    static PROGRAM: BTreeMap<String, String> = BTreeMap::new();

    fn folder() -> TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn cells<'a>(folder: &'a TempDir, mode: Mode<'a>) -> Cells<'a> {
        Cells::new((folder.path(), "study"), &PROGRAM, mode, &NoProgress)
    }

    fn job(arm: &str, seed: u64) -> Job {
        let job = json!({
            "task": "a", "arm": arm, "data": "embedded", "seed": seed, "measure_seed": 0,
            "task_config": {}, "arm_config": {}, "train": {},
        });
        serde_json::from_value(job).expect("a job")
    }

    fn refuse<T>(why: &'static str) -> Result<T, StudyError> {
        Err(StudyError::NotSquared(why))
    }

    fn never<T>() -> Result<T, StudyError> {
        panic!("it is not to be made")
    }

    #[test]
    fn a_cell_that_would_outlast_the_study_is_not_begun() {
        let folder = folder();
        let mut cells = cells(&folder, Mode::make(0.5, &[]));
        let mut value = |arm, seed, value| cells.value(&job(arm, seed), &json!({}), || Ok(value));
        assert_eq!(value("quick", 0, 0.0), Some(0.0));
        let slow = || {
            std::thread::sleep(Duration::from_millis(300));
            Ok(1.0)
        };
        assert_eq!(cells.value(&job("slow", 0), &json!({}), slow), Some(1.0));
        let mut value = |arm, seed, value| cells.value(&job(arm, seed), &json!({}), || Ok(value));
        assert_eq!(value("slow", 1, 2.0), None);
        assert_eq!(value("new", 0, 2.0), None);
        assert_eq!(value("quick", 1, 3.0), Some(3.0));
    }

    #[test]
    fn finished_cells_are_kept_and_failed_ones_are_a_status() {
        let folder = folder();
        let (one, two, three) = (job("one", 0), job("two", 0), job("three", 0));
        let of = json!({"rate": 1});
        let mut first = cells(&folder, Mode::make(60.0, &[]));
        assert_eq!(first.value(&one, &of, || Ok(41.5)), Some(41.5));
        let failed: Option<f64> = first.value(&two, &of, || refuse("no\nsuch arm"));
        assert_eq!(failed, None);
        let stopped: Option<f64> = first.value(&three, &of, || panic!("shape"));
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
        let mut second = cells(&folder, Mode::make(0.0, &[]));
        let value = second.value(&one, &of, || refuse::<f64>("not kept"));
        assert_eq!(value, Some(41.5));
        assert_eq!(second.value(&two, &of, || Ok(1.0)), None);
        assert!(matches!(second.statuses()[1].1, CellStatus::NotRun(_)));

        // Other settings, or a cell that is named, are computed anew.
        let (other, only) = (json!({"rate": 2}), ["one".to_owned()]);
        let mut third = cells(&folder, Mode::make(60.0, &[]));
        assert_eq!(third.value(&one, &other, || Ok(3.0)), Some(3.0));
        let mut named = cells(&folder, Mode::make(60.0, &only));
        assert_eq!(named.value(&one, &other, || Ok(4.0)), Some(4.0));
        assert_eq!(named.value(&two, &of, || Ok(4.0)), None);

        // A kept cell that is not one is said, not passed over.
        fs::write(folder.path().join("study/cells/a/one/seed-0.json"), "{").expect("written");
        let mut broken = cells(&folder, Mode::make(60.0, &[]));
        assert_eq!(broken.value(&one, &of, || Ok(5.0)), None);
        let text = broken.statuses()[0].1.text();
        assert!(
            text.contains("seed-0.json") && text.contains("remove it"),
            "{text}"
        );
    }

    #[test]
    fn cells_are_listed_one_is_made_and_kept_ones_are_read_without_making_any() {
        let folder = folder();
        let of = json!({"rate": 1});
        let arms = [job("one", 0), job("two", 0), job("one", 0)];
        let mut list = cells(&folder, Mode::List);
        for job in &arms {
            assert_eq!(list.value(job, &of, never::<f64>), None);
        }
        let listed = list.into_listed();
        let labels: Vec<&str> = listed.iter().map(|(_, cell)| &*cell.label).collect();
        assert_eq!(labels, ["a/one/seed-0", "a/two/seed-0"]);
        assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 0);

        let (wanted, cell) = &listed[1];
        let mut one = cells(&folder, Mode::One(wanted, cell));
        assert_eq!(one.value(&arms[0], &of, never::<f64>), None);
        assert_eq!(one.value(&arms[1], &of, || Ok(2.5)), None);
        assert!(one.into_made().expect("met").is_ok());
        let mut again = cells(&folder, Mode::One(wanted, cell));
        assert_eq!(again.value(&arms[1], &of, never::<f64>), None);
        assert!(again.into_made().expect("met").is_ok());
        // Of other settings it is not the one.
        let mut other = cells(&folder, Mode::One(wanted, cell));
        assert_eq!(
            other.value(&arms[1], &json!({"rate": 2}), never::<f64>),
            None
        );
        assert!(other.into_made().is_none());

        let mut keep = cells(&folder, Mode::Keep);
        let values = arms.each_ref().map(|job| keep.value(job, &of, never));
        assert_eq!(values, [None, Some(2.5), None]);
        let statuses: Vec<String> = keep.statuses().iter().map(|one| one.1.text()).collect();
        assert_eq!(statuses.len(), 2, "a cell is counted once: {statuses:?}");
        assert!(statuses[0].starts_with("not run: it has not been made"));
        assert_eq!(statuses[1], "ok (kept)");
    }

    #[test]
    fn a_cell_in_the_hands_of_another_process_is_not_made_twice() {
        let folder = folder();
        let (job, of) = (job("one", 0), json!({}));
        let own = Folder::of(&folder.path().join("study/cells"), "a", "one", 0);
        own.create().expect("made");
        let lock = own.lock().expect("free");
        let mut second = cells(&folder, Mode::make(60.0, &[]));
        assert_eq!(second.value(&job, &of, never::<f64>), None);
        let text = second.statuses()[0].1.text();
        assert!(text.contains("another process works on this run"), "{text}");
        drop(lock);
    }
}
