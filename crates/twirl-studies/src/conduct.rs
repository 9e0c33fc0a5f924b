//! Conducts one study: from its budget to the files of its folder.

use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::{FloatDType, IntDType};
use serde_json::{Value, json};
use twirl_harness::{DeviceChoice, RunError, data_identity};
use twirl_record::{Cell, DataIdentity, Job};

use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::mode::Mode;
use crate::outcome::{Finding, Outcome};
use crate::progress::{NoProgress, Progress};
use crate::status::CellStatus;
use crate::study::{Card, Study};

/// What is asked of a study besides what all studies share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Name of the suite, for the manifest.
    pub suite: String,
    /// Tasks that were asked for, for the manifest; empty: all.
    pub tasks: Vec<String>,
    /// Wall seconds after which no cell is begun, instead of the budget's.
    pub seconds: Option<f64>,
    /// Makes only cells whose name contains one of these, also finished ones; empty: all.
    pub cells: Vec<String>,
    /// Makes no cell: what is kept is judged.
    pub kept_only: bool,
}

/// A study that was conducted.
#[derive(Debug, Clone)]
pub struct Conducted {
    /// What it ended in.
    pub outcome: Outcome,
    /// How its cells stand.
    pub cells: Vec<(String, CellStatus)>,
    /// Where its files are.
    pub folder: PathBuf,
    /// Wall seconds.
    pub seconds: f64,
}

impl Conducted {
    /// Whether a cell failed.
    pub fn failed(&self) -> bool {
        let failed = |cell: &(String, CellStatus)| matches!(cell.1, CellStatus::Failed(_));
        self.cells.iter().any(failed)
    }
}

/// Sets the float type of a device to what a study needs. A process does this once.
///
/// # Errors
/// If the device has no f64 and the study needs it.
pub fn prepare_device(study: &dyn Study, device: &mut DeviceChoice) -> Result<(), StudyError> {
    if !study.card().needs_f64 {
        return Ok(());
    }
    if device.name != "cpu" {
        return Err(StudyError::NeedsF64 {
            study: study.card().name,
            device: device.name.clone(),
        });
    }
    let double = (FloatDType::F64, IntDType::I64);
    let configured = device.device.configure(double);
    Ok(configured.map_err(|error| RunError::Config(format!("f64 on the CPU: {error}")))?)
}

/// That the settings of a study fit every arm.
fn check(context: &StudyContext<'_>) -> Result<(), StudyError> {
    for job in &context.jobs {
        let setup = context.setup(job)?;
        context.for_runs(&setup)?;
        context.for_lab(&setup)?;
    }
    Ok(())
}

/// The cells of a study in their order, each with the job that makes it. None is made and no device is
/// touched: only its name and its float type count.
///
/// # Errors
/// If budgets or settings do not fit.
pub fn list_cells(
    study: &dyn Study,
    context: &StudyContext<'_>,
) -> Result<Vec<(Job, Cell)>, StudyError> {
    check(context)?;
    let place = (context.out.as_path(), study.card().name);
    let mut cells = Cells::new(place, &context.program, Mode::List, &NoProgress);
    study.run(context, &mut cells)?;
    Ok(cells.into_listed())
}

/// Makes one cell, unless it is kept. Other processes may make others at the same time, also of other
/// studies in the same folder. Arms of other tasks than its own need not be there.
///
/// # Errors
/// Whatever stopped it, or if the study has no such cell.
pub fn make_cell(
    study: &dyn Study,
    context: &StudyContext<'_>,
    (job, cell): (&Job, &Cell),
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    check(context)?;
    let place = (context.out.as_path(), study.card().name);
    let mode = Mode::One(job, cell);
    let mut cells = Cells::new(place, &context.program, mode, progress);
    study.run(context, &mut cells)?;
    let none = || StudyError::NoCell(cell.label.clone());
    cells.into_made().ok_or_else(none)?
}

/// Makes the cells of a study, judges them, and writes the files of its folder.
///
/// # Errors
/// If budgets or settings do not fit, before anything is written, or if a file cannot be written. A
/// cell that fails is a status and no error.
pub fn conduct(
    study: &dyn Study,
    context: &StudyContext<'_>,
    request: &Request,
    progress: &dyn Progress,
) -> Result<Conducted, StudyError> {
    let begun = Instant::now();
    let allowed = context.budgets.seconds.get(study.card().name).copied();
    let allowed = request.seconds.or(allowed).filter(|seconds| *seconds > 0.0);
    let allowed = allowed.ok_or_else(|| StudyError::Budgets {
        place: format!("budgets {}", context.budgets.name),
        problem: format!("no seconds for {}", study.card().name),
    })?;
    check(context)?;
    let Card {
        name, claim, rule, ..
    } = *study.card();
    let mode = if request.kept_only {
        Mode::Keep
    } else {
        Mode::make(allowed, &request.cells)
    };
    let place = (context.out.as_path(), name);
    let mut cells = Cells::new(place, &context.program, mode, progress);
    let mut outcome = study.run(context, &mut cells)?;
    outcome.hold_as_family();
    let cells = cells.statuses().to_vec();
    for (label, status) in &cells {
        if matches!(status, CellStatus::Failed(_) | CellStatus::NotRun(_)) {
            outcome.notes.push(format!("{label}: {}", status.text()));
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let statuses: Vec<Value> = cells
        .iter()
        .map(|(label, status)| json!({"cell": label, "status": status.text()}))
        .collect();
    let data: Vec<DataIdentity> = context.data.values().map(data_identity).collect();
    let manifest = json!({
        "study": name,
        "suite": request.suite,
        "budgets": context.budgets.name,
        "claim": claim,
        "rule": rule,
        "verdict": outcome.verdict(claim),
        "findings": outcome.findings.iter().map(Finding::json).collect::<Vec<Value>>(),
        "settings": context.budgets,
        "seeds": context.seeds,
        "tasks": request.tasks,
        "data": data,
        "device": context.device.identity(),
        "program": context.program,
        "cells": statuses,
        "seconds": seconds,
        "allowed_seconds": allowed,
    });
    let folder = context.out.join(name);
    outcome.write(&folder, [claim, rule], &manifest)?;
    Ok(Conducted {
        outcome,
        cells,
        folder,
        seconds,
    })
}
