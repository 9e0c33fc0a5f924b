//! One cell of a study, made by the process of a job.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use twirl_data::DataCache;
use twirl_harness::{DeviceChoice, Entry, Job, Observer};
use twirl_record::{Cell, Plan};
use twirl_studies::{Progress, make_cell};

use super::arguments::StudyArgs;
use super::open::Opening;

/// The cell that a job makes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CellRequest {
    /// Of its study.
    arguments: Vec<String>,
    pub(crate) cell: Cell,
}

impl CellRequest {
    /// That of a job of a plan, if it is one of a study.
    pub(crate) fn of(plan: &Plan, number: usize) -> Option<Self> {
        let study = plan.study.as_ref()?;
        Some(Self {
            arguments: study.arguments.clone(),
            cell: study.cells[number].clone(),
        })
    }
}

/// Makes the cell of a job, unless it is kept; `dir` is the folder of its study.
///
/// # Errors
/// A `StudyError` of what stopped it, or of a study that has no such cell any more.
pub(crate) fn make(
    (request, job): (&CellRequest, &Job),
    dir: &Path,
    entries: &[Entry],
    (device, cache): (DeviceChoice, Option<&DataCache>),
    observer: &dyn Observer,
) -> Result<()> {
    let args = StudyArgs::from_arguments(&request.arguments)?;
    let opening = Opening {
        args: &args,
        out: &Plan::studies(dir),
        planned: std::slice::from_ref(job),
        device,
        cache,
    };
    opening.with(entries, |study, _, context| {
        let heard = Heard(observer);
        Ok(make_cell(study, context, (job, &request.cell), &heard)?)
    })
}

/// Lets one observer hear of the run of a cell.
struct Heard<'a>(&'a dyn Observer);

impl Progress for Heard<'_> {
    fn observer(&self, _cell: &str) -> Box<dyn Observer + '_> {
        Box::new(self.0)
    }
}
