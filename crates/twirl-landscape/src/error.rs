//! What can go wrong, one line each.

/// A curvature that cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum LandscapeError {
    /// The objective failed.
    #[error("{0}")]
    Objective(Box<dyn std::error::Error + Send + Sync>),
    /// Central differences with all steps disagree.
    #[error(
        "Hessian-vector products are not resolved: two steps differ by a share of \
         {disagreement:.1e}, {allowed:.1e} is allowed; compute gradients in f64"
    )]
    NotResolved {
        /// Smallest relative difference between two steps.
        disagreement: f64,
        /// Largest allowed.
        allowed: f64,
    },
    /// A vector of the wrong length.
    #[error("{what} has length {found}, {expected} expected")]
    Length {
        /// Which.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The right length.
        expected: usize,
    },
    /// A number that is not finite.
    #[error("{what} is not finite; the weights lie outside the range of the objective")]
    NotFinite {
        /// Which.
        what: &'static str,
    },
    /// A start or direction of length zero.
    #[error("{what} is zero; give one with a length")]
    Zero {
        /// Which.
        what: &'static str,
    },
}

impl LandscapeError {
    /// An error of the objective.
    pub fn objective(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Objective(error.into())
    }
}
