//! Figures before the first step: functions of the seed, so that no spread over seeds blurs them.
//!
//! An estimator that divides by M loses a quarter of the percentage at M = 4, well inside what seeds
//! differ by after training. Before training every seed must give its own figures again.

use serde::{Deserialize, Serialize};

use crate::runs::ArmRuns;

/// Largest relative change of a figure before the first step. Another processor sums in another
/// order, which changes a loss in single precision by about 1e-6.
pub const START_TOLERANCE: f64 = 1e-3;

/// What a seed measured at step 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Seed.
    pub seed: u64,
    /// Loss.
    pub loss: f64,
    /// Percentage of the loss that is imperfect symmetry.
    pub percent_equiv: f64,
}

/// The figures at step 0 of all seeds that have them.
pub(crate) fn starts(arm: &ArmRuns) -> Vec<Start> {
    arm.counted()
        .iter()
        .filter_map(|run| {
            let first = run.records.first().filter(|record| record.step == 0)?;
            Some(Start {
                seed: run.manifest.job.seed,
                loss: first.split.loss,
                percent_equiv: first.split.percent_equiv,
            })
        })
        .collect()
}

/// One line for each figure that is not the reference's, and whether it is larger. Percentages of
/// exact arms are rounding and are not held against anything.
pub(crate) fn changed(
    reference: &[Start],
    arm_config_agrees: bool,
    found: &[Start],
    exact: bool,
) -> Vec<(bool, String)> {
    let mut changes = Vec::new();
    for start in found {
        let Some(expected) = reference.iter().find(|other| other.seed == start.seed) else {
            continue;
        };
        let percent =
            (!exact).then_some(("percent_equiv", expected.percent_equiv, start.percent_equiv));
        let figures = [Some(("loss", expected.loss, start.loss)), percent];
        for (name, expected, value) in figures.into_iter().flatten() {
            if (value - expected).abs() > START_TOLERANCE * expected.abs() {
                let cause = if arm_config_agrees {
                    "measurement, data or initial weights changed"
                } else {
                    "the settings of the arm changed"
                };
                changes.push((
                    value > expected,
                    format!(
                        "{name} of seed {} before training is {value:.6e}, the reference has \
                         {expected:.6e}: {cause}",
                        start.seed
                    ),
                ));
            }
        }
    }
    changes
}
