//! Figures of the last measurement: the error by rotation degree, and averaging at test time.

use std::collections::BTreeSet;

use twirl_compare::TaskRuns;

use crate::chart::{Chart, ChartPanel, Line, Scale};
use crate::html::figures::{LOWER, UPPER, WHOLE, describe};
use crate::number::significant;
use crate::tables::{TWIRLS, averaged};

/// One figure for each trained term that has a spectrum: power by degree, from degree 1.
pub(super) fn spectra(task: &TaskRuns) -> Vec<Chart> {
    let terms = task
        .counted()
        .filter_map(|run| run.last())
        .flat_map(|last| &last.terms);
    let trained = terms.filter(|(_, term)| term.trained && term.spectrum.len() > 1);
    let names: BTreeSet<&String> = trained.map(|(name, _)| name).collect();
    names.into_iter().map(|name| spectrum(task, name)).collect()
}

fn spectrum(task: &TaskRuns, name: &str) -> Chart {
    let (mut learned, mut exact) = (Vec::new(), Vec::new());
    for arm in &task.arms {
        for run in arm.counted() {
            let Some(term) = run.last().and_then(|last| last.terms.get(name)) else {
                continue;
            };
            let mut line = Line {
                name: arm.arm.clone(),
                ..Line::default()
            };
            for (degree, &power) in term.spectrum.iter().enumerate().skip(1) {
                line.points.push([degree as f64, power]);
                line.hover.push(format!(
                    "{}, degree {degree}: {} of the squared size of its predictions",
                    run.label(),
                    significant(power, 3)
                ));
            }
            if arm.is_exact() {
                exact.push(line);
            } else {
                learned.push(line);
            }
        }
    }
    let strongest = describe(task, |arm| {
        let run = *arm.counted().first()?;
        let powers = &run.last()?.terms.get(name)?.spectrum;
        let degrees = powers.iter().enumerate().skip(1);
        let (degree, power) = degrees.max_by(|a, b| a.1.total_cmp(b.1))?;
        Some(format!("{} at degree {degree}", significant(*power, 2)))
    });
    Chart {
        title: format!("Symmetry error of {name} by rotation degree, at the last measurement"),
        description: format!(
            "The strongest degree of each arm: {strongest} The vertical axis is logarithmic. \
             Estimates are unbiased, so weak degrees can be at or below zero."
        ),
        x_label: "rotation degree".into(),
        x_scale: Scale::Counting,
        panels: vec![
            ChartPanel {
                height: UPPER,
                ..ChartPanel::new("power over squared size of predictions", learned)
            },
            ChartPanel {
                height: LOWER,
                ..ChartPanel::new("the same, exact arms", exact)
            },
        ],
        narrow: false,
    }
}

/// Loss of the prediction averaged over M rotations at test time.
pub(super) fn twirl(task: &TaskRuns) -> Chart {
    let mut lines = Vec::new();
    for arm in &task.arms {
        for run in arm.counted() {
            let Some(last) = run.last() else { continue };
            let mut line = Line {
                name: arm.arm.clone(),
                ..Line::default()
            };
            for count in TWIRLS {
                let loss = averaged(last, count);
                line.points.push([f64::from(count), loss]);
                line.hover.push(format!(
                    "{}, averaged over {count}: loss {} (derived)",
                    run.label(),
                    significant(loss, 4)
                ));
            }
            lines.push(line);
        }
    }
    let ends = describe(task, |arm| {
        let last = arm.counted().first()?.last()?;
        let mean = significant(last.split.loss_mean, 3);
        Some(format!("{mean} without symmetry error"))
    });
    Chart {
        title: "Loss when predictions are averaged over M rotations at test time (derived)".into(),
        description: format!(
            "{ends} Derived from the last measurement as L_mean + L_equiv / M and not measured: \
             exact for the squared loss, its leading term for others. Both axes are logarithmic."
        ),
        x_label: "rotations averaged, each a forward pass".into(),
        panels: vec![ChartPanel {
            height: WHOLE,
            ..ChartPanel::new("loss", lines)
        }],
        ..Chart::default()
    }
}
