//! The source of everything random in a batch.

use twirl_core::{Purpose, Stream};

/// The source of everything random in a batch: flow time, source sample, voxel noise.
///
/// A pure function of `(seed, step, item)`: threads, batch composition and restarts change
/// nothing. All measurements of a run share one step number, so noise is the same for every
/// rotation and for every checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    seed: u64,
    step: u64,
}

impl Draw {
    /// The draw of a training step.
    pub fn training(seed: u64, step: u64) -> Self {
        Self { seed, step }
    }

    /// The draw of every measurement of a run.
    pub fn measuring(seed: u64) -> Self {
        Self {
            seed,
            step: u64::MAX,
        }
    }

    /// Whether the batch is seen at several rotations that must share its randomness.
    pub fn is_measuring(&self) -> bool {
        self.step == u64::MAX
    }

    /// The random stream of one item.
    pub fn stream(&self, item: usize) -> Stream {
        Stream::new(self.seed, Purpose::Batch, [self.step, item as u64])
    }
}
