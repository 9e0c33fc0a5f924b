//! `twirlbench data inspect`, `export` and `convert`: data sets for eyes and other programs.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use twirl_data::{
    DataSet, Embedded, Geometry, Inspection, OpenOptions, write_extxyz, write_project, write_sdf,
};

use crate::data_cache::CacheArgs;
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

/// A file, or an embedded set by its name.
fn open(path: &str, options: &OpenOptions, cache: &CacheArgs) -> Result<DataSet> {
    let Some(set) = Embedded::ALL.into_iter().find(|set| set.name() == path) else {
        return Ok(match cache.cache()? {
            Some(cache) => cache.look_at(path, options)?,
            None => DataSet::look_at(path, options)?,
        });
    };
    ensure!(
        options.is_default(),
        "the embedded set {path} is read as it is; give units, keys and limits with a file"
    );
    Ok(DataSet::embedded(set)?)
}

/// Prints what is in a set.
pub(crate) fn inspect(path: &str, options: &OpenOptions, cache: &CacheArgs) -> Result<()> {
    say!("{}", Inspection::of(&open(path, options, cache)?));
    Ok(())
}

/// Writes `count` frames, spread evenly, or all.
pub(crate) fn export(
    path: &str,
    out: &Path,
    count: Option<usize>,
    options: &OpenOptions,
    cache: &CacheArgs,
) -> Result<()> {
    let write = writer(out)?;
    let data = open(path, options, cache)?;
    let count = count.unwrap_or(data.len());
    ensure!(
        (1..=data.len()).contains(&count),
        "--count {count}: {path} has {} frames; give 1 to {}",
        data.len(),
        data.len()
    );
    let frames = (0..count).map(|place| Geometry::of(&data, place * data.len() / count));
    let geometries: Vec<Geometry> = frames.collect();
    write(out, &geometries)?;
    say!("{}: {count} frames", out.display());
    Ok(())
}

/// Writes a set as the project's HDF5.
pub(crate) fn convert(
    path: &str,
    out: &Path,
    options: &OpenOptions,
    cache: &CacheArgs,
) -> Result<()> {
    let ending = out.extension().and_then(|ending| ending.to_str());
    ensure!(
        matches!(ending, Some("h5" | "hdf5")),
        "{}: give a file ending in .h5 to write to",
        out.display()
    );
    let data = open(path, options, cache)?;
    write_project(out, &data)?;
    say!("{}: {} frames", out.display(), data.len());
    Ok(())
}
