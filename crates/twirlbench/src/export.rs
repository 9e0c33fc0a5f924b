//! `twirlbench data export`: frames of a data set for other programs.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use twirl_data::{DataSet, Embedded, Geometry, OpenOptions, write_extxyz, write_sdf};

use crate::print::say;

/// Writes geometries to a file.
type Writer = fn(&Path, &[Geometry]) -> twirl_data::Result<()>;

/// The writer that the ending of a file's name asks for.
pub(crate) fn writer(out: &Path) -> Result<Writer> {
    match out.extension().and_then(|ending| ending.to_str()) {
        Some("xyz" | "extxyz") => Ok(|out, geometries| write_extxyz(out, geometries)),
        Some("sdf") => Ok(|out, geometries| write_sdf(out, geometries)),
        _ => bail!(
            "--out {}: give a file ending in .xyz, .extxyz or .sdf",
            out.display()
        ),
    }
}

/// Writes `count` frames, spread evenly, or all.
pub(crate) fn export(path: &str, out: &Path, count: Option<usize>) -> Result<()> {
    let embedded = Embedded::ALL.into_iter().find(|set| set.name() == path);
    let data = match embedded {
        Some(set) => DataSet::embedded(set)?,
        None => DataSet::open(path, &OpenOptions::default())?,
    };
    let count = count.unwrap_or(data.len());
    ensure!(
        (1..=data.len()).contains(&count),
        "--count {count}: {path} has {} frames; give 1 to {}",
        data.len(),
        data.len()
    );
    let geometry = |place: usize| {
        let frame = place * data.len() / count;
        let molecule = &data.molecules()[data.molecule(frame)];
        let comment = molecule.smiles.as_ref().unwrap_or(&molecule.formula);
        Geometry {
            comment: comment.clone(),
            atomic_numbers: data.atomic_numbers(frame).to_vec(),
            positions: data.positions(frame).to_vec(),
            bonds: molecule.bonds.clone(),
        }
    };
    let geometries: Vec<Geometry> = (0..count).map(geometry).collect();
    writer(out)?(out, &geometries)?;
    say!("{}: {count} frames", out.display());
    Ok(())
}
