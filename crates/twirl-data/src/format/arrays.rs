//! Any HDF5 or npz file as named arrays: for predictions of other programs.

use std::collections::BTreeMap;
use std::path::Path;

use super::npz::Archive;
use super::recognise::{Kind, kind};
use super::{hdf5, npy};
use crate::error::{DataError, Result};
use crate::options::OpenOptions;
use crate::site::{Site, one_line};
use crate::source::Source;

/// Numbers in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberArray {
    /// Extent of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// Values; integers and truth values are converted.
    pub values: Vec<f64>,
}

/// The arrays at the top of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arrays {
    /// Number arrays by name.
    pub numbers: BTreeMap<String, NumberArray>,
    /// Texts by name: single strings, in npz arrays of one string.
    pub texts: BTreeMap<String, String>,
    /// Text attributes of an HDF5 file's root group, by name, also those of other programs
    /// (`PyTables`, `NetCDF`).
    pub attributes: BTreeMap<String, String>,
    /// Arrays that hold neither numbers nor one string, by name, with what is the matter
    /// and the remedy.
    pub others: BTreeMap<String, String>,
}

/// Reads all arrays at the top of an HDF5 file (groups are not entered) or of an npz archive.
///
/// # Errors
/// [`DataError`] if the file is missing, neither of the two, or damaged.
pub fn arrays(path: impl AsRef<Path>) -> Result<Arrays> {
    let source = Source::file(path.as_ref())?;
    let budget = OpenOptions::default().budget();
    match kind(&source)? {
        Kind::Hdf5 => of_hdf5(&source, budget),
        Kind::Zip => of_npz(&source, budget),
        _ => {
            let start = source.bytes(0, 8)?;
            let start = one_line(&String::from_utf8_lossy(&start));
            let site = Site::new(&source.path, "file");
            let remedy = "write HDF5 (h5py) or npz (numpy.savez)";
            Err(site.unsupported(format!("starts with \"{start}\""), remedy))
        }
    }
}

fn of_hdf5(source: &Source, budget: u64) -> Result<Arrays> {
    let file = hdf5::File::open(source, budget)?;
    let root = file.root()?;
    let mut arrays = Arrays::default();
    for name in root.members()?.1 {
        if root.holds_text(&name)? {
            let mut texts = root.strings(&name)?.unwrap_or_default();
            match texts.pop() {
                Some(text) if texts.is_empty() => drop(arrays.texts.insert(name, text)),
                _ => drop(arrays.others.insert(name, "not one string".to_owned())),
            }
        } else {
            match root.floats(&name) {
                Ok(Some(found)) => {
                    let (shape, values) = (found.shape, found.values);
                    arrays.numbers.insert(name, NumberArray { shape, values });
                }
                Ok(None) => {}
                Err(DataError::Unsupported { what, remedy, .. }) => {
                    arrays.others.insert(name, format!("{what}; {remedy}"));
                }
                Err(error) => return Err(error),
            }
        }
    }
    arrays.attributes = root.text_attributes()?;
    Ok(arrays)
}

fn of_npz(source: &Source, budget: u64) -> Result<Arrays> {
    let mut archive = Archive::open(source, budget)?;
    let mut arrays = Arrays::default();
    for name in archive.names()? {
        let mut member = archive.member(&name)?;
        if let Some(text) = member.text() {
            arrays.texts.insert(name, text);
            continue;
        }
        match member.numbers(|_| Ok(())) {
            Ok(npy::Array { shape, values }) => {
                arrays.numbers.insert(name, NumberArray { shape, values });
            }
            Err(DataError::Unsupported { what, remedy, .. }) => {
                arrays.others.insert(name, format!("{what}; {remedy}"));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(arrays)
}
