//! Counter-based random streams: the same words give the same numbers on any thread, in any order.

use rand::SeedableRng;
use rand::rand_core::{Infallible, TryRng};
use rand_chacha::ChaCha8Rng;

/// What a stream's numbers are used for. Streams of different purposes never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Rotations that augment training data.
    Augment,
    /// Rotations at which symmetry is measured.
    Evaluate,
    /// Everything random that a batch holds, such as noise or flow time.
    Batch,
    /// Order of the samples.
    Shuffle,
    /// Initial parameters.
    Init,
    /// Bootstrap weights.
    Bootstrap,
    /// Generation of samples from a trained model.
    Sample,
    /// Division of a data set into parts.
    Partition,
    /// Any other purpose, by number.
    Other(u32),
}

impl Purpose {
    /// The 64-bit word of this purpose: discriminant in the high half, number in the low half.
    ///
    /// Discriminants are fixed for good, because stored results depend on them.
    #[must_use]
    pub const fn word(self) -> u64 {
        let (discriminant, number) = match self {
            Self::Augment => (1, 0),
            Self::Evaluate => (2, 0),
            Self::Batch => (3, 0),
            Self::Shuffle => (4, 0),
            Self::Init => (5, 0),
            Self::Bootstrap => (6, 0),
            Self::Sample => (7, 0),
            Self::Partition => (8, 0),
            Self::Other(number) => (u32::MAX, number),
        };
        ((discriminant as u64) << 32) | number as u64
    }
}

/// A random stream that is a pure function of four 64-bit words.
///
/// The 32-byte `ChaCha8` key is `seed | purpose.word() | counters[0] | counters[1]`, each word
/// little-endian. The layout is injective: different words give different keys, with no hashing
/// between. Creation costs one key copy; numbers are computed when first asked for.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `(seed, purpose, counters)`, for example with counters `[step, sample]`.
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, counters: [u64; 2]) -> Self {
        let mut key = [0; 32];
        let words = [seed, purpose.word(), counters[0], counters[1]];
        for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}
