//! numpy arrays as those of `twirl-measure`, borrowed.

use numpy::{PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use twirl_measure::{Array, Input, Term, parse_loss};

use crate::error::refused;

enum Values<'py> {
    F32(PyReadonlyArrayDyn<'py, f32>),
    F64(PyReadonlyArrayDyn<'py, f64>),
    I64(PyReadonlyArrayDyn<'py, i64>),
}

/// A borrowed array, row-major.
pub(crate) struct Given<'py> {
    shape: Vec<usize>,
    values: Values<'py>,
}

impl<'py> Given<'py> {
    fn new(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let values = object.extract().map(Values::F64);
        let values = values.or_else(|_| object.extract().map(Values::F32));
        let values = values.or_else(|_| object.extract().map(Values::I64));
        let words = "arrays are numpy arrays of float32, float64 or int64";
        let values = values.map_err(|_| refused(words))?;
        let shape = match &values {
            Values::F32(array) => array.shape(),
            Values::F64(array) => array.shape(),
            Values::I64(array) => array.shape(),
        };
        let shape = shape.to_vec();
        Ok(Self { shape, values })
    }

    fn optional(object: Option<&Bound<'py, PyAny>>) -> PyResult<Option<Self>> {
        object.map(Self::new).transpose()
    }

    fn array(&self) -> PyResult<Array<'_>> {
        let shape = &self.shape;
        Ok(match &self.values {
            Values::F32(array) => Array::f32(shape, array.as_slice()?),
            Values::F64(array) => Array::f64(shape, array.as_slice()?),
            Values::I64(array) => Array::i64(shape, array.as_slice()?),
        })
    }
}

/// Name, prediction, target, mask, weight, kind and loss of a term.
pub(crate) type TermTuple<'py> = (
    String,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Option<Bound<'py, PyAny>>,
    Option<Bound<'py, PyAny>>,
    String,
    String,
);

/// Rotations, their weights, molecules, positions and design.
pub(crate) type CommonTuple<'py> = (
    Option<Bound<'py, PyAny>>,
    Option<Bound<'py, PyAny>>,
    Option<Bound<'py, PyAny>>,
    Option<Bound<'py, PyAny>>,
    Option<String>,
);

struct GivenTerm<'py> {
    name: String,
    arrays: [Given<'py>; 2],
    optional: [Option<Given<'py>>; 2],
    kind: String,
    loss: String,
}

/// Everything that a measurement takes, borrowed from Python.
pub(crate) struct Borrowed<'py> {
    terms: Vec<GivenTerm<'py>>,
    common: [Option<Given<'py>>; 4],
    design: Option<String>,
}

impl<'py> Borrowed<'py> {
    pub(crate) fn new(
        terms: Vec<TermTuple<'py>>,
        (rotation, rotation_weight, molecule, position, design): CommonTuple<'py>,
    ) -> PyResult<Self> {
        let term = |(name, prediction, target, mask, weight, kind, loss): TermTuple<'py>| {
            Ok(GivenTerm {
                name,
                arrays: [Given::new(&prediction)?, Given::new(&target)?],
                optional: [
                    Given::optional(mask.as_ref())?,
                    Given::optional(weight.as_ref())?,
                ],
                kind,
                loss,
            })
        };
        Ok(Self {
            terms: terms.into_iter().map(term).collect::<PyResult<_>>()?,
            common: [
                Given::optional(rotation.as_ref())?,
                Given::optional(rotation_weight.as_ref())?,
                Given::optional(molecule.as_ref())?,
                Given::optional(position.as_ref())?,
            ],
            design,
        })
    }

    /// The same as an input of the library.
    pub(crate) fn input(&self) -> PyResult<Input<'_>> {
        let mut terms = Vec::new();
        for given in &self.terms {
            let [prediction, target] = &given.arrays;
            let mut term = Term::new(prediction.array()?, target.array()?);
            let [mask, weight] = &given.optional;
            term.name.clone_from(&given.name);
            term.mask = mask.as_ref().map(Given::array).transpose()?;
            term.weight = weight.as_ref().map(Given::array).transpose()?;
            term.kind = given.kind.parse().map_err(refused)?;
            term.loss = parse_loss(&given.loss).map_err(refused)?;
            terms.push(term);
        }
        let [rotation, rotation_weight, molecule, position] = &self.common;
        let mut input = Input::of(terms);
        input.rotation = rotation.as_ref().map(Given::array).transpose()?;
        input.rotation_weight = rotation_weight.as_ref().map(Given::array).transpose()?;
        input.molecule = molecule.as_ref().map(Given::array).transpose()?;
        input.position = position.as_ref().map(Given::array).transpose()?;
        if let Some(design) = &self.design {
            input.sampling = Some(design.parse().map_err(refused)?);
        }
        Ok(input)
    }
}
