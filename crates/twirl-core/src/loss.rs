//! Losses that are convex, increasing functions of the length of a residual vector.

use serde::{Deserialize, Serialize};

use crate::error::CoreError;

/// A rotation-invariant loss of one residual vector `r`.
///
/// Component-wise L1 and Huber losses are absent because a rotation changes them, so they have no
/// split into twirled error and equivariance error.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// `|r|^2`. Its split is exact, unbiased and label-free.
    #[default]
    Squared,
    /// `|r|`, the L2 norm.
    Norm,
    /// `|r|^2 / 2` up to length `delta`, then `delta (|r| - delta / 2)`.
    Huber {
        /// Length at which the loss turns linear, in units of the residual; above zero.
        delta: f64,
    },
}

impl Loss {
    /// The loss of a residual of the given squared length.
    #[must_use]
    pub fn value(self, length_squared: f64) -> f64 {
        match self {
            Self::Squared => length_squared,
            Self::Norm => length_squared.sqrt(),
            Self::Huber { delta } if length_squared <= delta * delta => 0.5 * length_squared,
            Self::Huber { delta } => delta * (length_squared.sqrt() - 0.5 * delta),
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`CoreError::HuberDelta`] if `delta` is not finite or not above zero.
    pub fn validate(self) -> Result<(), CoreError> {
        match self {
            Self::Huber { delta } if !(delta.is_finite() && delta > 0.0) => {
                Err(CoreError::HuberDelta { delta })
            }
            _ => Ok(()),
        }
    }
}

/// What is split: a loss of residuals, or the cross-entropy of logits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Criterion {
    /// A loss of `prediction - target`.
    Residual(Loss),
    /// `log sum_k exp z_k - sum_k p_k z_k` of logits `z` as predictions and class probabilities `p` as
    /// targets. What is twirled is the logits, not the probabilities.
    CrossEntropy,
}

impl From<Loss> for Criterion {
    fn from(loss: Loss) -> Self {
        Self::Residual(loss)
    }
}
