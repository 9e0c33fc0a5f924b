//! What is fuzzed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use twirl_core::{Purpose, Stream};

use crate::scratch::Scratch;

/// Seed of all inputs unless another is given.
pub const SEED: u64 = 20_261_125;

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Refused in one line.
    Refused,
    /// Read, and it holds what the reader promises.
    Accepted,
}

/// One reader.
pub struct Target {
    /// Name.
    pub name: &'static str,
    /// An input from a stream.
    pub(crate) make: fn(&mut Stream) -> Vec<u8>,
    /// Reads an input; panics where a promise is broken.
    pub(crate) check: fn(&[u8], &Scratch) -> Outcome,
}

impl Target {
    /// Input `index`, a function of the seed, the target's name and the index.
    pub fn input(&self, seed: u64, index: u64) -> Vec<u8> {
        // FNV-1a, so that targets of other names have other inputs.
        let name = self
            .name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
            });
        (self.make)(&mut Stream::new(seed, Purpose::Other(7), [name, index]))
    }

    /// Reads an input.
    ///
    /// # Errors
    /// The message of a panic.
    pub fn check(&self, input: &[u8], scratch: &Scratch) -> Result<Outcome, String> {
        catch_unwind(AssertUnwindSafe(|| (self.check)(input, scratch))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            text.unwrap_or("panicked").to_owned()
        })
    }
}

/// A message of a refusal is one line.
pub(crate) fn refused(message: &str) -> Outcome {
    assert!(
        !message.is_empty() && !message.contains(['\n', '\r']),
        "refused, but not in one line: {message:?}"
    );
    Outcome::Refused
}
