//! Figures before the first step: functions of the seed, so that no spread over seeds blurs them.
//!
//! An estimator that divides by M loses a quarter of the percentage at M = 4, well inside what seeds
//! differ by after training. Before training every seed must give its own figures again.

use serde::{Deserialize, Serialize};

use crate::run::ArmRuns;

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

/// A figure before the first step that is not the reference's.
#[derive(Debug, Clone, PartialEq)]
pub struct StartChange {
    /// Name of the figure.
    pub figure: &'static str,
    /// Seed.
    pub seed: u64,
    /// What was measured.
    pub value: f64,
    /// What the reference has.
    pub expected: f64,
    /// Whether the settings of the arm changed: if not, measurement, data or initial weights did.
    pub settings_changed: bool,
}

/// The figures that are not the reference's. Percentages of exact arms are rounding and are not held
/// against anything.
pub(crate) fn changed(
    reference: &[Start],
    found: &[Start],
    exact: bool,
    settings_changed: bool,
) -> Vec<StartChange> {
    let mut changes = Vec::new();
    for start in found {
        let Some(expected) = reference.iter().find(|other| other.seed == start.seed) else {
            continue;
        };
        let mut figures = vec![("loss", start.loss, expected.loss)];
        if !exact {
            figures.push(("percent_equiv", start.percent_equiv, expected.percent_equiv));
        }
        figures.retain(|(_, value, expected)| {
            (value - expected).abs() > START_TOLERANCE * expected.abs()
        });
        changes.extend(
            figures
                .into_iter()
                .map(|(figure, value, expected)| StartChange {
                    figure,
                    seed: start.seed,
                    value,
                    expected,
                    settings_changed,
                }),
        );
    }
    changes
}
