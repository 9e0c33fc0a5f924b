//! Designs: at which rotations a model is measured, as a configuration names them.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::error::CoreError;
use crate::estimator::{
    Coverage, Estimator, Group, Iid, Orbits, Powers, Quadrature, Subset, Units,
};
use crate::group::FiniteGroup;
use crate::rotation::Rotation;
use crate::samples::Samples;
use crate::symmetry::Symmetry;

/// The list of designs: each entry is a variant and, under the same name, its [`Estimator`].
macro_rules! designs {
    ($(#[$of_enum:meta])* {
        $($(#[$of_variant:meta])* $name:ident { $($(#[$of_field:meta])* $field:ident: $kind:ty),* },)*
    }) => {
        $(#[$of_enum])*
        pub enum Design {
            $($(#[$of_variant])* $name { $($(#[$of_field])* $field: $kind),* },)*
        }

        impl Design {
            fn with<T>(&self, run: impl FnOnce(&(dyn Estimator + 'static)) -> T) -> T {
                match *self {
                    $(Self::$name { $($field),* } => run(&$name { $($field),* }),)*
                }
            }
        }
    };
}

designs! {
    /// How the rotations of one measurement are drawn.
    ///
    /// | design | SO(3) | O(3) |
    /// |---|---|---|
    /// | `iid` | M Haar rotations | each times an independent random sign |
    /// | `group` | all H rotations, no randomness | all H rotations, then their negatives |
    /// | `orbits` | R orbits `{h q : h in H}`, `q` Haar | H replaced by H x {1, -1} |
    /// | `subset` | M distinct elements of H | M distinct elements of H x {1, -1} |
    /// | `quadrature` | nodes of a product rule, with weights | the nodes, then their negatives |
    ///
    /// In an orbit the finite group acts after the Haar rotation, so an input that lives on a grid
    /// is rotated once per orbit and then turned exactly. The order is `[orbit][element]`.
    ///
    /// At equal forward passes `orbits` has far lower variance than `iid` where most of the error
    /// lies within the group's degree. Where it lies beyond, two orbits are little more than two
    /// draws, and the variance can be higher: the tests show both (factors of 10^3 and of 0.15).
    ///
    /// `group` and `subset` measure the symmetry under the finite group. The figure is that of SO(3)
    /// where the predictions' degree is at most the group's; see [`FiniteGroup`].
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
    {
        /// Independent draws from the Haar measure.
        Iid {
            /// Number of rotations, at least 2.
            rotations: usize
        },
        /// A finite group, enumerated in full.
        Group {
            /// The group.
            group: FiniteGroup
        },
        /// A finite group, enumerated in full after each of several independent Haar rotations.
        Orbits {
            /// The group.
            group: FiniteGroup,
            /// Number of Haar rotations, at least 2.
            orbits: usize
        },
        /// Draws without replacement from a finite group.
        Subset {
            /// The group.
            group: FiniteGroup,
            /// Number of rotations, at least 2 and at most the order of the group.
            rotations: usize
        },
        /// The product rule of a degree, [`crate::Nodes::product`]: `(degree + 1)^2 (degree / 2 + 1)`
        /// nodes.
        Quadrature {
            /// Largest degree that is integrated exactly, twice that of the predictions for an exact
            /// `L_equiv`.
            degree: usize
        },
    }
}

impl Design {
    /// The name as written in a configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.with(Estimator::name)
    }

    /// The rotations in words, for a table.
    #[must_use]
    pub fn words(&self, symmetry: Symmetry) -> String {
        let words = self.with(Estimator::words);
        match symmetry {
            Symmetry::So3 => words,
            Symmetry::O3 => format!("{words}, with inversions"),
        }
    }

    /// Number of rotations that [`Design::draw`] returns.
    #[must_use]
    pub fn rotations(&self, symmetry: Symmetry) -> usize {
        self.with(|estimator| estimator.rotations(symmetry))
    }

    /// Which symmetry the figures are of.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.with(Estimator::coverage)
    }

    /// Checks that the design allows an estimate.
    ///
    /// # Errors
    /// [`CoreError::TooFewDraws`] below 2 draws or orbits, [`CoreError::SubsetTooLarge`] beyond
    /// the order of the group, [`CoreError::TooManyRotations`] if the count overflows,
    /// [`CoreError::QuadratureDegree`].
    pub fn validate(&self, symmetry: Symmetry) -> Result<(), CoreError> {
        self.with(|estimator| estimator.validate(symmetry))
    }

    /// Draws the rotations of one measurement, `rotations(symmetry)` of them.
    ///
    /// # Errors
    /// Those of [`Design::validate`].
    pub fn draw<R: Rng + ?Sized>(
        &self,
        mut rng: &mut R,
        symmetry: Symmetry,
    ) -> Result<Vec<Rotation>, CoreError> {
        self.with(|estimator| estimator.draw(&mut rng, symmetry))
    }
}

/// Every design is an estimator: that of its variant.
impl Estimator for Design {
    fn name(&self) -> &'static str {
        self.with(Estimator::name)
    }

    fn words(&self) -> String {
        self.with(Estimator::words)
    }

    fn coverage(&self) -> Coverage {
        self.with(Estimator::coverage)
    }

    fn rotations(&self, symmetry: Symmetry) -> usize {
        self.with(|estimator| estimator.rotations(symmetry))
    }

    fn validate(&self, symmetry: Symmetry) -> Result<(), CoreError> {
        self.with(|estimator| estimator.validate(symmetry))
    }

    fn draw(&self, rng: &mut dyn Rng, symmetry: Symmetry) -> Result<Vec<Rotation>, CoreError> {
        self.with(|estimator| estimator.draw(rng, symmetry))
    }

    fn weights(&self, symmetry: Symmetry) -> Option<Vec<f64>> {
        self.with(|estimator| estimator.weights(symmetry))
    }

    fn equiv(&self, symmetry: Symmetry, samples: &Samples) -> f64 {
        self.with(|estimator| estimator.equiv(symmetry, samples))
    }

    fn slope(&self, symmetry: Symmetry, rows: &[&[f64]]) -> Vec<f64> {
        self.with(|estimator| estimator.slope(symmetry, rows))
    }

    fn units(&self, symmetry: Symmetry) -> Units {
        self.with(|estimator| estimator.units(symmetry))
    }

    fn powers(&self) -> Powers {
        self.with(Estimator::powers)
    }
}
