//! Conducts a study and prints its verdict.

use std::path::Path;

use anyhow::{Context as _, Result};
use twirl_data::DataCache;
use twirl_harness::{Entry, Observer};
use twirl_record::Plan;
use twirl_studies::{Card, CellStatus, Progress, Request, Study, StudyContext, conduct};

use super::arguments::StudyArgs;
use super::open::Opening;
use crate::devices;
use crate::print::{say, tell};
use crate::progress::Bar;

/// Conducts a study; whether a cell failed.
pub(super) fn conducted(
    study: &dyn Study,
    context: &StudyContext<'_>,
    request: &Request,
) -> Result<bool> {
    let Card {
        name,
        about,
        claim,
        rule,
        ..
    } = *study.card();
    tell!("study {name}: {about}");
    let conducted = conduct(study, context, request, &OnTerminal)?;
    let text = conducted.outcome.text(claim, rule, false);
    say!("{name}\n{}\n{text}", "=".repeat(name.len()));
    let folder = conducted.folder.display();
    say!("{:.0} s; files in {folder}\n", conducted.seconds);
    Ok(conducted.failed())
}

/// Judges a planned study by the cells that are kept, and makes none; whether one could not be read.
/// Needs its device: what that does to products is part of some verdicts.
pub(crate) fn judge(
    plan: &Plan,
    dir: &Path,
    entries: &[Entry],
    cache: Option<&DataCache>,
) -> Result<bool> {
    let study = plan.study.as_ref().context("the plan is of no study")?;
    let args = StudyArgs::from_arguments(&study.arguments)?;
    let device = devices::resolve(&plan.device);
    let opening = Opening {
        args: &args,
        out: &Plan::studies(dir),
        planned: &plan.jobs,
        device: device.context("the study is judged where its device is")?,
        cache,
    };
    opening.with(entries, |study, suite, context| {
        let request = Request {
            suite: suite.to_owned(),
            tasks: args.task.clone(),
            kept_only: true,
            ..Request::default()
        };
        conducted(study, context, &request)
    })
}

/// Names cells on standard error, and shows a bar for each run.
struct OnTerminal;

impl Progress for OnTerminal {
    fn begun(&self, cell: &str) {
        tell!("  {cell}");
    }

    fn failed(&self, cell: &str, status: &CellStatus) {
        tell!("  {cell}: {}", status.text());
    }

    fn observer(&self, cell: &str) -> Box<dyn Observer + '_> {
        Box::new(Bar::new(cell.to_owned()))
    }
}
