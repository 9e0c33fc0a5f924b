//! The data sets inside the program, made by `data-scripts/` (`RDKit` conformers, GFN2-xTB labels).

use crate::dataset::DataSet;
use crate::error::{DataError, Result};
use crate::options::OpenOptions;
use crate::source::hex;
use sha2::{Digest, Sha256};

/// A data set that ships inside the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Embedded {
    /// Molecules at 500 K with energies and forces.
    Forces,
    /// Relaxed conformers with bonds, without labels.
    Conformers,
}

impl Embedded {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Forces, Self::Conformers];

    /// The name by which a user asks for it: `forces` or `conformers`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forces => "forces",
            Self::Conformers => "conformers",
        }
    }

    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Forces => include_bytes!("../embedded/forces.h5"),
            Self::Conformers => include_bytes!("../embedded/conformers.h5"),
        }
    }

    fn sidecar(self) -> &'static str {
        match self {
            Self::Forces => include_str!("../embedded/forces.h5.sha256"),
            Self::Conformers => include_str!("../embedded/conformers.h5.sha256"),
        }
    }
}

impl DataSet {
    /// A data set that ships inside the program, checked against its sha256.
    ///
    /// # Errors
    /// [`DataError::Hash`] where the program was built from altered data.
    pub fn embedded(which: Embedded) -> Result<Self> {
        let path = format!("embedded:{}", which.name());
        let expected = which
            .sidecar()
            .split_whitespace()
            .next()
            .unwrap_or_default();
        verified(&path, which.bytes(), expected)?;
        Self::from_bytes(&path, which.bytes().into(), &OpenOptions::default())
    }
}

fn verified(path: &str, bytes: &[u8], expected: &str) -> Result<()> {
    let found = hex(&Sha256::digest(bytes));
    if found == expected {
        return Ok(());
    }
    let (path, expected) = (path.to_owned(), expected.to_owned());
    Err(DataError::Hash {
        path,
        found,
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn altered_bytes_are_refused() {
        let error = verified("embedded:forces", b"abc", "00").expect_err("a wrong hash");
        // sha256("abc"), FIPS 180-2 appendix B.1.
        assert_eq!(
            error.to_string(),
            "embedded:forces: sha256 is \
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, expected 00; build \
             the program again"
        );
    }
}
