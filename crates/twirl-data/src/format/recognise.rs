//! Recognising a file and handing it to its reader.

use std::io::{BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::{groups, hdf5, npz, project, sdf, xyz};
use crate::draft::Draft;
use crate::error::{DataError, Result};
use crate::options::OpenOptions;
use crate::site::{Site, one_line};
use crate::source::Source;

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// HDF5, perhaps behind a user block.
    Hdf5,
    /// Zip, of which npz is one.
    Zip,
    /// Gzip.
    Gzip,
    /// Something else, perhaps text.
    Other,
}

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Looks at the first bytes; a superblock of HDF5 may also start at 512, 1024, 2048 and so on.
pub(super) fn kind(source: &Source) -> Result<Kind> {
    let head = source.bytes(0, 8)?;
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Kind::Zip);
    }
    if head.starts_with(&[0x1F, 0x8B]) {
        return Ok(Kind::Gzip);
    }
    if head.starts_with(HDF5) {
        return Ok(Kind::Hdf5);
    }
    let mut place = 512;
    while place < source.length() {
        if source.bytes(place, 8)? == HDF5 {
            return Ok(Kind::Hdf5);
        }
        place *= 2;
    }
    Ok(Kind::Other)
}

/// Archives and compressions that are not opened, by their first bytes.
const PACKED: [(&[u8], &str); 4] = [
    (b"BZh", "bzip2"),
    (b"\xFD7zXZ", "xz"),
    (b"\x28\xB5\x2F\xFD", "zstd"),
    (b"7z\xBC\xAF", "7z"),
];

/// Reads a file, recognised by content: HDF5, zip, else text that is named or starts like one of
/// the formats.
pub(crate) fn read(source: &Source, options: &OpenOptions) -> Result<Draft> {
    let path = &source.path;
    if source.length() == 0 {
        return Err(DataError::Empty {
            path: one_line(path),
            what: "byte".to_owned(),
        });
    }
    match kind(source)? {
        Kind::Hdf5 => {
            let file = hdf5::File::open(source, options.budget())?;
            let root = file.root()?;
            if root.has_dataset("offset")? {
                project::read(&root, options)
            } else {
                drop(root);
                groups::read(&file, options)
            }
        }
        Kind::Zip => npz::read(source, options),
        Kind::Gzip => {
            let inner = path.strip_suffix(".gz").unwrap_or(path);
            let reader = MultiGzDecoder::new(BufReader::new(source.reader()?));
            let mut reader = BufReader::with_capacity(1 << 16, reader);
            let head = head(&mut reader, &Site::new(path, "gzip"))?;
            if head.starts_with(HDF5) || head.starts_with(b"PK\x03\x04") {
                let site = Site::new(path, "file");
                return Err(site.unsupported(
                    "is HDF5 or npz inside gzip, which cannot be read in ranges",
                    "unpack it: gunzip FILE",
                ));
            }
            text(source, inner, &head, Box::new(reader), options)
        }
        Kind::Other => {
            let head = source.bytes(0, 1 << 12)?;
            let reader = Box::new(BufReader::with_capacity(1 << 16, source.reader()?));
            text(source, path, &head, reader, options)
        }
    }
}

/// The first bytes that a buffered reader will give.
fn head(reader: &mut BufReader<impl Read>, site: &Site<'_>) -> Result<Vec<u8>> {
    use std::io::BufRead as _;
    let buffer = reader.fill_buf().map_err(|error| site.corrupt(error))?;
    Ok(buffer[..buffer.len().min(1 << 12)].to_vec())
}

/// Text, whose name without `.gz` is `name`.
fn text(
    source: &Source,
    name: &str,
    head: &[u8],
    reader: Box<dyn std::io::BufRead>,
    options: &OpenOptions,
) -> Result<Draft> {
    let path = &source.path;
    let unknown = |found: String| {
        Err(DataError::UnknownFormat {
            path: one_line(path),
            found,
        })
    };
    let extension = name
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    let expected = match extension {
        "h5" | "hdf5" => Some("HDF5"),
        "npz" => Some("npz"),
        _ => None,
    };
    if let Some(kind) = expected {
        return unknown(format!("named .{extension} but does not start like {kind}"));
    }
    if let Some((_, packed)) = PACKED.iter().find(|(start, _)| head.starts_with(start)) {
        let site = Site::new(path, "file");
        return Err(site.unsupported(format!("is packed with {packed}"), "unpack it, or use gzip"));
    }
    if matches!(extension, "sdf" | "sd" | "mol") {
        return sdf::read(path, reader, options);
    }
    if matches!(extension, "xyz" | "extxyz") || xyz::starts_like(head) {
        return xyz::read(path, reader, options);
    }
    if sdf::starts_like(head) {
        return sdf::read(path, reader, options);
    }
    let start = String::from_utf8_lossy(&head[..head.len().min(8)]).into_owned();
    unknown(format!("starts with \"{}\"", one_line(&start)))
}
