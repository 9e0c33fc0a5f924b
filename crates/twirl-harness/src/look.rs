//! Loss and gradient norm of a step, and when they are looked at.

use burn::tensor::Tensor;

/// What one step leaves behind.
pub(crate) struct StepOutcome {
    /// Loss and squared gradient norm, on the device.
    pub(crate) look: Tensor<1>,
    /// The same, where they were looked at.
    pub(crate) looked: Option<Looked>,
    /// Of the forward pass.
    pub(crate) flops: u64,
}

/// Loss and gradient norm before clipping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looked {
    pub(crate) loss: f64,
    pub(crate) grad_norm: f64,
}

impl Looked {
    pub(crate) fn at(values: &[f64]) -> Self {
        Self {
            loss: values[0],
            grad_norm: values[1].sqrt(),
        }
    }

    /// The first of the two that is not finite.
    pub(crate) fn fault(&self) -> Option<(&'static str, f64)> {
        [("loss", self.loss), ("gradient norm", self.grad_norm)]
            .into_iter()
            .find(|(_, value)| !value.is_finite())
    }
}

/// When loss and gradient are looked at, for which the device must have finished them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Look {
    /// Before the update.
    Before,
    /// After the last step of a window.
    After,
}
