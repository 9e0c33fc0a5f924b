//! What is measured, apart from the numbers: the same for all parts of the data.

use serde::{Deserialize, Serialize};
use twirl_core::{Coverage, FiniteGroup, Powers, Symmetry};

use crate::error::MeasureError;
use crate::kind::Kind;
use crate::sampling::{Rule, Sampling};
use crate::settings::{loss_name, parse_loss};

/// For which predictions the rotations stand for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Covered {
    All,
    Finite(FiniteGroup),
    /// Up to a degree.
    Degree(usize),
}

impl Covered {
    /// The least of all rows.
    pub(crate) fn of(rule: &Rule, rows: usize) -> Self {
        let rows = match rule {
            Rule::Nodes(nodes) => nodes.len(),
            // One design for all.
            Rule::Design(_) => 1,
        }
        .min(rows);
        let least = (0..rows).map(|row| match rule.of(row).coverage() {
            Coverage::Haar => Self::All,
            Coverage::Finite(group) => Self::Finite(group),
            Coverage::Degree(degree) => Self::Degree(degree),
        });
        least.reduce(Self::and).unwrap_or(Self::All)
    }

    /// The lesser of two.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Degree(a), Self::Degree(b)) => Self::Degree(a.min(b)),
            _ => self,
        }
    }
}

/// One term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) name: String,
    /// As its name.
    kind: String,
    loss: String,
    /// Blocks of a molecule, the most of all parts.
    pub(crate) blocks: usize,
    /// Components of an unpacked block.
    pub(crate) dim: usize,
    /// Some of it was given in single precision.
    pub(crate) single: bool,
    /// Atomic numbers were given.
    #[serde(default)]
    pub(crate) elements: bool,
}

impl About {
    pub(crate) fn new(
        name: &str,
        kind: Kind,
        loss: twirl_core::Criterion,
        [blocks, dim]: [usize; 2],
        single: bool,
    ) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_string(),
            loss: loss_name(&loss),
            blocks,
            dim,
            single,
            elements: false,
        }
    }

    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    pub(crate) fn loss(&self) -> &str {
        &self.loss
    }

    /// # Errors
    /// [`MeasureError::Setting`] for a name that [`About::new`] did not write.
    pub(crate) fn criterion(&self) -> Result<twirl_core::Criterion, MeasureError> {
        parse_loss(&self.loss)
    }
}

/// What all parts of the data have in common, or what is put together from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) rotations: usize,
    /// As its name.
    sampling: String,
    /// Whether the rotations of every row were given.
    pub(crate) turned: bool,
    /// Whether the estimator gives powers by degree.
    pub(crate) powers: bool,
    pub(crate) covered: Covered,
    pub(crate) symmetry: Symmetry,
    /// Whether positions tell which rows can show symmetry.
    pub(crate) bodies: bool,
    pub(crate) terms: Vec<About>,
}

impl Subject {
    pub(crate) fn new(
        [rows, rotations]: [usize; 2],
        (sampling, rule): (Sampling, &Rule),
        symmetry: Symmetry,
        [turned, bodies]: [bool; 2],
        terms: Vec<About>,
    ) -> Self {
        Self {
            rotations,
            sampling: sampling.to_string(),
            turned,
            powers: rule.of(0).powers() != Powers::Absent,
            covered: Covered::of(rule, rows),
            symmetry,
            bodies,
            terms,
        }
    }

    pub(crate) fn design(&self) -> &str {
        &self.sampling
    }

    /// Whether rotations were drawn, so that there is an error of drawing them.
    pub(crate) fn is_random(&self) -> bool {
        use Sampling::{Iid, Orbits, Subset};
        matches!(self.sampling.parse(), Ok(Iid | Orbits(_) | Subset(_)))
    }

    pub(crate) fn is_iid(&self) -> bool {
        self.sampling == Sampling::Iid.to_string()
    }

    /// Puts another part beside it.
    ///
    /// # Errors
    /// [`MeasureError::Differs`] if the two cannot be averaged.
    pub(crate) fn join(&mut self, other: &Self) -> Result<(), MeasureError> {
        let same = |what: String, before: &dyn ToString, now: &dyn ToString| {
            let (before, now) = (before.to_string(), now.to_string());
            if before == now {
                return Ok(());
            }
            Err(MeasureError::Differs { what, before, now })
        };
        same("rotations".into(), &self.rotations, &other.rotations)?;
        same("design".into(), &self.sampling, &other.sampling)?;
        same("terms".into(), &self.terms.len(), &other.terms.len())?;
        for (own, other) in self.terms.iter().zip(&other.terms) {
            let of = |what: &str| {
                if own.name.is_empty() {
                    what.to_owned()
                } else {
                    format!("{what} of {}", own.name)
                }
            };
            same("name of a term".into(), &own.name, &other.name)?;
            same(of("kind"), &own.kind, &other.kind)?;
            same(of("loss"), &own.loss, &other.loss)?;
            same(of("last axis"), &own.dim, &other.dim)?;
            same(of("atomic numbers given"), &own.elements, &other.elements)?;
        }
        for (own, other) in self.terms.iter_mut().zip(&other.terms) {
            own.blocks = own.blocks.max(other.blocks);
            own.single |= other.single;
        }
        self.turned &= other.turned;
        self.bodies |= other.bodies;
        self.covered = self.covered.and(other.covered);
        if other.symmetry == Symmetry::O3 {
            self.symmetry = Symmetry::O3;
        }
        Ok(())
    }
}
