//! The measurement of one molecule: everything that a report says of it.

use crate::error::CoreError;
use crate::estimator::{Estimator, Powers};
use crate::logits::log_sum_exp;
use crate::loss::{Criterion, Loss};
use crate::rotation::Rotation;
use crate::samples::Samples;
use crate::spectrum::spectrum;
use crate::split::{Split, split, split_with, weighted_energy, weighted_parity_error};
use crate::symmetry::Symmetry;

/// What a model said of one molecule at the rotations of an estimator.
#[derive(Debug, Clone, Copy)]
pub struct Molecule<'a> {
    /// Untwisted predictions, `[rotations][blocks][dim]`.
    pub predictions: &'a [f64],
    /// Labels in the unrotated pose, `[blocks][dim]`; class probabilities for the cross-entropy.
    pub target: &'a [f64],
    /// Weights of the blocks in the loss, `[blocks]`.
    pub weights: &'a [f64],
    /// Components of a block.
    pub dim: usize,
    /// The rotations, where they are known: without them there is no spectrum and no parity.
    pub rotations: Option<&'a [Rotation]>,
}

/// The figures of one molecule.
#[derive(Debug, Clone, PartialEq)]
pub struct MoleculeFigures {
    /// The loss and its parts.
    pub split: Split,
    /// The same of the squared loss; of the cross-entropy, of the squared logits: only its `equiv` says
    /// something.
    pub squared: Split,
    /// Loss of predicting zero.
    pub zero: f64,
    /// Mean squared size of the predictions.
    pub size: f64,
    /// Powers `S_0, S_1, ...` of the predictions by rotation degree, where the estimator gives them
    /// and all rotations are proper.
    pub spectrum: Option<Vec<f64>>,
    /// Parity error, where every rotation comes with its negative.
    pub parity: Option<f64>,
}

/// Largest difference between entries of two matrices that are the same rotation.
const SAME: f64 = 1e-6;

/// Measures one molecule: loss, parts, squared parts, size, spectrum to `degree` (of weighted nodes
/// at most half of the rule's degree), parity, and the loss of predicting zero.
///
/// Power 0 is the size less the scatter, the others are read off the residuals, which has less noise:
/// see [`spectrum`].
///
/// # Errors
/// Those of [`Samples::new`] and [`split`]; [`CoreError::Shape`] if a length does not fit.
pub fn measure_molecule<E: Estimator + ?Sized>(
    estimator: &E,
    symmetry: Symmetry,
    criterion: impl Into<Criterion>,
    molecule: &Molecule<'_>,
    degree: usize,
) -> Result<MoleculeFigures, CoreError> {
    let Molecule {
        predictions,
        target,
        weights,
        dim,
        rotations,
    } = *molecule;
    let blocks = weights.len();
    if target.len() != blocks * dim || target.is_empty() {
        return Err(CoreError::Shape {
            what: "target [blocks][dim]",
            found: target.len(),
            expected: blocks * dim,
        });
    }
    let count = predictions.len() / target.len();
    let criterion = criterion.into();
    let residuals: Vec<f64> = match criterion {
        Criterion::Residual(_) => {
            let rows = predictions.chunks_exact(target.len());
            rows.flat_map(|row| row.iter().zip(target).map(|(f, y)| f - y))
                .collect()
        }
        Criterion::CrossEntropy => predictions.to_vec(),
    };
    let samples = Samples::new(count, blocks, dim, &residuals, weights)?;
    let predicted = Samples::new(count, blocks, dim, predictions, weights)?;
    let squared = || split(estimator, symmetry, Loss::Squared, &samples);
    let (parts, squared, zero) = match criterion {
        Criterion::Residual(loss) => {
            let parts = split(estimator, symmetry, loss, &samples)?;
            let squared = if loss == Loss::Squared {
                parts
            } else {
                squared()?
            };
            (parts, squared, samples.loss(loss, target))
        }
        Criterion::CrossEntropy => {
            let entropy = |row: &[f64]| -> f64 {
                let blocks = row.chunks_exact(dim).zip(target.chunks_exact(dim));
                let of_block = |(z, p): (&[f64], &[f64])| {
                    let expected: f64 = z.iter().zip(p).map(|(z, p)| z * p).sum();
                    log_sum_exp(z) - expected
                };
                let blocks = blocks.zip(weights);
                blocks.map(|(block, weight)| weight * of_block(block)).sum()
            };
            let parts = split_with(estimator, symmetry, &samples, entropy)?;
            (parts, squared()?, entropy(&vec![0.0; target.len()]))
        }
    };
    let nodes = estimator.weights(symmetry);
    let size = weighted_energy(&predicted, nodes.as_deref())?;
    let highest = match estimator.powers() {
        Powers::Absent => None,
        Powers::Pairs { .. } => Some(degree),
        Powers::Nodes { degree: resolved } => Some(degree.min(resolved)),
    };
    let spectrum = match (rotations, highest) {
        (Some(rotations), Some(highest)) if symmetry == Symmetry::So3 => {
            let mut powers = spectrum(estimator, rotations, &samples, highest)?;
            powers[0] = size - squared.equiv;
            Some(powers)
        }
        _ => None,
    };
    let parity = match rotations {
        Some(rotations) => parity(rotations, &predicted, nodes.as_deref())?,
        None => None,
    };
    Ok(MoleculeFigures {
        split: parts,
        squared,
        zero,
        size,
        spectrum,
        parity,
    })
}

/// Parity error from the pairs `g`, `-g` of rotations that hold both.
fn parity(
    rotations: &[Rotation],
    predicted: &Samples,
    nodes: Option<&[f64]>,
) -> Result<Option<f64>, CoreError> {
    let negative = |rotation: &Rotation| {
        let wanted = Rotation::inversion().compose(rotation);
        rotations
            .iter()
            .position(|other| wanted.distance(other) < SAME)
    };
    let proper: Vec<usize> = (0..rotations.len())
        .filter(|&place| rotations[place].is_proper())
        .collect();
    if 2 * proper.len() != rotations.len() {
        return Ok(None);
    }
    let inverted = proper.iter().map(|&place| negative(&rotations[place]));
    let Some(inverted) = inverted.collect::<Option<Vec<usize>>>() else {
        return Ok(None);
    };
    let rows = |places: &[usize]| -> Vec<f64> {
        let rows = places.iter().flat_map(|&place| predicted.row(place));
        rows.copied().collect()
    };
    let (plus, minus) = (rows(&proper), rows(&inverted));
    let samples = |rows| {
        let (blocks, dim) = (predicted.blocks(), predicted.dim());
        Samples::new(proper.len(), blocks, dim, rows, predicted.weights())
    };
    let nodes: Option<Vec<f64>> =
        nodes.map(|weights| proper.iter().map(|&place| weights[place]).collect());
    weighted_parity_error(&samples(&plus)?, &samples(&minus)?, nodes.as_deref()).map(Some)
}
