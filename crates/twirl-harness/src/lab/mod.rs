//! A model in training, opened for study: its weights, gradients and residuals, without its types.

mod bench;
mod probe;
mod stack;
mod view;

pub(crate) use bench::open;
pub use probe::{Jacobian, MoleculeSamples, Parts, Probe, TermSamples};
pub use twirl_core::Part;
pub use view::Lab;
