//! From predictions to figures in one call.

use crate::error::MeasureError;
use crate::meter::Meter;
use crate::predictions::Predictions;
use crate::results::Figures;
use crate::settings::Options;

/// Measures predictions.
///
/// # Errors
/// [`MeasureError::Row`] for a row that cannot be measured, [`MeasureError::Core`] for options out of
/// range.
pub fn figures(of: &Predictions<'_>, options: &Options) -> Result<Figures, MeasureError> {
    let mut meter = Meter::new(*options);
    meter.add(of)?;
    meter.figures()
}
