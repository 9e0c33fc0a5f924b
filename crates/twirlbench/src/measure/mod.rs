//! `twirlbench measure`: the split of the loss of any model's predictions.

mod figures;
mod layout;
mod turns;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use figures::{Estimate, Figures, Parts, figures};
use layout::{Override, Predictions};

use crate::print::say;

const LAYOUT: &str = "\
LAYOUT OF THE FILE, HDF5 (h5py) or npz (numpy.savez):

  prediction  [molecules, rotations, ...blocks, dim]  outputs of the model for every molecule at
              every rotation of its input, everything random in the model held fixed. A block is
              what the loss takes the length of: an atom's force (dim 3), a molecule's energy (no
              axis of blocks, dim 1).
  target      [molecules, ...blocks, dim]  labels of the unrotated molecules.
  mask        [molecules, ...blocks]  1, or 0 at padding. Optional.
  weight      [molecules, ...blocks]  weight of a block, 0 or more. Optional. The loss of a molecule
              is the sum over blocks of mask * weight * loss(|prediction - target|): give
              1 / atoms for a mean over atoms.
  rotation    [molecules, rotations, 3, 3] or [rotations, 3, 3]  the matrices R that turned the
              inputs, as x -> R x on column vectors. Needed by kind vector and for the spectrum.
  molecule    [molecules]  whole numbers; rows with the same number are resampled together, for
              example the frames of one molecule. Optional.
  kind        text: untwisted (default; outputs are turned back already), scalar (outputs do not
              turn), vector (outputs turn like x: they are turned back here, R^T prediction).
  loss        text: squared (default), norm, huber:DELTA.
  design      text: iid (default: independent uniform rotations), or tetrahedral, octahedral,
              icosahedral (all elements of the group, in any order).

Texts are arrays of one string, or in HDF5 also attributes of the file. Any other name is an error.
Rotations must be drawn from the uniform (Haar) measure: normalise a Gaussian quaternion.";

#[derive(Debug, Args)]
#[command(after_help = LAYOUT)]
pub(crate) struct MeasureArgs {
    /// Predictions of any model, from any framework
    file: PathBuf,
    /// Measure under this loss instead of the file's
    #[arg(long)]
    loss: Option<String>,
    /// How outputs turn, instead of what the file says
    #[arg(long)]
    kind: Option<String>,
    /// How the rotations were chosen, instead of what the file says
    #[arg(long)]
    design: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &MeasureArgs) -> Result<ExitCode> {
    let arrays = twirl_data::arrays(&args.file)?;
    let place = || format!("{}", args.file.display());
    let over = Override {
        loss: args.loss.as_deref(),
        kind: args.kind.as_deref(),
        design: args.design.as_deref(),
    };
    let predictions = Predictions::new(&arrays, &over).with_context(place)?;
    let found = figures(&predictions).with_context(place)?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        crate::print::out(format_args!("{}", text(&place(), &found)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Lines for a terminal.
fn text(file: &str, found: &Figures) -> String {
    let Figures {
        rows,
        molecules,
        rotations,
        blocks,
        dim,
        ..
    } = found;
    let mut lines = vec![
        format!(
            "{file}: {rows} rows of {molecules} molecules at {rotations} rotations, {blocks} \
             blocks of {dim}"
        ),
        format!(
            "{} loss, {} rotations, {}",
            found.loss_name, found.design, found.group
        ),
        String::new(),
    ];
    lines.extend(table(&found.parts, *molecules));
    if let Some(squared) = &found.squared {
        lines.extend([String::new(), "squared loss of the same predictions".into()]);
        lines.extend(table(squared, *molecules));
    }
    let relative = found.relative_equiv.map_or_else(
        || "undefined: every prediction is zero".into(),
        |share| format!("{share:<12.5e} squared symmetry error over mean squared prediction"),
    );
    lines.extend([String::new(), format!("L_equiv / E|f|^2  {relative}")]);
    if !found.twirled.is_empty() {
        let twirled = |(count, loss): &(usize, f64)| format!("{count}: {loss:.5}");
        let twirled: Vec<String> = found.twirled.iter().map(twirled).collect();
        lines.push(format!(
            "averaged over M rotations at test time, L_mean + L_equiv / M (derived): {}",
            twirled.join("  ")
        ));
    }
    match (&found.spectrum, &found.no_spectrum) {
        (Some(powers), _) => {
            lines.push("spectrum over E|f|^2 by rotation degree".into());
            for (degree, power) in powers.iter().enumerate() {
                lines.push(row(&format!("S_{degree}"), "", power, *molecules));
            }
        }
        (None, Some(reason)) => lines.push(format!("no spectrum: {reason}")),
        (None, None) => {}
    }
    lines.extend(found.doubt.iter().map(|doubt| format!("note: {doubt}")));
    lines.push(
        "floor: unknown. Rounding is counted too: send an exactly equivariant model through the \
         same program to see how much."
            .into(),
    );
    lines.join("\n") + "\n"
}

fn table(parts: &Parts, molecules: usize) -> Vec<String> {
    vec![
        row("L", "", &parts.loss, molecules),
        row("L_mean", "", &parts.loss_mean, molecules),
        row("L_equiv", "", &parts.loss_equiv, molecules),
        row("percent", "%", &parts.percent_equiv, molecules),
    ]
}

fn row(name: &str, unit: &str, estimate: &Estimate, molecules: usize) -> String {
    let interval = match estimate.interval {
        Some([low, high]) => format!("95 % interval {} to {}", short(low), short(high)),
        None => format!("no interval ({molecules} molecules)"),
    };
    format!("{name:<10}{:<13}{unit:<3}{interval}", short(estimate.value))
}

/// Five significant digits, plain where that is short.
fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value.abs()) {
        format!("{value:.5}")
    } else {
        format!("{value:.4e}")
    }
}
