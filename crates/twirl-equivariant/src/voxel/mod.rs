//! Fields on a cubic lattice, and networks that commute with the turns of the lattice.
//!
//! | backbone | symmetry |
//! |---|---|
//! | [`SteerableUnet`] | 24 turns exactly; other rotations as well as the lattice resolves |
//! | [`OctahedralUnet`] | 24 turns exactly, nothing between them |
//!
//! Both make the lattice coarser by means over 2 x 2 x 2 points and finer by linear interpolation:
//! a convolution of kernel 3 and stride 2 on an even lattice samples points off its centre and
//! breaks the symmetry ([`Down::K3S2`] shows it).

mod kernel;
mod octahedral;
mod octahedral_unet;
mod scale;
mod steerable;
mod steerable_unet;
mod turn;

pub use octahedral::{GroupConv, LiftingConv, ProjectingConv, TURNS};
pub use octahedral_unet::{OctahedralUnet, OctahedralUnetConfig};
pub use scale::{average_pool, linear_upsample};
pub use steerable::{Channels, Field, KernelShape, NormGate, SteerableConv};
pub use steerable_unet::{Down, SteerableUnet, SteerableUnetConfig};
pub use turn::LatticeTurn;

use crate::EquivariantError;

/// Refuses levels that make no network.
fn check_levels(widths: &[usize], blocks: &[usize], kernel: usize) -> Result<(), EquivariantError> {
    let refuse = |name, value: usize, needed| EquivariantError::Config {
        name,
        value: value as f64,
        needed,
    };
    if widths.is_empty() || widths.contains(&0) {
        return Err(refuse("widths", 0, "at least 1 channel at every level"));
    }
    if blocks.len() != widths.len() {
        return Err(refuse(
            "blocks",
            blocks.len(),
            "one number per level of widths",
        ));
    }
    if kernel.is_multiple_of(2) {
        return Err(refuse("kernel", kernel, "odd"));
    }
    Ok(())
}
