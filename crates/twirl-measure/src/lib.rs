//! Splits the loss of any model's predictions into twirled error and equivariance error.
//!
//! Predictions of a model at several rotations of every molecule come in as arrays: from memory as an
//! [`Input`], from a file of HDF5 or npz through [`layout::input`]. [`Predictions::new`] checks them;
//! [`figures`] measures, and a [`Meter`] what comes part by part. The command line and the Python package both call these, so that a number,
//! a refusal and a note are the same everywhere.
//!
//! ```
//! use twirl_measure::{Array, Input, Options, Predictions, figures};
//!
//! // Six molecules at two rotations each, one block of two components, float32.
//! let prediction: Vec<f32> = (0..24).map(|k| (k * k % 7) as f32).collect();
//! let target = [1.0_f64; 12];
//! let input = Input::new(
//!     Array::f32(&[6, 2, 2], &prediction),
//!     Array::f64(&[6, 2], &target),
//! );
//! let predictions = Predictions::new(&input)?;
//! let found = figures(&predictions, &Options::default())?;
//! let parts = &found.terms[0].parts;
//! assert_eq!(parts.loss.value, parts.loss_mean.value + parts.loss_equiv.value);
//! # Ok::<(), twirl_measure::MeasureError>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod array;
mod by_element;
mod doubts;
mod drawn;
mod elements;
mod error;
mod figures;
mod flat;
mod geometry;
mod input;
mod kind;
pub mod layout;
mod meter;
mod notes;
mod predictions;
mod readings;
mod results;
mod rows;
mod sampling;
mod save;
mod settings;
mod sheet;
mod subject;
mod terms;
mod text;
mod turns;

pub use array::{Array, Values};
pub use error::MeasureError;
pub use figures::figures;
pub use flat::{Cell, flat};
pub use input::{Input, Term};
pub use kind::Kind;
pub use meter::Meter;
pub use notes::{Note, NoteCode};
pub use predictions::Predictions;
pub use results::{ElementFigures, Estimate, Figures, Parts, SCHEMA, TermFigures};
pub use rows::{Rows, TermRows};
pub use sampling::Sampling;
pub use settings::{Options, loss_name, parse_loss};
pub use text::text;
