//! A model in training, opened for study: its weights, gradients and residuals, without its types.

mod bench;
mod cotangent;
mod probe;
mod stack;
mod view;

pub(crate) use bench::open;
pub use probe::{Jacobian, MoleculeSamples, Part, Parts, Probe, TermSamples};
pub use view::Lab;
