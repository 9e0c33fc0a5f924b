//! Exactly rotation-equivariant layers and backbones on burn.
//!
//! A [`Cloud`] is a batch of molecules, atom after atom. [`Painn`], [`TensorField`] and [`Mace`]
//! turn it into [`Features`]: scalars that rotations leave alone and vectors that turn with the
//! molecule. [`ScalarHead`] and [`VectorHead`] read predictions out.
//!
//! | backbone | symmetry |
//! |---|---|
//! | [`Painn`] | O(3): no cross product anywhere |
//! | [`TensorField`] with [`twirl_core::Symmetry::O3`] | O(3): the 11 parity-even paths of degree <= 2 |
//! | [`TensorField`] with [`twirl_core::Symmetry::So3`] | SO(3): all 15 paths |
//! | [`Mace`] | O(3): parity-even paths and products of degree <= 2, of up to three features |
//! | [`voxel::SteerableUnet`], [`voxel::OctahedralUnet`] | the 24 turns of a cubic lattice |
//!
//! Equivariance is a property of the layers, not of the weights, so it holds to rounding at any
//! stage of training.

pub mod angular;
mod channelwise;
mod cloud;
mod coupled;
mod couplings;
mod degrees;
mod error;
mod features;
mod mace;
mod many_body;
mod message;
mod neighbours;
#[cfg(test)]
mod own_forms;
mod painn;
mod tensor_field;
mod tensor_message;
mod update;
pub mod voxel;

pub use cloud::{Cloud, Edges, Molecule};
pub use error::EquivariantError;
pub use features::{Features, ScalarHead, VectorHead};
pub use mace::{Mace, MaceConfig};
pub use neighbours::NeighbourList;
pub use painn::{Painn, PainnConfig};
pub use tensor_field::{TensorField, TensorFieldConfig};

/// The README's example, compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
