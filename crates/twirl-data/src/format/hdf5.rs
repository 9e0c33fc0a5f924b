//! The only module that knows the HDF5 crate.
//!
//! Files are opened from bytes, sizes are checked against the file before anything
//! is allocated, and every failure is a [`DataError`] with the path inside the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use hdf5_reader::error::Error;
use hdf5_reader::group::Group as RawGroup;
use hdf5_reader::{Dataset, Datatype, Hdf5File};

use crate::error::{Result, Site};

/// Deflate expands at most 1032-fold, so no honest array is longer than this times the file.
pub(super) const DEFLATE_RATIO: usize = 1032;

pub(super) struct File<'a> {
    path: &'a str,
    inner: Hdf5File,
    length: usize,
}

/// A group; `site` says where it is.
pub(super) struct Group<'a> {
    pub(super) site: Site<'a>,
    raw: RawGroup,
    length: usize,
}

/// A numeric array in row-major order.
pub(super) struct Array<T> {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<T>,
}

impl<'a> File<'a> {
    pub(super) fn open(path: &'a str, bytes: Arc<[u8]>) -> Result<Self> {
        let length = bytes.len();
        let bound = length.saturating_mul(DEFLATE_RATIO);
        // Chunks are decoded whole, so a chunk is bound like an array; nothing is read twice.
        let options = hdf5_reader::OpenOptions::default()
            .with_max_read_bytes(bound)
            .with_max_chunk_bytes(bound.min(1 << 30))
            .with_chunk_cache_bytes(0);
        let inner = Hdf5File::from_shared_bytes_with_options(bytes, options)
            .map_err(|error| Site::new(path, "file").corrupt(error))?;
        Ok(Self {
            path,
            inner,
            length,
        })
    }

    pub(super) fn root(&self) -> Result<Group<'a>> {
        let site = Site::new(self.path, "root group");
        let raw = self
            .inner
            .root_group()
            .map_err(|error| site.corrupt(error))?;
        Ok(Group {
            site,
            raw,
            length: self.length,
        })
    }
}

fn is_absent(error: &Error) -> bool {
    match error {
        Error::GroupNotFound(_) | Error::DatasetNotFound(_) | Error::AttributeNotFound(_) => true,
        Error::Context { source, .. } => is_absent(source),
        _ => false,
    }
}

impl<'a> Group<'a> {
    fn place(&self, name: &str) -> Site<'a> {
        match self.site.record.as_str() {
            "root group" => Site::new(self.site.path, format!("array {name}")),
            _ => self.site.inside(&format!("array {name}")),
        }
    }

    /// Names of the child groups, in the order of the file.
    pub(super) fn group_names(&self) -> Result<Vec<String>> {
        self.raw
            .member_names()
            .map(|(groups, _)| groups)
            .map_err(|error| self.site.corrupt(error))
    }

    /// Names of the arrays of this group, in the order of the file.
    pub(super) fn array_names(&self) -> Result<Vec<String>> {
        self.raw
            .member_names()
            .map(|(_, arrays)| arrays)
            .map_err(|error| self.site.corrupt(error))
    }

    /// The attributes of this group that are one string, by name; others are left alone.
    pub(super) fn text_attributes(&self) -> Result<BTreeMap<String, String>> {
        let attributes = self.raw.attributes();
        let attributes = attributes.map_err(|error| self.site.corrupt(error))?;
        let text = |attribute: hdf5_reader::Attribute| {
            let text = attribute.read_string().ok()?;
            Some((attribute.name, text))
        };
        Ok(attributes.into_iter().filter_map(text).collect())
    }

    /// Whether an array holds strings.
    pub(super) fn holds_text(&self, name: &str) -> Result<bool> {
        Ok(self.dataset(name)?.is_some_and(|dataset| {
            matches!(
                dataset.dtype(),
                Datatype::String { .. } | Datatype::VarLen { .. }
            )
        }))
    }

    pub(super) fn group(&self, name: &str) -> Result<Option<Group<'a>>> {
        let site = Site::new(self.site.path, format!("group {name}"));
        match self.raw.group(name) {
            Ok(raw) => Ok(Some(Group {
                site,
                raw,
                length: self.length,
            })),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(site.corrupt(error)),
        }
    }

    fn dataset(&self, name: &str) -> Result<Option<Dataset>> {
        match self.raw.dataset(name) {
            Ok(dataset) => Ok(Some(dataset)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.place(name).corrupt(error)),
        }
    }

    pub(super) fn has_dataset(&self, name: &str) -> Result<bool> {
        Ok(self.dataset(name)?.is_some())
    }

    /// A floating-point array (integers are taken too); `None` where it is absent.
    pub(super) fn floats(&self, name: &str) -> Result<Option<Array<f64>>> {
        self.numbers(name, |raw, kind| match kind {
            Kind::Float4 => decode(raw, |b: [u8; 4]| f64::from(f32::from_ne_bytes(b))),
            Kind::Float8 => decode(raw, f64::from_ne_bytes),
            integer => integers(raw, integer)
                .into_iter()
                .map(|value| value as f64)
                .collect(),
        })
    }

    /// An integer array; `None` where it is absent.
    pub(super) fn ints(&self, name: &str) -> Result<Option<Array<i64>>> {
        self.numbers(name, integers).and_then(|array| match array {
            Some(array) if array.values.len() != count(&array.shape) => {
                let site = self.place(name);
                Err(site.unsupported("holds no integers", "write it as an integer array"))
            }
            other => Ok(other),
        })
    }

    fn numbers<T>(
        &self,
        name: &str,
        convert: impl Fn(&[u8], Kind) -> Vec<T>,
    ) -> Result<Option<Array<T>>> {
        let Some(dataset) = self.dataset(name)? else {
            return Ok(None);
        };
        let site = self.place(name);
        let remedy = "write it as 4 or 8 byte floats or as 1 to 8 byte integers";
        let kind = Kind::of(dataset.dtype())
            .ok_or_else(|| site.unsupported("holds neither floats nor integers", remedy))?;
        let shape = self.checked_shape(&dataset, &site, kind.bytes())?;
        let raw = dataset
            .read_native_bytes()
            .map_err(|error| site.corrupt(error))?;
        Ok(Some(Array {
            shape,
            values: convert(&raw, kind),
        }))
    }

    /// Strings of an array, fixed or variable length; `None` where it is absent.
    pub(super) fn strings(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(dataset) = self.dataset(name)? else {
            return Ok(None);
        };
        let site = self.place(name);
        let width = dataset
            .raw_element_size()
            .map_err(|error| site.corrupt(error))?;
        if width == 0 {
            return Err(site.corrupt("strings of zero width"));
        }
        self.checked_shape(&dataset, &site, width)?;
        dataset
            .read_strings()
            .map(Some)
            .map_err(|error| site.corrupt(error))
    }

    /// Shape of an array whose bytes this file can hold.
    fn checked_shape(
        &self,
        dataset: &Dataset,
        site: &Site<'_>,
        width: usize,
    ) -> Result<Vec<usize>> {
        let chunked = dataset.chunks().is_some();
        let bound = if chunked {
            self.length.saturating_mul(DEFLATE_RATIO)
        } else {
            self.length
        };
        let bytes = dataset.shape().iter().try_fold(width, |product, &dim| {
            product.checked_mul(usize::try_from(dim).ok()?)
        });
        match bytes {
            Some(bytes) if bytes <= bound => {
                Ok(dataset.shape().iter().map(|&dim| dim as usize).collect())
            }
            _ => Err(site.too_large(
                format!("shape {:?} of {width} bytes each", dataset.shape()),
                format!("{bound} bytes for a file of {}", self.length),
                "the file is damaged or truncated: fetch it again",
            )),
        }
    }

    /// Attribute `units` of an array, `None` where either is absent.
    pub(super) fn units(&self, name: &str) -> Result<Option<String>> {
        let Some(dataset) = self.dataset(name)? else {
            return Ok(None);
        };
        let attribute = match dataset.attribute("units") {
            Ok(attribute) => attribute,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(self.place(name).corrupt(error)),
        };
        attribute
            .read_string()
            .map(Some)
            .map_err(|error| self.place(name).corrupt(error))
    }

    /// A text attribute of the group.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>> {
        self.attribute(name, hdf5_reader::Attribute::read_string)
    }

    /// A numeric attribute of the group.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>> {
        self.attribute(name, hdf5_reader::Attribute::read_as_f64)
    }

    fn attribute<T>(
        &self,
        name: &str,
        read: impl Fn(&hdf5_reader::Attribute) -> hdf5_reader::error::Result<T>,
    ) -> Result<Option<T>> {
        let site = self.site.inside(&format!("attribute {name}"));
        match self.raw.attribute(name) {
            Ok(attribute) => read(&attribute)
                .map(Some)
                .map_err(|error| site.corrupt(error)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(site.corrupt(error)),
        }
    }

    pub(super) fn required<T>(&self, name: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.site.absent(&format!("array {name}")))
    }

    /// An error unless `shape` is `expected`.
    pub(super) fn expect(&self, name: &str, shape: &[usize], expected: &[usize]) -> Result<()> {
        if shape == expected {
            return Ok(());
        }
        Err(self.place(name).shape(shape, &format!("{expected:?}")))
    }

    /// The place of an array, for an error.
    pub(super) fn array_site(&self, name: &str) -> Site<'a> {
        self.place(name)
    }
}

/// Number formats that are read.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Float4,
    Float8,
    Signed(usize),
    Unsigned(usize),
}

impl Kind {
    fn of(datatype: &Datatype) -> Option<Self> {
        match *datatype {
            Datatype::FloatingPoint { size: 4, .. } => Some(Self::Float4),
            Datatype::FloatingPoint { size: 8, .. } => Some(Self::Float8),
            Datatype::FixedPoint {
                size: size @ (1 | 2 | 4 | 8),
                signed,
                ..
            } => {
                let size = usize::from(size);
                Some(if signed {
                    Self::Signed(size)
                } else {
                    Self::Unsigned(size)
                })
            }
            // Truth values of h5py.
            Datatype::Enum { ref base, .. } => Self::of(base),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Float4 => 4,
            Self::Float8 => 8,
            Self::Signed(size) | Self::Unsigned(size) => size,
        }
    }
}

fn decode<const N: usize, T>(raw: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    raw.as_chunks::<N>()
        .0
        .iter()
        .map(|chunk| convert(*chunk))
        .collect()
}

/// Integers as `i64`; an unsigned 8-byte value beyond it saturates, which no count survives.
fn integers(raw: &[u8], kind: Kind) -> Vec<i64> {
    match kind {
        Kind::Signed(1) => decode(raw, |b| i64::from(i8::from_ne_bytes(b))),
        Kind::Signed(2) => decode(raw, |b| i64::from(i16::from_ne_bytes(b))),
        Kind::Signed(4) => decode(raw, |b| i64::from(i32::from_ne_bytes(b))),
        Kind::Signed(_) => decode(raw, i64::from_ne_bytes),
        Kind::Unsigned(1) => decode(raw, |b| i64::from(u8::from_ne_bytes(b))),
        Kind::Unsigned(2) => decode(raw, |b| i64::from(u16::from_ne_bytes(b))),
        Kind::Unsigned(4) => decode(raw, |b| i64::from(u32::from_ne_bytes(b))),
        Kind::Unsigned(_) => decode(raw, |b| {
            i64::try_from(u64::from_ne_bytes(b)).unwrap_or(i64::MAX)
        }),
        Kind::Float4 | Kind::Float8 => Vec::new(),
    }
}

fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// Rows of three from a flat array.
pub(super) fn triples(values: &[f64]) -> Vec<[f64; 3]> {
    values.as_chunks::<3>().0.to_vec()
}
