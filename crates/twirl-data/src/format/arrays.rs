//! Any HDF5 or npz file as named arrays: for predictions of other programs.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use zip::ZipArchive;

use super::{hdf5, npy};
use crate::error::{DataError, Result, Site, one_line};

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
    let path = path.as_ref();
    let shown = one_line(&path.display().to_string());
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => DataError::Missing {
            path: shown.clone(),
        },
        _ => DataError::Unreadable {
            path: shown.clone(),
            reason: one_line(&error.to_string()),
        },
    })?;
    if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        return of_hdf5(&shown, bytes.into());
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return of_npz(&shown, &bytes);
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(8)]).into_owned();
    Err(DataError::Unsupported {
        path: shown,
        record: "file".to_owned(),
        what: format!("starts with \"{}\"", one_line(&start)),
        remedy: "write HDF5 (h5py) or npz (numpy.savez)".to_owned(),
    })
}

fn of_hdf5(path: &str, bytes: Arc<[u8]>) -> Result<Arrays> {
    let file = hdf5::File::open(path, bytes)?;
    let root = file.root()?;
    let mut arrays = Arrays::default();
    for name in root.array_names()? {
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

fn of_npz(path: &str, bytes: &[u8]) -> Result<Arrays> {
    let directory = Site::new(path, "zip directory");
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| directory.corrupt(error))?;
    let bound = bytes.len().saturating_mul(hdf5::DEFLATE_RATIO);
    let mut arrays = Arrays::default();
    for index in 0..zip.len() {
        let entry = zip
            .by_index(index)
            .map_err(|error| directory.corrupt(error))?;
        let name = entry.name().map_err(|error| directory.corrupt(error))?;
        let name = name.trim_end_matches(".npy").to_owned();
        let site = Site::new(path, format!("array {name}"));
        let mut content = Vec::new();
        entry
            .take(bound as u64 + 1)
            .read_to_end(&mut content)
            .map_err(|error| site.corrupt(error))?;
        if content.len() > bound {
            let (claimed, limit) = (
                "more than its file allows".to_owned(),
                format!("{bound} bytes"),
            );
            return Err(site.too_large(claimed, limit, "write the file again"));
        }
        if let Some(text) = npy::text(&content) {
            arrays.texts.insert(name, text);
        } else {
            match npy::decode(&site, &content) {
                Ok(found) => {
                    let (shape, values) = (found.shape, found.values);
                    arrays.numbers.insert(name, NumberArray { shape, values });
                }
                Err(DataError::Unsupported { what, remedy, .. }) => {
                    arrays.others.insert(name, format!("{what}; {remedy}"));
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(arrays)
}
