//! A range of inputs, read one after the other.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use crate::scratch::Scratch;
use crate::target::{Outcome, Target};

/// How far a range has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Inputs refused.
    pub refused: u64,
    /// Inputs accepted.
    pub accepted: u64,
    /// Inputs at which a promise was broken.
    pub broken: u64,
}

impl Counts {
    /// All of them.
    pub fn sum(self) -> u64 {
        self.refused + self.accepted + self.broken
    }

    /// Adds those of another range.
    pub fn add(&mut self, other: Self) {
        self.refused += other.refused;
        self.accepted += other.accepted;
        self.broken += other.broken;
    }

    fn fields(&mut self) -> [&mut u64; 3] {
        [&mut self.refused, &mut self.accepted, &mut self.broken]
    }

    /// Reads what [`run`] notes.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn noted(file: &Path) -> std::io::Result<Self> {
        let bytes = fs::read(file)?;
        let mut counts = Self::default();
        for (field, bytes) in counts.fields().into_iter().zip(bytes.as_chunks().0) {
            *field = u64::from_le_bytes(*bytes);
        }
        Ok(counts)
    }
}

/// Reads the inputs of a range. `broken` gets the number, the input and the panic's message of each at
/// which a promise was broken. The counts so far are noted in `note`, if given, before every input and at
/// the end, so that the death of the process tells which input it was.
///
/// # Errors
/// If the scratch folder or the note cannot be written.
pub fn run(
    target: &Target,
    seed: u64,
    range: Range<u64>,
    note: Option<&Path>,
    mut broken: impl FnMut(u64, &[u8], &str),
) -> std::io::Result<Counts> {
    let scratch = Scratch::new()?;
    let mut counts = Counts::default();
    let mut note = note.map(fs::File::create).transpose()?;
    let mut write = |counts: &mut Counts| {
        let Some(note) = &mut note else {
            return Ok(());
        };
        let bytes = counts.fields().map(|field| field.to_le_bytes());
        note.seek(SeekFrom::Start(0))?;
        note.write_all(bytes.as_flattened())
    };
    for index in range {
        write(&mut counts)?;
        let input = target.input(seed, index);
        match target.check(&input, &scratch) {
            Ok(Outcome::Refused) => counts.refused += 1,
            Ok(Outcome::Accepted) => counts.accepted += 1,
            Err(message) => {
                counts.broken += 1;
                broken(index, &input, &message);
            }
        }
    }
    write(&mut counts)?;
    Ok(counts)
}
