//! Run folders as columns.

use std::path::Path;

use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use twirl_compare::{Run, RunSet};
use twirl_record::{Record, Split, TermRecord};

use crate::error::refused;

/// A column.
enum Column {
    Text(Vec<String>),
    Count(Vec<i64>),
    /// NaN where a value is missing.
    Number(Vec<f64>),
}

/// Columns under construction, in the order in which the first row names them.
#[derive(Default)]
struct Table(Vec<(&'static str, Column)>);

impl Table {
    fn column(&mut self, name: &'static str, empty: Column) -> &mut Column {
        let place = self.0.iter().position(|(known, _)| *known == name);
        let place = place.unwrap_or_else(|| {
            self.0.push((name, empty));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    fn text(&mut self, name: &'static str, value: &str) {
        if let Column::Text(values) = self.column(name, Column::Text(Vec::new())) {
            values.push(value.to_owned());
        }
    }

    fn count(&mut self, name: &'static str, value: u64) {
        if let Column::Count(values) = self.column(name, Column::Count(Vec::new())) {
            values.push(value as i64);
        }
    }

    fn number(&mut self, name: &'static str, value: Option<f64>) {
        if let Column::Number(values) = self.column(name, Column::Number(Vec::new())) {
            values.push(value.unwrap_or(f64::NAN));
        }
    }

    fn split(&mut self, split: Option<&Split>) {
        let mut number = |name, pick: fn(&Split) -> Option<f64>| {
            self.number(name, split.and_then(pick));
        };
        number("loss", |split| Some(split.loss));
        number("loss_mean", |split| Some(split.loss_mean));
        number("loss_equiv", |split| Some(split.loss_equiv));
        number("percent_equiv", |split| Some(split.percent_equiv));
        number("percent_equiv_low", |split| split.percent_low);
        number("percent_equiv_high", |split| split.percent_high);
        number("floor", |split| Some(split.floor));
    }

    fn into_dict(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let dict = PyDict::new(py);
        for (name, column) in self.0 {
            match column {
                Column::Text(values) => dict.set_item(name, PyList::new(py, values)?)?,
                Column::Count(values) => dict.set_item(name, PyArray1::from_vec(py, values))?,
                Column::Number(values) => dict.set_item(name, PyArray1::from_vec(py, values))?,
            }
        }
        Ok(dict)
    }
}

/// Columns, and folders that were left out with the reason.
type Columns<'py> = (Bound<'py, PyDict>, Vec<(String, String)>);

fn table<'py>(
    py: Python<'py>,
    folder: &str,
    add: fn(&mut Table, &Run) -> (),
) -> PyResult<Columns<'py>> {
    let set = py
        .detach(|| RunSet::read(Path::new(folder)))
        .map_err(refused)?;
    let mut table = Table::default();
    for run in set.arms().flat_map(|arm| &arm.runs) {
        add(&mut table, run);
    }
    let broken = set.broken.into_iter();
    let broken = broken.map(|broken| (broken.path.display().to_string(), broken.reason));
    Ok((table.into_dict(py)?, broken.collect()))
}

fn place(table: &mut Table, run: &Run) {
    let job = &run.manifest.job;
    table.text("run", &run.path.display().to_string());
    table.text("task", &job.task);
    table.text("arm", &job.arm);
    table.count("seed", job.seed);
}

/// One row for each run below a folder.
#[pyfunction]
pub(crate) fn runs<'py>(py: Python<'py>, folder: &str) -> PyResult<Columns<'py>> {
    table(py, folder, |table, run| {
        place(table, run);
        let manifest = &run.manifest;
        table.text("status", manifest.status.name());
        table.text("data", &manifest.data.name);
        table.text("data_sha256", &manifest.data.sha256);
        table.text("control_of", manifest.control_of.as_deref().unwrap_or(""));
        table.count("parameters", manifest.parameters as u64);
        table.number("learning_rate", Some(manifest.learning_rate));
        let (steps, seconds) = run.spent();
        table.count("step", steps);
        table.number("device_seconds", Some(seconds));
        let last = run.last();
        table.split(last.map(|last| &last.split));
        let zero = last.and_then(|last| last.loss_zero);
        table.number("loss_of_zero", zero);
    })
}

/// One row for each record and term of the runs below a folder, the term `total` first.
#[pyfunction]
pub(crate) fn curves<'py>(py: Python<'py>, folder: &str) -> PyResult<Columns<'py>> {
    table(py, folder, |table, run| {
        for record in &run.records {
            row(table, run, record, ("total", &record.split), None);
            for (name, term) in &record.terms {
                row(table, run, record, (name, &term.split), Some(term));
            }
        }
    })
}

fn row(
    table: &mut Table,
    run: &Run,
    record: &Record,
    (name, split): (&str, &Split),
    term: Option<&TermRecord>,
) {
    place(table, run);
    table.text("term", name);
    table.count("step", record.step);
    table.count("samples", record.samples);
    table.number("device_seconds", Some(record.device_seconds));
    table.number("model_flops", record.model_flops);
    table.split(Some(split));
    let total = term.is_none();
    table.number("loss_of_zero", record.loss_zero.filter(|_| total));
    table.number("relative_equiv", term.and_then(|term| term.relative_equiv));
    table.number("parity", term.and_then(|term| term.parity));
    table.number("learning_rate", record.learning_rate);
    table.number("grad_norm", record.grad_norm);
}
