//! A model in training, without its types.

use twirl_core::{Part, Precision};
use twirl_data::Split;
use twirl_record::Evaluation;

use super::probe::{Jacobian, MoleculeSamples, Parts, Probe};
use crate::error::RunError;
use crate::linear::LinearSplit;
use crate::measure::Measurement;
use crate::parameters::ParameterInfo;

/// One arm, trained by the ordinary steps of a run and looked at in between.
///
/// Weights are one flat vector in the order of the module; every question takes them as an
/// argument, so that a question never changes the model in training.
pub trait Lab {
    /// Where each parameter lies.
    fn parameters(&self) -> &[ParameterInfo];

    /// Linear layers with an equivariant part, as the arm names them.
    ///
    /// # Errors
    /// If the arm names a parameter that it does not have, or of the wrong shape.
    fn linear_splits(&self) -> Result<Vec<LinearSplit>, RunError>;

    /// Items of a part of the data.
    fn items(&self, split: Split) -> Vec<usize>;

    /// Steps taken.
    fn step(&self) -> u64;

    /// Device seconds spent on them.
    fn seconds(&self) -> f64;

    /// The weights in training, not their average.
    fn weights(&self) -> Vec<f64>;

    /// Trains on until step `to`, with the batches, rotations and schedule of a run of the same
    /// job. A search for the learning rate is not made.
    ///
    /// # Errors
    /// If a batch cannot be made, or loss or gradient are not finite.
    fn advance(&mut self, to: u64) -> Result<(), RunError>;

    /// Seconds from a batch of items on the device to the predictions of the model in training on the host,
    /// with products as it trains with.
    ///
    /// # Errors
    /// If the batch cannot be made.
    fn prediction_seconds(&self, items: &[usize]) -> Result<f64, RunError>;

    /// The loss and its parts, for any loss.
    ///
    /// # Errors
    /// If the probe or the weights do not fit, or a prediction is not finite.
    fn parts(&self, weights: &[f64], probe: &Probe) -> Result<Parts, RunError>;

    /// Measures weights on test items as a run of the same job does whose `measure_seed` is `seed`, with
    /// products that round their operands to `products`, whatever the job trains with.
    ///
    /// # Errors
    /// If the weights or the design do not fit, or a prediction is not finite.
    fn measure(
        &self,
        weights: &[f64],
        evaluation: &Evaluation,
        seed: u64,
        products: Precision,
    ) -> Result<Measurement, RunError>;

    /// Gradient of the unbiased estimate that [`Lab::parts`] returns.
    ///
    /// # Errors
    /// If a trained term is not squared, and as [`Lab::parts`].
    fn gradient(&self, weights: &[f64], probe: &Probe, part: Part) -> Result<Vec<f64>, RunError>;

    /// Residuals at every rotation.
    ///
    /// # Errors
    /// As [`Lab::parts`].
    fn samples(&self, weights: &[f64], probe: &Probe) -> Result<Vec<MoleculeSamples>, RunError>;

    /// Rows of the Jacobian of the probe's items, for `outputs` components of each item's predictions
    /// drawn at random (all of them, if there are fewer).
    ///
    /// # Errors
    /// As [`Lab::parts`].
    fn jacobian(
        &self,
        weights: &[f64],
        probe: &Probe,
        outputs: usize,
    ) -> Result<Jacobian, RunError>;
}
