//! Exactly rotation-equivariant layers and backbones on burn.
//!
//! it into [`Features`]: scalars that rotations leave alone and vectors that turn with the
//! molecule. [`ScalarHead`] and [`VectorHead`] read predictions out.
//!
//! | backbone | symmetry |
//! |---|---|
//! | [`Painn`] | O(3): no cross product anywhere |
//!
//! Equivariance is a property of the layers, not of the weights, so it holds to rounding at any
//! stage of training.

mod cloud;
mod error;
mod features;
mod neighbours;
mod painn;

pub use cloud::{Cloud, Edges, Molecule};
pub use error::EquivariantError;
pub use features::{Features, ScalarHead, VectorHead};
pub use neighbours::NeighbourList;
pub use painn::{Painn, PainnConfig};
