//! Designs: at which rotations a model is measured.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::{CoreError, FiniteGroup, Law, Rotation};

/// The symmetry group that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symmetry {
    /// Proper rotations.
    #[default]
    So3,
    /// Rotations and their products with the inversion.
    O3,
}

impl Symmetry {
    /// Number of connected parts: 1 for SO(3), 2 for O(3).
    #[must_use]
    pub const fn parities(self) -> usize {
        match self {
            Self::So3 => 1,
            Self::O3 => 2,
        }
    }
}

/// How the rotations of one measurement are drawn.
///
/// | design | SO(3) | O(3) |
/// |---|---|---|
/// | `iid` | M Haar rotations | each times an independent random sign |
/// | `group` | all H rotations, no randomness | all H rotations, then their negatives |
/// | `orbits` | R orbits `{h q : h in H}`, `q` Haar | H replaced by H x {1, -1} |
/// | `subset` | M distinct elements of H | M distinct elements of H x {1, -1} |
///
/// In an orbit the finite group acts after the Haar rotation, so an input that lives on a grid is
/// rotated once per orbit and then turned exactly. The order is `[orbit][element]`.
///
/// At equal forward passes `orbits` has far lower variance than `iid` where most of the error lies
/// within the group's degree. Where it lies beyond, two orbits are little more than two draws, and
/// the variance can be higher: the tests show both (factors of 10^3 and of 0.15).
///
/// `group` and `subset` measure the symmetry under the finite group. The figure is that of SO(3)
/// where the predictions' degree is at most the group's; see [`FiniteGroup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Design {
    /// Independent draws from the Haar measure.
    Iid {
        /// Number of rotations, at least 2.
        rotations: usize,
    },
    /// A finite group, enumerated in full.
    Group {
        /// The group.
        group: FiniteGroup,
    },
    /// A finite group, enumerated in full after each of several independent Haar rotations.
    Orbits {
        /// The group.
        group: FiniteGroup,
        /// Number of Haar rotations, at least 2.
        orbits: usize,
    },
    /// Draws without replacement from a finite group.
    Subset {
        /// The group.
        group: FiniteGroup,
        /// Number of rotations, at least 2 and at most the order of the group.
        rotations: usize,
    },
}

impl Design {
    /// The name as written in a configuration.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Iid { .. } => "iid",
            Self::Group { .. } => "group",
            Self::Orbits { .. } => "orbits",
            Self::Subset { .. } => "subset",
        }
    }

    /// Number of rotations that [`Design::draw`] returns.
    #[must_use]
    pub const fn rotations(&self, symmetry: Symmetry) -> usize {
        match *self {
            Self::Iid { rotations } | Self::Subset { rotations, .. } => rotations,
            Self::Group { group } => group.order_under(symmetry),
            Self::Orbits { group, orbits } => orbits.saturating_mul(group.order_under(symmetry)),
        }
    }

    /// Checks that the design allows an unbiased estimate.
    ///
    /// # Errors
    /// [`CoreError::TooFewDraws`] below 2 draws or orbits, [`CoreError::SubsetTooLarge`] beyond
    /// the order of the group, [`CoreError::TooManyRotations`] if the count overflows.
    pub fn validate(&self, symmetry: Symmetry) -> Result<(), CoreError> {
        let (found, unit) = match *self {
            Self::Iid { rotations } | Self::Subset { rotations, .. } => (rotations, "rotations"),
            Self::Orbits { orbits, .. } => (orbits, "orbits"),
            Self::Group { .. } => return Ok(()),
        };
        if found < 2 {
            return Err(CoreError::TooFewDraws {
                design: self.name(),
                unit,
                found,
                needed: 2,
            });
        }
        match *self {
            Self::Subset { group, rotations } if rotations > group.order_under(symmetry) => {
                Err(CoreError::SubsetTooLarge {
                    found: rotations,
                    order: group.order_under(symmetry),
                })
            }
            Self::Orbits { orbits, .. } if self.rotations(symmetry) == usize::MAX => {
                Err(CoreError::TooManyRotations { orbits })
            }
            _ => Ok(()),
        }
    }

    /// Draws the rotations of one measurement, `rotations(symmetry)` of them.
    ///
    /// # Errors
    /// Those of [`Design::validate`].
    pub fn draw<R: Rng + ?Sized>(
        &self,
        rng: &mut R,
        symmetry: Symmetry,
    ) -> Result<Vec<Rotation>, CoreError> {
        self.validate(symmetry)?;
        Ok(match *self {
            Self::Iid { rotations } => (0..rotations).map(|_| haar_under(rng, symmetry)).collect(),
            Self::Group { group } => group.elements_under(symmetry),
            Self::Orbits { group, orbits } => {
                let elements = group.elements_under(symmetry);
                let mut drawn = Vec::with_capacity(orbits * elements.len());
                for _ in 0..orbits {
                    let start = Law::Haar.draw(rng);
                    drawn.extend(elements.iter().map(|element| element.compose(&start)));
                }
                drawn
            }
            Self::Subset { group, rotations } => {
                let mut elements = group.elements_under(symmetry);
                for place in 0..rotations {
                    let other = rng.random_range(place..elements.len());
                    elements.swap(place, other);
                }
                elements.truncate(rotations);
                elements
            }
        })
    }
}

fn haar_under<R: Rng + ?Sized>(rng: &mut R, symmetry: Symmetry) -> Rotation {
    let rotation = Law::Haar.draw(rng);
    if symmetry == Symmetry::O3 && rng.random::<bool>() {
        -rotation
    } else {
        rotation
    }
}
