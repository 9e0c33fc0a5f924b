//! From predictions to loss, parts, intervals and spectrum.

use anyhow::{Context, Result};
use serde::Serialize;
use twirl_core::{CoreError, Design, Interval, Loss, Samples, Tally, energy, spectrum, split};

use super::layout::Predictions;

/// Replicates of the bootstrap over molecules, and its seed.
const REPLICATES: usize = 2000;
const SEED: u64 = 0;

/// Highest degree of the spectrum.
const DEGREE: usize = 6;

/// A figure with its 95 % interval over molecules, absent with too few of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) interval: Option<[f64; 2]>,
}

/// A loss and its parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Parts {
    pub(super) loss: Estimate,
    pub(super) loss_mean: Estimate,
    pub(super) loss_equiv: Estimate,
    pub(super) percent_equiv: Estimate,
}

/// Everything that is printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Figures {
    pub(super) rows: usize,
    pub(super) molecules: usize,
    pub(super) rotations: usize,
    pub(super) blocks: usize,
    pub(super) dim: usize,
    pub(super) loss_name: String,
    pub(super) design: String,
    pub(super) group: &'static str,
    pub(super) parts: Parts,
    /// The squared loss beside another one.
    pub(super) squared: Option<Parts>,
    /// Squared symmetry error over mean squared prediction.
    pub(super) relative_equiv: Option<f64>,
    /// Loss of the prediction twirled over M draws, `L_mean + L_equiv / M`: squared loss and
    /// independent rotations only.
    pub(super) twirled: Vec<(usize, f64)>,
    /// `S_l` over the mean squared prediction, l from 0.
    pub(super) spectrum: Option<Vec<Estimate>>,
    /// Why there is no spectrum.
    pub(super) no_spectrum: Option<String>,
    /// What makes the rotations look unlike the design.
    pub(super) doubt: Option<String>,
}

/// Columns: loss, mean, equiv of the loss; the same of the squared loss; size; spectrum.
const OF_SQUARED: usize = 3;
const SIZE: usize = 6;
const POWERS: usize = 7;

pub(super) fn figures(of: &Predictions) -> Result<Figures> {
    let [rows, rotations, blocks, dim] = of.extent;
    let mut no_spectrum = match (&of.rotations, &of.design) {
        (None, _) => Some("the file has no array rotation".to_owned()),
        (_, Design::Group { .. }) => {
            Some("a finite group mixes the degrees; it needs independent rotations".to_owned())
        }
        _ => None,
    };
    let mut tally = Tally::new(REPLICATES, SEED, POWERS + DEGREE + 1)?;
    for row in 0..rows {
        let columns = columns(of, row, &mut no_spectrum)
            .with_context(|| format!("row {row} (axis 0 of prediction)"))?;
        tally.add(of.units[row], 1.0, &columns)?;
    }
    let mut units = of.units.clone();
    units.sort_unstable();
    units.dedup();
    let size = tally.mean(SIZE)?;
    let relative = |column: usize| Ok::<f64, CoreError>(tally.mean(column)? / size);
    let parts_of_loss = parts(&tally, 0)?;
    let iid = matches!(of.design, Design::Iid { .. });
    let powers = if no_spectrum.is_none() && size > 0.0 {
        let power = |column| estimate(tally.ratio(column, SIZE), relative(column)?, 1.0);
        let powers: Result<Vec<Estimate>> = (POWERS..=POWERS + DEGREE).map(power).collect();
        Some(powers?)
    } else {
        None
    };
    let twirled = |count: usize| {
        let (mean, equiv) = (
            parts_of_loss.loss_mean.value,
            parts_of_loss.loss_equiv.value,
        );
        (count, mean + equiv / count as f64)
    };
    Ok(Figures {
        rows,
        molecules: units.len(),
        rotations,
        blocks,
        dim,
        loss_name: match of.loss {
            Loss::Squared => "squared".into(),
            Loss::Norm => "norm".into(),
            Loss::Huber { delta } => format!("huber:{delta}"),
        },
        design: of.design.name().into(),
        group: match of.symmetry {
            twirl_core::Symmetry::So3 => "SO(3)",
            twirl_core::Symmetry::O3 => "O(3)",
        },
        squared: if of.loss == Loss::Squared {
            None
        } else {
            Some(parts(&tally, OF_SQUARED)?)
        },
        relative_equiv: if size > 0.0 {
            Some(relative(OF_SQUARED + 2)?)
        } else {
            None
        },
        twirled: if iid && of.loss == Loss::Squared {
            [1, 2, 4, 8, 16, 32].map(twirled).to_vec()
        } else {
            Vec::new()
        },
        spectrum: powers,
        no_spectrum,
        doubt: match (&of.rotations, iid) {
            (Some(turns), true) => super::turns::doubt(turns),
            _ => None,
        },
        parts: parts_of_loss,
    })
}

fn estimate(found: Result<Interval, CoreError>, value: f64, scale: f64) -> Result<Estimate> {
    let interval = match found {
        Ok(interval) => Some([scale * interval.low, scale * interval.high]),
        Err(CoreError::TooFewMolecules { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Estimate { value, interval })
}

fn parts(tally: &Tally, first: usize) -> Result<Parts> {
    let mean = |column: usize| estimate(tally.interval(column), tally.mean(column)?, 1.0);
    let (loss, equiv) = (tally.mean(first)?, tally.mean(first + 2)?);
    anyhow::ensure!(
        loss != 0.0,
        "the loss is 0 at every rotation: predictions equal targets, and there is no percentage"
    );
    Ok(Parts {
        loss: mean(first)?,
        loss_mean: mean(first + 1)?,
        loss_equiv: mean(first + 2)?,
        percent_equiv: estimate(tally.ratio(first + 2, first), 100.0 * equiv / loss, 100.0)?,
    })
}

/// The tally's values for one row.
fn columns(
    of: &Predictions,
    row: usize,
    no_spectrum: &mut Option<String>,
) -> Result<Vec<f64>, CoreError> {
    let [_, rotations, blocks, dim] = of.extent;
    let width = blocks * dim;
    let predictions = &of.values[row * rotations * width..(row + 1) * rotations * width];
    let target = &of.target[row * width..(row + 1) * width];
    let weights = &of.weight[row * blocks..(row + 1) * blocks];
    let residuals: Vec<f64> = predictions
        .iter()
        .zip(target.iter().cycle())
        .map(|(prediction, target)| prediction - target)
        .collect();
    let residuals = Samples::new(rotations, blocks, dim, &residuals, weights)?;
    let predictions = Samples::new(rotations, blocks, dim, predictions, weights)?;
    let mut values = Vec::with_capacity(POWERS + DEGREE + 1);
    for loss in [of.loss, Loss::Squared] {
        let parts = split(&of.design, of.symmetry, loss, &residuals)?;
        values.extend([parts.loss, parts.mean, parts.equiv]);
    }
    let size = energy(&predictions)?;
    values.push(size);
    let powers = match (&of.rotations, &no_spectrum) {
        (Some(turns), None) => spectrum(&of.design, &turns[row], &residuals, DEGREE),
        _ => Ok(vec![0.0; DEGREE + 1]),
    };
    match powers {
        Ok(mut powers) => {
            // Degree 0 of the predictions is their size less their scatter; the rest is read off
            // the residuals, which has less noise.
            powers[0] = size - values[OF_SQUARED + 2];
            values.extend(powers);
        }
        Err(CoreError::SpectrumParity { .. }) => {
            *no_spectrum = Some("some rotations are improper".to_owned());
            values.extend([0.0; DEGREE + 1]);
        }
        Err(error) => return Err(error),
    }
    Ok(values)
}
