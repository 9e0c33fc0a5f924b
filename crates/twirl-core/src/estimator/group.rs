//! A finite group, enumerated in full.

use rand::Rng;

use super::contract::{Coverage, Estimator};
use crate::error::CoreError;
use crate::group::FiniteGroup;
use crate::rotation::Rotation;
use crate::symmetry::Symmetry;

/// `L_equiv = sum_m |u_m - ubar|^2 / H`: the expectation over the group, not an estimate.
pub(crate) struct Group {
    pub(crate) group: FiniteGroup,
}

impl Estimator for Group {
    fn name(&self) -> &'static str {
        "group"
    }

    fn words(&self) -> String {
        format!("{} group", self.group.name())
    }

    fn coverage(&self) -> Coverage {
        Coverage::Finite(self.group)
    }

    fn rotations(&self, symmetry: Symmetry) -> usize {
        self.group.order_under(symmetry)
    }

    fn validate(&self, _: Symmetry) -> Result<(), CoreError> {
        Ok(())
    }

    fn draw(&self, _: &mut dyn Rng, symmetry: Symmetry) -> Result<Vec<Rotation>, CoreError> {
        Ok(self.group.elements_under(symmetry))
    }
}
