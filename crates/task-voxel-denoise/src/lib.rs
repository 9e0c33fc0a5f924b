//! Denoising of voxelised molecules, after `VoxMol` (Pinheiro et al., arXiv 2306.07473).
//!
//! A molecule is a density on a cubic grid, one channel per element, an atom a Gaussian. An arm
//! sees it with noise and predicts it without. The loss is the mean squared error over the voxels
//! of the ball inside the box: the ball, unlike the box, is the same in every pose.
//!
//! Two figures of symmetry, never mixed:
//!
//! - Under the 24 turns of the lattice inputs and outputs are permuted: exact, no interpolation.
//! - Under SO(3) the rotated atoms are voxelised anew, the noise is a field that turns with them,
//!   and the prediction is interpolated back. What interpolation alone does to a perfect
//!   prediction is the floor that stands beside it.
//!
//! The plain U-Net halves its grid by convolutions of kernel 3 and stride 2, as published, which
//! break the 24 turns by themselves: part of its `L_equiv` is architectural ([`Unet`]). Its setting
//! `down = "k4-s2"` leaves only what is learnt.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod arms;
mod batch;
mod bonds;
mod closing;
mod config;
mod cramer_rao;
mod figures;
mod generate;
mod lattice;
mod noise;
mod peaks;
mod pictures;
mod resample;
mod scores;
mod task;
mod voxel_denoise;
mod walk_jump;

use twirl_core::Law;
use twirl_harness::{Entry, Training};

pub use arms::clean::{CleanGrid, CleanGridConfig};
pub use arms::octahedral::{OctahedralUnetArm, OctahedralUnetArmConfig};
pub use arms::steerable::{SteerableUnetArm, SteerableUnetArmConfig};
pub use arms::unet::Unet;
pub use arms::unet_sizes::{UnetConfig, UnetDown};
pub use batch::{Batch, Host, Output};
pub use bonds::{Contacts, Counted};
pub use config::{ClosingConfig, NoiseLaw, Poses, VoxelDenoiseConfig};
pub use lattice::{Lattice, voxelise};
pub use peaks::{Atom, Matched, find_atoms, match_atoms};
pub use voxel_denoise::VoxelDenoise;

/// The arms of this task.
pub const ENTRIES: &[Entry] = &[
    Entry::generative::<VoxelDenoise, Unet>(
        "unet",
        Training::Augmented,
        "the U-Net of VoxMol, on rotated molecules",
    ),
    Entry::generative::<VoxelDenoise, Unet>(
        "unet-unaugmented",
        Training::Unaugmented,
        "the same, trained on the stored poses",
    )
    .control_of("unet"),
    Entry::generative::<VoxelDenoise, Unet>(
        "unet-voxmol-euler",
        Training::Augmented,
        "the same, on molecules turned by uniform Euler angles, as VoxMol does: not Haar",
    )
    .augmented_by(Law::VoxmolEuler)
    .control_of("unet"),
    Entry::generative::<VoxelDenoise, SteerableUnetArm>(
        "steerable-unet",
        Training::Equivariant,
        "scalar and vector fields, kernels sampled on the lattice; the 24 turns exactly",
    ),
    Entry::generative::<VoxelDenoise, OctahedralUnetArm>(
        "octahedral-unet",
        Training::Equivariant,
        "every kernel in its 24 turned forms; the 24 turns exactly",
    ),
];
