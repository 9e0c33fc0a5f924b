//! What is asked of the cells of a study.

use std::time::{Duration, Instant};

use twirl_record::{Cell, Job};

/// What is done with the cells of a study.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode<'a> {
    /// Those that are not kept are made; none is begun that would not end in time. If `only` names some,
    /// no other is made, and they are also where they are kept.
    Make { until: Instant, only: &'a [String] },
    /// None is made; kept ones have their values.
    Keep,
    /// None is made and none has a value: it is noted which there are.
    List,
    /// One is made, unless it is kept; none has a value.
    One(&'a Job, &'a Cell),
}

impl<'a> Mode<'a> {
    /// All that can be made in some wall seconds, or those that are named.
    pub(crate) fn make(seconds: f64, only: &'a [String]) -> Self {
        // Longer than any study, and short enough to be added to an instant.
        let seconds = Duration::from_secs_f64(seconds.clamp(0.0, 1e9));
        Self::Make {
            until: Instant::now() + seconds,
            only,
        }
    }
}
