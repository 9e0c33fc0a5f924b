//! Estimators: at which rotations a model is measured, and how its loss is split from there.
//!
//! Each stands in a file of its own behind the trait [`Estimator`]; a further one is a file here and
//! an entry in the list of [`crate::Design`].

mod contract;
mod group;
mod iid;
mod nodes;
mod orbits;
mod quadrature;
pub(crate) mod rows;
mod subset;

pub(crate) use group::Group;
pub(crate) use iid::Iid;
pub(crate) use orbits::Orbits;
pub(crate) use quadrature::Quadrature;
pub(crate) use subset::Subset;

pub use contract::{Coverage, Estimator, Powers, Units};
pub use nodes::Nodes;
