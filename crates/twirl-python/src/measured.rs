//! Results as Python takes them.

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use twirl_measure::{Cell, Figures, MeasureError, Meter, Options, Predictions, Rows, flat, text};

use crate::arrays::{Borrowed, CommonTuple, TermTuple};
use crate::error::refused;

/// JSON of the figures, the lines that the command prints, the flat columns of each term and, where
/// they are known, the parts of every row.
pub(crate) type Measured<'py> = (
    String,
    String,
    Bound<'py, PyList>,
    Option<Bound<'py, PyDict>>,
);

/// The split of one set of predictions.
#[pyfunction]
#[pyo3(signature = (terms, common, replicates, seed, degree))]
pub(crate) fn measure<'py>(
    py: Python<'py>,
    terms: Vec<TermTuple<'py>>,
    common: CommonTuple<'py>,
    replicates: usize,
    seed: u64,
    degree: usize,
) -> PyResult<Measured<'py>> {
    let borrowed = Borrowed::new(terms, common)?;
    let input = borrowed.input()?;
    let options = Options {
        replicates,
        seed,
        degree,
    };
    let (figures, rows) = py
        .detach(|| {
            let mut meter = Meter::new(options);
            let rows = meter.add(&Predictions::new(&input)?)?;
            Ok::<_, MeasureError>((meter.figures()?, rows))
        })
        .map_err(refused)?;
    measured(py, &figures, Some(rows))
}

pub(crate) fn measured<'py>(
    py: Python<'py>,
    figures: &Figures,
    rows: Option<Rows>,
) -> PyResult<Measured<'py>> {
    let json = serde_json::to_string(figures).map_err(refused)?;
    let columns = PyList::empty(py);
    for row in flat(figures) {
        let dict = PyDict::new(py);
        for (name, cell) in row {
            match cell {
                Cell::Text(text) => dict.set_item(name, text)?,
                Cell::Count(count) => dict.set_item(name, count)?,
                Cell::Number(number) => dict.set_item(name, number)?,
            }
        }
        columns.append(dict)?;
    }
    let rows = rows.map(|rows| of_rows(py, rows)).transpose()?;
    Ok((json, text("twirl", &[], figures), columns, rows))
}

/// `row`, `molecule` and for each term a dict of its columns, as arrays.
fn of_rows(py: Python<'_>, rows: Rows) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    let places = rows.row.iter().map(|&row| row as i64).collect();
    dict.set_item("row", PyArray1::<i64>::from_vec(py, places))?;
    let units = rows.molecule.iter().map(|&unit| unit as i64).collect();
    dict.set_item("molecule", PyArray1::<i64>::from_vec(py, units))?;
    let terms = PyList::empty(py);
    for term in rows.terms {
        let columns = PyDict::new(py);
        for (name, values) in [
            ("loss", term.loss),
            ("loss_mean", term.loss_mean),
            ("loss_equiv", term.loss_equiv),
            ("loss_of_zero", term.loss_of_zero),
            ("size", term.size),
        ] {
            columns.set_item(name, PyArray1::from_vec(py, values))?;
        }
        terms.append(columns)?;
    }
    dict.set_item("terms", terms)?;
    Ok(dict)
}

/// Numbers in the shape of matrices.
pub(crate) fn matrices(
    py: Python<'_>,
    values: Vec<f64>,
) -> PyResult<Bound<'_, numpy::PyArray3<f64>>> {
    let count = values.len() / 9;
    PyArray1::from_vec(py, values).reshape([count, 3, 3])
}
