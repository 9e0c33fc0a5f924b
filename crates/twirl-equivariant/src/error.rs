//! What can be wrong with a cloud or a configuration.

/// An input from which no cloud or backbone can be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EquivariantError {
    /// A coordinate is NaN or infinite.
    #[error("atom {atom}: coordinate {value} is not finite; repair or drop the molecule")]
    Coordinate {
        /// Atom in its molecule, from 0.
        atom: usize,
        /// The coordinate, in angstrom.
        value: f64,
    },
    /// Two atoms lie on the same point, so the direction between them is undefined.
    #[error("atoms {first} and {second} lie on the same point; repair or drop the molecule")]
    Overlap {
        /// One atom, from 0.
        first: usize,
        /// The other atom.
        second: usize,
    },
    /// A cutoff that is not a positive number.
    #[error("cutoff {cutoff} must be a finite number above 0 angstrom")]
    Cutoff {
        /// The cutoff, in angstrom.
        cutoff: f64,
    },
    /// A batch without molecules or a molecule without atoms.
    #[error("molecule {molecule} of the batch has no atoms; leave it out")]
    Empty {
        /// Molecule in the batch, from 0; also 0 for a batch without molecules.
        molecule: usize,
    },
    /// An atomic number outside the embedding table.
    #[error("molecule {molecule}, atom {atom}: atomic number {number} is not in 1..=96")]
    Species {
        /// Molecule in the batch, from 0.
        molecule: usize,
        /// Atom in the molecule, from 0.
        atom: usize,
        /// The atomic number.
        number: u8,
    },
    /// Arrays of one molecule that disagree in length.
    #[error("molecule {molecule}: {found} {what} for {atoms} atoms; give one per atom")]
    Length {
        /// Molecule in the batch, from 0.
        molecule: usize,
        /// Which array.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Number of atoms.
        atoms: usize,
    },
    /// A configuration value out of range.
    #[error("{name} is {value}, but must be {needed}")]
    Config {
        /// The configuration key.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The values allowed.
        needed: &'static str,
    },
}

/// Refuses sizes that no network can have.
pub(crate) fn check_config(
    sizes: &[(&'static str, usize)],
    lengths: &[(&'static str, f64)],
) -> Result<(), EquivariantError> {
    for &(name, size) in sizes {
        if size == 0 {
            return Err(EquivariantError::Config {
                name,
                value: 0.0,
                needed: "at least 1",
            });
        }
    }
    for &(name, value) in lengths {
        if !(value.is_finite() && value > 0.0) {
            return Err(EquivariantError::Config {
                name,
                value,
                needed: "finite and above 0",
            });
        }
    }
    Ok(())
}
