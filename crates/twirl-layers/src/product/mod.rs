//! Matrix products on the CPU device.
//!
//! burn fills the output of a product with zeros, copies it, and then computes it, which took 4 to
//! 18 % of a training step; and it leaves bias and activation to further passes. The bench `rows` times
//! both.

mod kernel;
mod operation;
mod pack;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use kernel::Multiply;
pub(crate) use operation::{Linear, Product};
pub(crate) use pack::Matrix;
