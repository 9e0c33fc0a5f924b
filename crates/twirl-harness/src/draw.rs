//! The source of everything random in a batch.

use twirl_core::{Purpose, Stream};

/// What a batch is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DrawPurpose {
    /// A step of training, by its number.
    Training(u64),
    /// Measurements: all of them see the same, in each draw.
    Measuring(u64),
    /// Figures of a finished model.
    Closing,
}

/// The source of everything random in a batch: flow time, source sample, voxel noise.
///
/// A pure function of `(seed, step, item)`: threads, batch composition and restarts change
/// nothing. All measurements of a run share one step number, so noise is the same for every
/// rotation and for every checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    seed: u64,
    purpose: DrawPurpose,
}

impl Draw {
    /// The draw of a training step.
    pub fn training(seed: u64, step: u64) -> Self {
        Self {
            seed,
            purpose: DrawPurpose::Training(step),
        }
    }

    /// The draw of every measurement of a run, where there is one.
    pub fn measuring(seed: u64) -> Self {
        Self::measuring_again(seed, 0)
    }

    /// One of several draws, from 0, that every measurement of a run sees.
    pub fn measuring_again(seed: u64, draw: u64) -> Self {
        Self {
            seed,
            purpose: DrawPurpose::Measuring(draw),
        }
    }

    /// The draw of the figures of a finished model that are not losses.
    pub fn closing(seed: u64) -> Self {
        Self {
            seed,
            purpose: DrawPurpose::Closing,
        }
    }

    /// Whether the batch is seen at several rotations that must share its randomness.
    pub fn is_measuring(&self) -> bool {
        matches!(self.purpose, DrawPurpose::Measuring(_))
    }

    /// The random stream of one item.
    pub fn stream(&self, item: usize) -> Stream {
        // Stored results depend on these numbers, which no run reaches in steps.
        let step = match self.purpose {
            DrawPurpose::Training(step) => step,
            DrawPurpose::Measuring(0) => u64::MAX,
            DrawPurpose::Measuring(draw) => u64::MAX - 1 - draw,
            DrawPurpose::Closing => u64::MAX - 1,
        };
        Stream::new(self.seed, Purpose::Batch, [step, item as u64])
    }
}
