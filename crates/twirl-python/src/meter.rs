//! The streaming meter.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use twirl_measure::{MeasureError, Options, Predictions};

use crate::arrays::{Borrowed, CommonTuple, TermTuple};
use crate::error::refused;
use crate::measured::{Measured, measured};

/// Sums over predictions that come part by part.
#[pyclass(module = "twirl._twirl")]
pub(crate) struct Meter(twirl_measure::Meter);

#[pymethods]
impl Meter {
    #[new]
    #[pyo3(signature = (replicates, seed, degree))]
    fn new(replicates: usize, seed: u64, degree: usize) -> Self {
        Self(twirl_measure::Meter::new(Options {
            replicates,
            seed,
            degree,
        }))
    }

    /// Rows given so far.
    #[getter]
    fn given(&self) -> usize {
        self.0.given()
    }

    /// Adds a part.
    fn update<'py>(
        &mut self,
        py: Python<'py>,
        terms: Vec<TermTuple<'py>>,
        common: CommonTuple<'py>,
    ) -> PyResult<()> {
        let borrowed = Borrowed::new(terms, common)?;
        let input = borrowed.input()?;
        let meter = &mut self.0;
        py.detach(|| {
            meter.add(&Predictions::new(&input)?)?;
            Ok::<_, MeasureError>(())
        })
        .map_err(refused)
    }

    /// Adds what another meter holds.
    fn merge(&mut self, other: &Self) -> PyResult<()> {
        self.0.merge(&other.0).map_err(refused)
    }

    /// The figures of everything that was added.
    fn figures<'py>(&self, py: Python<'py>) -> PyResult<Measured<'py>> {
        let meter = &self.0;
        let figures = py.detach(|| meter.figures()).map_err(refused)?;
        measured(py, &figures, None)
    }

    /// Everything that it holds.
    fn save<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.save())
    }

    /// Reads what `save` wrote, or the sum of several one after the other.
    #[staticmethod]
    fn load(bytes: &[u8]) -> PyResult<Self> {
        twirl_measure::Meter::load(bytes).map(Self).map_err(refused)
    }
}
