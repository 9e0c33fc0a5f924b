//! `twirlbench measure`: the split of the loss of any model's predictions. Arguments and printing;
//! everything else is `twirl-measure`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use twirl_measure::layout::{Override, foreign, input};
use twirl_measure::{Cell, Figures, Options, Predictions, figures, flat, text};

use crate::print::say;

const LAYOUT: &str = "\
LAYOUT OF THE FILE, HDF5 (h5py) or npz (numpy.savez):

  prediction  [molecules, rotations, ...blocks, dim]  outputs of the model for every molecule at
              every rotation of its input, everything random in the model held fixed. A block is
              what the loss takes the length of: an atom's force (dim 3), a molecule's energy (no
              axis of blocks, dim 1).
  target      [molecules, ...blocks, dim]  labels of the unrotated molecules. For cross-entropy
              class numbers [molecules, ...blocks] or probabilities [molecules, ...blocks, dim].
  mask        [molecules, ...blocks]  1, or 0 at padding. Optional.
  weight      [molecules, ...blocks]  weight of a block, 0 or more. Optional. The loss of a molecule
              is the sum over blocks of mask * weight * loss(|prediction - target|): give
              1 / atoms for a mean over atoms.
  rotation    [molecules, rotations, 3, 3] or [rotations, 3, 3]  the matrices R that turned the
              inputs, as x -> R x on column vectors. Needed by kinds that turn and for the spectrum.
              Draw them for every molecule: shared ones leave no interval.
  rotation_weight  [molecules, rotations] or [rotations]  weights of quadrature nodes.
  molecule    [molecules]  whole numbers; rows with the same number are resampled together, for
              example the frames of one molecule. Optional.
  position    [molecules, atoms, 3]  atoms of the unrotated molecules. Optional: with it, molecules
              that cannot show symmetry are left out.
  atomic_number  [molecules, atoms]  whole numbers, 0 at padding. Optional: with it, terms with a
              block for every atom are told apart by element.
  kind        text: untwisted (default; outputs are turned back already), scalar (outputs do not
              turn), vector (outputs turn like x: they are turned back here, R^T prediction), axial
              (det(R) R v), tensor (R T R^T, dim 9), symmetric (the same in the order xx yy zz yz xz
              xy, dim 6), spherical:L (real spherical harmonics, m = -L..L, dim 2L + 1).
  loss        text: squared (default), norm, huber:DELTA, cross-entropy.
  design      text: iid (default: independent uniform rotations), tetrahedral, octahedral,
              icosahedral (all elements of the group, in any order), orbits:GROUP (whole groups, each
              after a uniform rotation), subset:GROUP (without replacement), quadrature (nodes with
              rotation_weight).

Several terms of one loss: NAME.prediction, NAME.target, NAME.mask, NAME.weight, NAME.kind and
NAME.loss for each; their sum is measured too.

Texts are arrays of one string, or in HDF5 also attributes of the file. Other names are left alone.
Rotations must be drawn from the uniform (Haar) measure: normalise a Gaussian quaternion.";

#[derive(Debug, Args)]
#[command(after_help = LAYOUT)]
pub(crate) struct MeasureArgs {
    /// Predictions of any model, from any framework; several files are measured one by one
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Measure under this loss instead of the file's
    #[arg(long)]
    loss: Option<String>,
    /// How outputs turn, instead of what the file says
    #[arg(long)]
    kind: Option<String>,
    /// How the rotations were chosen, instead of what the file says
    #[arg(long)]
    design: Option<String>,
    /// Highest degree of the spectrum
    #[arg(long, default_value_t = Options::default().degree)]
    degree: usize,
    /// Print JSON: one object, or a list of them for several files
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV: one line for each file and term
    #[arg(long)]
    csv: bool,
}

/// The figures of one file.
#[derive(Debug, Serialize)]
struct Measured {
    file: String,
    /// Names in the file that are not of the layout.
    ignored: Vec<String>,
    #[serde(flatten)]
    figures: Figures,
}

/// Runs the command.
pub(crate) fn run(args: &MeasureArgs) -> Result<ExitCode> {
    let files = args.files.iter();
    let found: Vec<Measured> = files
        .map(|file| of_file(file, args))
        .collect::<Result<_>>()?;
    match &found[..] {
        [one] if args.json => say!("{}", serde_json::to_string_pretty(one)?),
        _ if args.json => say!("{}", serde_json::to_string_pretty(&found)?),
        _ if args.csv => crate::print::out(format_args!("{}", csv(&found))),
        _ => {
            let texts = found
                .iter()
                .map(|measured| text(&measured.file, &measured.ignored, &measured.figures));
            crate::print::out(format_args!("{}", texts.collect::<Vec<_>>().join("\n")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn of_file(file: &Path, args: &MeasureArgs) -> Result<Measured> {
    let arrays = twirl_data::arrays(file)?;
    let place = || file.display().to_string();
    let over = Override {
        loss: args.loss.as_deref(),
        kind: args.kind.as_deref(),
        design: args.design.as_deref(),
    };
    let options = Options {
        degree: args.degree,
        ..Options::default()
    };
    let measured = || {
        let predictions = Predictions::new(&input(&arrays, &over)?)?;
        figures(&predictions, &options)
    };
    Ok(Measured {
        file: place(),
        ignored: foreign(&arrays).into_iter().map(str::to_owned).collect(),
        figures: measured().with_context(place)?,
    })
}

fn csv(found: &[Measured]) -> String {
    let mut lines = Vec::new();
    for measured in found {
        for row in flat(&measured.figures) {
            if lines.is_empty() {
                let names = row.iter().map(|(name, _)| name.clone());
                lines.push(std::iter::once("file".to_owned()).chain(names).collect());
            }
            let cells = row.into_iter().map(|(_, cell)| match cell {
                Cell::Text(text) => quoted(&text),
                Cell::Count(count) => count.to_string(),
                Cell::Number(None) => String::new(),
                Cell::Number(Some(value)) => value.to_string(),
            });
            let line = std::iter::once(quoted(&measured.file)).chain(cells);
            lines.push(line.collect::<Vec<_>>());
        }
    }
    let lines = lines.iter().map(|line| line.join(",") + "\n");
    lines.collect()
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
