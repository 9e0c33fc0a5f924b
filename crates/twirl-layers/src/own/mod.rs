//! Own operations on the CPU device.
//!
//! An [`Operation`] is a function of tensors with its own backward pass, written on slices. It takes
//! the place of a chain of burn's operations, each of which would pass over memory, allocate and
//! leave a node behind. Every layer that has one also has a form composed of burn's operations, for
//! other devices and types.

mod operation;
mod real;
mod sets;
mod sums;

pub use crate::flex::{composed, on_host, on_own};
pub use operation::{Operation, apply1, apply2, apply3, apply4, apply5, like, tensor, whole};
pub use real::{END, Real};
pub use sets::vectorised;
pub use sums::{dot, sum};
pub(crate) use sums::{dot_in, sum_in};

/// Runs an expression with `$real` standing for the float type of a tensor, single or double.
#[macro_export]
macro_rules! with_real {
    ($tensor:expr, $real:ident => $run:expr) => {
        match $tensor.dtype() {
            burn::tensor::DType::F32 => {
                type $real = f32;
                $run
            }
            burn::tensor::DType::F64 => {
                type $real = f64;
                $run
            }
            other => unreachable!("{other:?} goes to the composed form"),
        }
    };
}
