//! Units in which networks predict.

use crate::label::{Kind, Label};

/// Origin and spread of a label over the training part: networks predict `(value - shift) / scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Mean of a scalar; 0 for vectors, which have no other origin.
    pub shift: f64,
    /// Root mean square of a component less the shift.
    pub scale: f64,
}

impl Scale {
    /// Over all values of a label.
    pub(crate) fn fit(label: &Label, values: &[f64]) -> Self {
        let count = values.len() as f64;
        let shift = match label.kind {
            Kind::Scalar => values.iter().sum::<f64>() / count,
            Kind::Vector => 0.0,
        };
        let squares = values.iter().map(|value| (value - shift).powi(2));
        Self {
            shift,
            scale: (squares.sum::<f64>() / count).sqrt(),
        }
    }

    /// A value as networks predict it.
    pub(crate) fn normalised(&self, value: f64) -> f64 {
        (value - self.shift) / self.scale
    }
}
