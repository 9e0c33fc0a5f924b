//! Borrowed arrays.

use std::borrow::Cow;

use crate::error::MeasureError;

/// Numbers in row-major order.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
    /// Whole numbers.
    I64(&'a [i64]),
}

/// Numbers with a shape, borrowed from whoever holds them.
#[derive(Debug, Clone, Copy)]
pub struct Array<'a> {
    /// Extent of each axis.
    pub shape: &'a [usize],
    /// Their product many values.
    pub values: Values<'a>,
}

impl<'a> Array<'a> {
    /// Single precision.
    #[must_use]
    pub const fn f32(shape: &'a [usize], values: &'a [f32]) -> Self {
        let values = Values::F32(values);
        Self { shape, values }
    }

    /// Double precision.
    #[must_use]
    pub const fn f64(shape: &'a [usize], values: &'a [f64]) -> Self {
        let values = Values::F64(values);
        Self { shape, values }
    }

    /// Whole numbers.
    #[must_use]
    pub const fn i64(shape: &'a [usize], values: &'a [i64]) -> Self {
        let values = Values::I64(values);
        Self { shape, values }
    }

    /// In double precision, checked against the shape; every number must be finite.
    pub(crate) fn finite(&self, name: &str) -> Result<Cow<'a, [f64]>, MeasureError> {
        let values: Cow<[f64]> = match self.values {
            Values::F32(values) => values.iter().copied().map(f64::from).collect(),
            Values::F64(values) => Cow::Borrowed(values),
            Values::I64(values) => values.iter().map(|&value| value as f64).collect(),
        };
        let expected = self
            .shape
            .iter()
            .try_fold(1, |p: usize, &n| p.checked_mul(n));
        if expected != Some(values.len()) {
            return Err(MeasureError::Shape {
                name: name.to_owned(),
                found: self.shape.to_vec(),
                rule: format!(", which does not fit its {} values", values.len()),
            });
        }
        let Some(place) = values.iter().position(|value| !value.is_finite()) else {
            return Ok(values);
        };
        let mut rest = place;
        let mut index: Vec<usize> = Vec::new();
        for &size in self.shape.iter().rev() {
            index.insert(0, rest % size);
            rest /= size;
        }
        Err(MeasureError::NotFinite {
            name: name.to_owned(),
            index,
            value: values[place],
        })
    }

    /// Refuses another shape.
    pub(crate) fn expect(&self, name: &str, shape: &[usize]) -> Result<(), MeasureError> {
        if self.shape == shape {
            return Ok(());
        }
        Err(MeasureError::Shape {
            name: name.to_owned(),
            found: self.shape.to_vec(),
            rule: format!(", but prediction asks for {shape:?}"),
        })
    }
}

/// Whether values are in single precision: given so, or read from a file that held them so.
pub(crate) fn is_single(values: &Values<'_>) -> bool {
    match values {
        Values::F32(_) => true,
        Values::F64(values) => {
            let single = |value: &f64| f64::from(*value as f32) == *value;
            values.iter().any(|value| value.fract() != 0.0) && values.iter().all(single)
        }
        Values::I64(_) => false,
    }
}
