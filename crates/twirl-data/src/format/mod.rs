//! Recognising a file and handing it to its reader.

mod arrays;
mod groups;
mod hdf5;
mod npy;
mod npz;
mod project;
mod xyz;

use std::sync::Arc;

pub use arrays::{Arrays, NumberArray, arrays};

use crate::dataset::OpenOptions;
use crate::draft::Draft;
use crate::error::{DataError, Result, one_line};

/// Read `bytes`, recognised by content: HDF5, zip, else text that starts like XYZ.
pub(crate) fn read(path: &str, bytes: Arc<[u8]>, options: &OpenOptions) -> Result<Draft> {
    if bytes.is_empty() {
        return Err(DataError::Empty {
            path: path.to_owned(),
            what: "byte".to_owned(),
        });
    }
    if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        let file = hdf5::File::open(path, bytes)?;
        let root = file.root()?;
        return if root.has_dataset("offset")? {
            project::read(&root, options)
        } else {
            groups::read(&root, options)
        };
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return npz::read(path, &bytes, options);
    }
    let extension = path
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    let known = match extension {
        "h5" | "hdf5" => Some("HDF5"),
        "npz" => Some("npz"),
        _ => None,
    };
    if let Some(kind) = known {
        let found = format!("named .{extension} but does not start like {kind}");
        return Err(DataError::UnknownFormat {
            path: path.to_owned(),
            found,
        });
    }
    if matches!(extension, "xyz" | "extxyz") || xyz::starts_like(&bytes) {
        return xyz::read(path, &bytes, options);
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(8)]).into_owned();
    let found = format!("starts with \"{}\"", one_line(&start));
    Err(DataError::UnknownFormat {
        path: path.to_owned(),
        found,
    })
}
