//! The split of the loss as a picture: one small figure for each arm.

use twirl_compare::{ArmRuns, SplitSummary, TaskRuns, split_curve};

use crate::chart::{Chart, ChartPanel, Line, Look, Scale};
use crate::number::{count, significant};

const UPPER: f64 = 170.0;
const LOWER: f64 = 62.0;

/// What the lines are called, each in the place of its style: the loss itself is grey.
pub(super) const NAMES: [&str; 6] = ["L_mean", "L_equiv", "", "", "", "L"];

/// A figure for each arm with a measurement after a step, all with the same vertical axis.
pub(super) fn splits(task: &TaskRuns) -> Vec<(&ArmRuns, Chart)> {
    let after_a_step = |arm: &ArmRuns| {
        let mut curve = split_curve(arm);
        curve.retain(|(step, _)| *step > 0);
        curve
    };
    let curves: Vec<_> = task
        .arms
        .iter()
        .map(|arm| (arm, after_a_step(arm)))
        .collect();
    let losses = curves
        .iter()
        .flat_map(|(_, curve)| curve.iter().map(|(_, split)| split.loss.value));
    let highest = losses.filter(|loss| loss.is_finite()).reduce(f64::max);
    let drawn = curves.into_iter().filter(|(_, curve)| !curve.is_empty());
    drawn
        .map(|(arm, curve)| (arm, chart(arm, &curve, highest)))
        .collect()
}

fn chart(arm: &ArmRuns, curve: &[(u64, SplitSummary)], highest: Option<f64>) -> Chart {
    let area = |name: &str, ends: fn(&SplitSummary) -> [f64; 2]| Line {
        name: name.into(),
        band: curve
            .iter()
            .map(|(step, split)| {
                let [low, high] = ends(split);
                [*step as f64, low.max(0.0), high.max(0.0)]
            })
            .collect(),
        look: Look::Area,
        ..Line::default()
    };
    let line = |name: &str, value: fn(&SplitSummary) -> f64| Line {
        name: name.into(),
        points: curve
            .iter()
            .map(|(step, split)| [*step as f64, value(split)])
            .collect(),
        hover: curve
            .iter()
            .map(|(step, split)| words(*step, split))
            .collect(),
        ..Line::default()
    };
    let last = curve.last().map(|(step, split)| words(*step, split));
    let seeds = match arm.counted().len() {
        1 => String::new(),
        seeds => format!(" Means over {seeds} seeds."),
    };
    Chart {
        title: arm.arm.clone(),
        description: format!(
            "The loss of {} against steps as the sum of L_mean, below, and L_equiv, above it; in the \
             lower panel L_equiv alone on a logarithmic axis. {}.{seeds}",
            arm.arm,
            last.unwrap_or_default()
        ),
        x_label: "optimiser steps".into(),
        panels: vec![
            ChartPanel {
                height: UPPER,
                y_scale: Scale::Linear,
                holds: highest,
                ..ChartPanel::new(
                    "loss",
                    vec![
                        area("L_mean", |split| [0.0, split.loss_mean.value]),
                        area("L_equiv", |split| [split.loss_mean.value, split.loss.value]),
                        line("L", |split| split.loss.value),
                    ],
                )
            },
            ChartPanel {
                height: LOWER,
                ..ChartPanel::new(
                    "L_equiv",
                    vec![line("L_equiv", |split| split.loss_equiv.value)],
                )
            },
        ],
        narrow: true,
        ..Chart::default()
    }
}

fn words(step: u64, split: &SplitSummary) -> String {
    format!(
        "step {}: L {}, of which L_mean {} and L_equiv {}",
        count(step),
        significant(split.loss.value, 4),
        significant(split.loss_mean.value, 4),
        significant(split.loss_equiv.value, 3),
    )
}
