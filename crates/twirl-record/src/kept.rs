//! How a run knows its own records again.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many records a run has written, and a hash over them in their order: the hash of the hash
/// before and the line. Line ends are not part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Records.
    pub count: usize,
    /// Hash; empty before the first record.
    pub sha256: String,
}

impl Kept {
    /// After one more line.
    #[must_use]
    pub fn with(&self, line: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(&self.sha256);
        hash.update(line);
        Self {
            count: self.count + 1,
            sha256: digits(&hash.finalize()),
        }
    }
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    digits(&Sha256::digest(bytes))
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string grows");
        text
    })
}
