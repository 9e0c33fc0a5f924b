//! Values of cells as files, and how cells stand.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use twirl_record::{Folder, JobStanding, Plan, Standing, write_whole};

use crate::error::StudyError;

/// The value of a cell in its file.
pub(crate) struct KeptValue<'a> {
    /// The cell's own folder; the file lies beside it.
    pub(crate) folder: &'a Folder,
    /// What the value depends on besides the program: an object.
    pub(crate) of: &'a Value,
    pub(crate) program: &'a BTreeMap<String, String>,
}

impl KeptValue<'_> {
    fn path(&self) -> PathBuf {
        self.folder.path().with_extension("json")
    }

    fn settings(&self) -> Value {
        let mut settings = self.of.clone();
        settings["program"] = json!(self.program);
        settings
    }

    /// The value, if it was made with the same settings by the same program.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, StudyError> {
        let path = self.path();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.map_err(StudyError::file(&path))?,
        };
        let mut cell: Value = serde_json::from_slice(&text).map_err(StudyError::json(&path))?;
        if cell["settings"] != self.settings() {
            return Ok(None);
        }
        let value = serde_json::from_value(cell["value"].take());
        value.map(Some).map_err(StudyError::json(&path))
    }

    pub(crate) fn write(&self, value: &impl Serialize) -> Result<(), StudyError> {
        let path = self.path();
        let text = serde_json::to_vec(&json!({"settings": self.settings(), "value": value}));
        Ok(write_whole(&path, &text.map_err(StudyError::json(&path))?)?)
    }
}

/// How a job of a plan stands, from its folder alone; `dir` is the folder of the plan. The value of a
/// cell is done only if it was made by this program.
///
/// # Errors
/// If a file of it cannot be read, or the folder is of another job.
pub fn standing(
    plan: &Plan,
    dir: &Path,
    number: usize,
    program: &BTreeMap<String, String>,
) -> Result<JobStanding, StudyError> {
    let folder = plan.folder(dir, number);
    let mut found = folder.standing(&plan.jobs[number])?;
    let Some(of) = plan.cell(number).and_then(|cell| cell.value_of.as_ref()) else {
        return Ok(found);
    };
    let kept = KeptValue {
        folder: &folder,
        of,
        program,
    };
    if kept.read::<IgnoredAny>()?.is_some() {
        found.standing = Standing::Done;
        found.reason = None;
    } else if found.standing == Standing::Done {
        found.standing = Standing::Missing;
        found.reason = Some("was made with other settings or by another program".into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use twirl_record::{Cell, Event, Job, Status, StudyPlan};

    use super::*;

    #[test]
    fn a_value_is_done_by_the_program_that_made_it_and_missing_for_another() {
        let dir = tempfile::tempdir().expect("a folder");
        let own = dir.path().join("study");
        let job: Job = serde_json::from_value(json!({
            "task": "a", "arm": "b", "data": "embedded", "seed": 3, "measure_seed": 0,
            "task_config": {}, "arm_config": {}, "train": {},
        }))
        .expect("a job");
        let plan = Plan {
            suite: "quick".into(),
            device: "cpu".into(),
            at_once: None,
            slice_seconds: None,
            jobs: vec![job],
            study: Some(StudyPlan {
                name: "study".into(),
                arguments: Vec::new(),
                cells: vec![Cell {
                    label: "a/b/seed-3".into(),
                    place: "study/cells".into(),
                    value_of: Some(json!({"rate": 0.1 + 0.2})),
                }],
            }),
        };
        let program = |version: &str| BTreeMap::from([("twirlbench".into(), version.into())]);
        let of = |version: &str| standing(&plan, &own, 0, &program(version)).expect("readable");
        assert_eq!(of("1").standing, Standing::Missing);

        fs::create_dir(&own).expect("made");
        let folder = plan.folder(&own, 0);
        folder.create().expect("made");
        let ended = |status| Event::Ended {
            time: 1,
            status,
            reason: "said".into(),
        };
        folder.note(&ended(Status::Killed)).expect("noted");
        assert_eq!(
            (of("1").standing, of("1").reason),
            (Standing::Killed, Some("said".into()))
        );
        let made = KeptValue {
            folder: &folder,
            of: plan
                .cell(0)
                .and_then(|cell| cell.value_of.as_ref())
                .expect("a value"),
            program: &program("1"),
        };
        made.write(&[1.5, 0.1]).expect("written");
        assert_eq!(made.read::<Vec<f64>>().expect("JSON"), Some(vec![1.5, 0.1]));
        assert_eq!((of("1").standing, of("1").reason), (Standing::Done, None));
        folder.note(&ended(Status::Ok)).expect("noted");
        let other = of("2");
        assert_eq!(other.standing, Standing::Missing);
        let reason = other.reason.expect("a reason");
        assert!(reason.ends_with("or by another program"), "{reason}");
    }
}
