//! Curvature of a loss from its first-order gradients alone.
//!
//! An [`Objective`] gives gradients at any weights. [`Curvature`] turns them into Hessian-vector
//! products by central differences whose step is chosen and verified; [`lanczos`] and [`Density`]
//! turn those into extreme eigenvalues and the density of the spectrum; [`Condition`] states
//! condition numbers of singular Hessians with their definitions; a [`Quadrature`] is a figure with
//! what few vectors and few steps leave open of it. [`Kernel`] holds a Gauss-Newton kernel `J J^T`
//! over rotations and outputs, and gives the spectra of its twirled and remaining parts.
//!
//! Everything is f64 on the host. Gradients should be f64 too: central differences of f32
//! gradients resolve no more than about three digits.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod condition;
mod curvature;
mod density;
mod error;
mod kernel;
mod lanczos;
mod objective;
mod quadrature;
mod subspace;
mod vector;

pub use condition::Condition;
pub use curvature::{Curvature, STEPS, Verification};
pub use density::{Density, Node, density, density_within};
pub use error::LandscapeError;
pub use kernel::Kernel;
pub use lanczos::{CONVERGED, Ritz, lanczos};
pub use objective::{Objective, Quadratic};
pub use quadrature::Quadrature;
pub use subspace::Subspace;
pub use vector::{dot, norm, random_direction, random_signs};
