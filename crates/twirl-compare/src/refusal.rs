//! Why two runs or arms give no figure together.

use crate::cost::Cost;

/// Why there is no comparison.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A setting or a device differs: its name and both values.
    #[error("{0}")]
    Differ(String),
    /// Something is not that of the reference.
    #[error("{0} is not that of the reference")]
    NotTheReference(&'static str),
    /// Only one of two folders has the arm.
    #[error("only the {0} folder has it")]
    OneSided(&'static str),
    /// An arm without a record.
    #[error("{0} has no record")]
    NoRecord(String),
    /// A run whose records lack a cost.
    #[error("{run} has no {}", .cost.name())]
    NotCounted {
        /// The run.
        run: String,
        /// The cost.
        cost: Cost,
    },
    /// A run without a curve of losses.
    #[error("{0} has no positive loss after its first step")]
    NoCurve(String),
    /// A last loss that has no logarithm.
    #[error("a final loss is not positive")]
    NotPositive,
    /// A run without device seconds at its end.
    #[error("a run has none")]
    NoSeconds,
    /// Runs that lie apart on the axis of a cost.
    #[error(
        "no common {}: a run is first measured after {} {unit}, when another has ended at {} {unit}; \
         give both the same budget",
        .cost.name(), rounded(*.first), rounded(*.last), unit = .cost.unit()
    )]
    Apart {
        /// The cost.
        cost: Cost,
        /// Where the later run is first measured.
        first: f64,
        /// Where the earlier one ends.
        last: f64,
    },
    /// Seeds of one arm that lie apart on the axis of a cost.
    #[error("the seeds of an arm have no common {}", .0.name())]
    SeedsApart(Cost),
    /// A ladder without a size that predicts fast enough.
    #[error("no size of {arm} predicts in {} s", rounded(*.seconds))]
    Slower {
        /// The arm.
        arm: String,
        /// Seconds that a prediction may take.
        seconds: f64,
    },
    /// A run without a measurement on both sides of a common time.
    #[error("a run has no measurement around the common device time")]
    NotAround,
}

/// Four significant digits.
fn rounded(value: f64) -> f64 {
    let scale = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_for_reading() {
        for (value, text) in [
            (12.345_678, "12.35"),
            (0.001_234_56, "0.001235"),
            (98_765.0, "98770"),
        ] {
            assert_eq!(rounded(value).to_string(), text);
        }
    }
}
