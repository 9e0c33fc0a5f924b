//! What figures say about two arms.

use crate::estimate::Estimate;

/// What the figures say about two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The first is lower, and the interval excludes equality.
    Lower,
    /// The first is higher, and the interval excludes equality.
    Higher,
    /// The interval holds equality, or a caveat forbids to call either lower.
    Undecided,
    /// Too few seeds for an interval.
    NoInterval,
}

impl Verdict {
    /// The verdict of an estimate that is `equal` where both sides are equal.
    pub fn of(estimate: &Estimate, equal: f64) -> Self {
        match estimate.interval {
            None => Self::NoInterval,
            Some([_, high]) if high < equal => Self::Lower,
            Some([low, _]) if low > equal => Self::Higher,
            Some(_) => Self::Undecided,
        }
    }

    /// Neither is called lower where a caveat forbids it.
    pub(crate) fn unless(self, forbidden: bool) -> Self {
        match self {
            Self::Lower | Self::Higher if forbidden => Self::Undecided,
            verdict => verdict,
        }
    }
}
