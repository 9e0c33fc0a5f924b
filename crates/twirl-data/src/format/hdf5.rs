//! The only modules that know the HDF5 crate are this one, `links` and `crate::source`.
//!
//! Files are read in ranges, sizes are checked against the file and a budget before anything is
//! allocated, and every failure is an error with the path inside the file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hdf5_reader::error::Error;
use hdf5_reader::group::Group as RawGroup;
use hdf5_reader::storage::DynStorage;
use hdf5_reader::{Dataset, Datatype, FilterRegistry, Hdf5File};

use super::number::{Kind, integers};
use super::{links, lzf, slabs};
use crate::error::{DataError, Result};
use crate::site::Site;
use crate::source::Source;

/// Deflate expands at most 1032-fold, so no honest array is longer than this times the file.
pub(super) const DEFLATE_RATIO: u64 = 1032;

/// What all groups of a file share.
struct Shared {
    storage: DynStorage,
    length: u64,
    budget: u64,
    held: AtomicU64,
}

pub(super) struct File<'a> {
    path: &'a str,
    inner: Hdf5File,
    shared: Arc<Shared>,
}

/// A group; `site` says where it is.
pub(super) struct Group<'a> {
    pub(super) site: Site<'a>,
    pub(super) raw: RawGroup,
    shared: Arc<Shared>,
    /// Addresses of the members, where the crate loses its way among them.
    links: Option<Arc<BTreeMap<String, u64>>>,
}

/// A numeric array in row-major order.
pub(super) struct Array<T> {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<T>,
}

/// An array of numbers whose shape is known and within the budget.
pub(super) struct Unread<'a> {
    dataset: Dataset,
    site: Site<'a>,
    kind: Kind,
    shape: Vec<usize>,
}

impl Unread<'_> {
    /// Reads it into its place, as floats.
    pub(super) fn read(&self, out: &mut [f64]) -> Result<()> {
        if count(&self.shape) != out.len() {
            let expected = format!("{} values", out.len());
            return Err(self.site.shape(&self.shape, &expected));
        }
        slabs::read(&self.dataset, self.kind, slabs::SLAB, out)
            .map_err(|error| failure(&self.site, &error))
    }
}

/// The settings with which a file, or a view of it, is opened.
fn settings(length: u64) -> hdf5_reader::OpenOptions {
    let bound = usize::try_from(length.saturating_mul(DEFLATE_RATIO)).unwrap_or(usize::MAX);
    let mut filters = FilterRegistry::new();
    filters.register(lzf::FILTER, Box::new(lzf::filter));
    // Chunks are decoded whole, so a chunk is bound like an array; nothing is read twice.
    hdf5_reader::OpenOptions::default()
        .with_filter_registry(filters)
        .with_max_read_bytes(bound)
        .with_max_chunk_bytes(bound.min(1 << 30))
        .with_chunk_cache_bytes(0)
}

impl<'a> File<'a> {
    /// Opens a file of which at most `budget` bytes of arrays are held.
    pub(super) fn open(source: &'a Source, budget: u64) -> Result<Self> {
        let storage = source.storage()?;
        let length = source.length();
        let inner = Hdf5File::from_storage_with_options(storage.clone(), settings(length))
            .map_err(|error| failure(&Site::new(&source.path, "file"), &error))?;
        Ok(Self {
            path: &source.path,
            inner,
            shared: Arc::new(Shared {
                storage,
                length,
                budget,
                held: AtomicU64::new(0),
            }),
        })
    }

    /// The same file without what has been looked at: some 15 KB for each group. What is held of the
    /// budget is counted together.
    pub(super) fn again(&self) -> Result<Self> {
        let (storage, options) = (self.shared.storage.clone(), settings(self.shared.length));
        let inner = Hdf5File::from_storage_with_options(storage, options)
            .map_err(|error| failure(&Site::new(self.path, "file"), &error))?;
        Ok(Self {
            path: self.path,
            inner,
            shared: self.shared.clone(),
        })
    }

    pub(super) fn root(&self) -> Result<Group<'a>> {
        let site = Site::new(self.path, "root group");
        let raw = self.inner.root_group();
        let raw = raw.map_err(|error| failure(&site, &error))?;
        Group::new(site, raw, self.shared.clone(), Some(&self.inner))
    }
}

pub(super) fn is_absent(error: &Error) -> bool {
    match error {
        Error::GroupNotFound(_) | Error::DatasetNotFound(_) | Error::AttributeNotFound(_) => true,
        Error::Context { source, .. } => is_absent(source),
        _ => false,
    }
}

/// Names of filters that are not read, by their registered number (HDF Group, registered filter
/// plug-ins).
const FILTERS: [(&str, &str); 12] = [
    ("32001", "blosc"),
    ("32002", "mafisc"),
    ("32003", "snappy"),
    ("32004", "lz4"),
    ("32007", "bzip2"),
    ("32008", "bitshuffle"),
    ("32013", "zfp"),
    ("32015", "zstd"),
    ("32017", "sz"),
    ("32018", "fcidecomp"),
    ("32024", "sz3"),
    ("32026", "blosc2"),
];

/// What the crate's error means for whoever has the file.
pub(super) fn failure(site: &Site<'_>, error: &Error) -> DataError {
    match error {
        Error::Context { source, .. } => failure(site, source),
        Error::UnsupportedFilter(which) => {
            let number = which.trim_start_matches(|c: char| !c.is_ascii_digit());
            let name = FILTERS.iter().find(|(known, _)| *known == number);
            let name = name.map_or("a filter", |(_, name)| *name);
            site.unsupported(
                format!("is compressed with {name} (filter {number}), which is not read"),
                "recompress the file: h5repack -f GZIP=4 IN OUT",
            )
        }
        Error::UnsupportedEncoding(what) => {
            site.unsupported(what, "write the file again with h5py's defaults")
        }
        Error::Io(error) => {
            let (path, _) = site.parts();
            let reason = crate::site::one_line(&error.to_string());
            DataError::Unreadable { path, reason }
        }
        other => site.corrupt(other),
    }
}

impl<'a> Group<'a> {
    fn new(
        site: Site<'a>,
        raw: RawGroup,
        shared: Arc<Shared>,
        file: Option<&Hdf5File>,
    ) -> Result<Self> {
        let links = match file {
            Some(file) => links::dense(file, &raw).map_err(|error| failure(&site, &error))?,
            None => None,
        };
        Ok(Self {
            site,
            raw,
            shared,
            links: links.map(Arc::new),
        })
    }

    /// Whether the members are known by their addresses, and each is opened apart.
    pub(super) fn holds_addresses(&self) -> bool {
        self.links.is_some()
    }

    /// The place of an array, for an error.
    pub(super) fn array_site(&self, name: &str) -> Site<'a> {
        match self.site.record.as_str() {
            "root group" => Site::new(self.site.path, format!("array {name}")),
            _ => self.site.inside(&format!("array {name}")),
        }
    }

    /// Names of the child groups and of the arrays, in the order of the file.
    pub(super) fn members(&self) -> Result<(Vec<String>, Vec<String>)> {
        if let Some(links) = &self.links {
            return Ok((links.keys().cloned().collect(), Vec::new()));
        }
        let members = self.raw.member_names();
        members.map_err(|error| failure(&self.site, &error))
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

    /// A child group; `None` where it is absent or an array.
    pub(super) fn group(&self, name: &str) -> Result<Option<Group<'a>>> {
        let record = match self.site.record.strip_prefix("group ") {
            Some(above) => format!("group {above}/{name}"),
            None => format!("group {name}"),
        };
        let site = Site::new(self.site.path, record);
        let raw = match &self.links {
            None => self.raw.group(name),
            Some(links) => match links.get(name) {
                None => return Ok(None),
                Some(&address) => {
                    links::group_at(&self.shared.storage, address, settings(self.shared.length))
                }
            },
        };
        match raw {
            Ok(raw) => Ok(Some(Group::new(site, raw, self.shared.clone(), None)?)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(failure(&site, &error)),
        }
    }

    pub(super) fn dataset(&self, name: &str) -> Result<Option<Dataset>> {
        if self.links.is_some() {
            return Ok(None);
        }
        match self.raw.dataset(name) {
            Ok(dataset) => Ok(Some(dataset)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(failure(&self.array_site(name), &error)),
        }
    }

    pub(super) fn has_dataset(&self, name: &str) -> Result<bool> {
        Ok(self.dataset(name)?.is_some())
    }

    /// A floating-point array (integers are taken too); `None` where it is absent.
    pub(super) fn floats(&self, name: &str) -> Result<Option<Array<f64>>> {
        let Some(array) = self.unread(name)? else {
            return Ok(None);
        };
        let mut values = vec![0.0; count(&array.shape)];
        array.read(&mut values)?;
        let shape = array.shape;
        Ok(Some(Array { shape, values }))
    }

    /// Shape of an array, before it is read; `None` where it is absent.
    pub(super) fn shape(&self, name: &str) -> Result<Option<Vec<usize>>> {
        let dataset = self.dataset(name)?;
        Ok(dataset.map(|dataset| dataset.shape().iter().map(|&dim| dim as usize).collect()))
    }

    /// An integer array; `None` where it is absent.
    pub(super) fn ints(&self, name: &str) -> Result<Option<Array<i64>>> {
        let Some(array) = self.unread(name)? else {
            return Ok(None);
        };
        let raw = array.dataset.read_native_bytes();
        let values = integers(
            &raw.map_err(|error| failure(&array.site, &error))?,
            array.kind,
        );
        if values.len() != count(&array.shape) {
            let remedy = "write it as an integer array";
            return Err(array.site.unsupported("holds no integers", remedy));
        }
        let shape = array.shape;
        Ok(Some(Array { shape, values }))
    }

    /// An array of numbers, of which each will be held in 8 bytes; `None` where it is absent.
    pub(super) fn unread(&self, name: &str) -> Result<Option<Unread<'a>>> {
        let Some(dataset) = self.dataset(name)? else {
            return Ok(None);
        };
        let site = self.array_site(name);
        let remedy = "write it as 4 or 8 byte floats or as 1 to 8 byte integers";
        let kind = Kind::of(dataset.dtype())
            .ok_or_else(|| site.unsupported("holds neither floats nor integers", remedy))?;
        let shape = self.checked_shape(&dataset, &site, kind.bytes(), 8)?;
        Ok(Some(Unread {
            dataset,
            site,
            kind,
            shape,
        }))
    }

    /// Strings of an array, fixed or variable length; `None` where it is absent.
    pub(super) fn strings(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(dataset) = self.dataset(name)? else {
            return Ok(None);
        };
        let site = self.array_site(name);
        let width = dataset
            .raw_element_size()
            .map_err(|error| failure(&site, &error))?;
        if width == 0 {
            return Err(site.corrupt("strings of zero width"));
        }
        self.checked_shape(&dataset, &site, width, width)?;
        dataset
            .read_strings()
            .map(Some)
            .map_err(|error| failure(&site, &error))
    }

    /// Shape of an array whose bytes this file can hold, and the budget too.
    fn checked_shape(
        &self,
        dataset: &Dataset,
        site: &Site<'_>,
        width: usize,
        held: usize,
    ) -> Result<Vec<usize>> {
        let chunked = dataset.chunks().is_some();
        let bound = if chunked {
            self.shared.length.saturating_mul(DEFLATE_RATIO)
        } else {
            self.shared.length
        };
        let count = dataset
            .shape()
            .iter()
            .try_fold(1_u64, |product, &dim| product.checked_mul(dim));
        let claimed = || format!("shape {:?} of {width} bytes each", dataset.shape());
        let bytes = count.and_then(|count| count.checked_mul(width as u64));
        let Some(bytes) = bytes.filter(|bytes| *bytes <= bound) else {
            return Err(site.too_large(
                claimed(),
                format!("{bound} bytes for a file of {}", self.shared.length),
                "the file is damaged or truncated: fetch it again",
            ));
        };
        let bytes = bytes.saturating_mul(held.max(width) as u64) / width as u64;
        let before = self.shared.held.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.shared.budget {
            return Err(site.too_large(
                claimed(),
                format!("{} bytes of arrays in memory", self.shared.budget),
                "give more, if they are there: --max-bytes, or use a part of the set",
            ));
        }
        Ok(dataset.shape().iter().map(|&dim| dim as usize).collect())
    }

    pub(super) fn required<T>(&self, name: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.site.absent(&format!("array {name}")))
    }

    /// An error unless `shape` is `expected`.
    pub(super) fn expect(&self, name: &str, shape: &[usize], expected: &[usize]) -> Result<()> {
        if shape == expected {
            return Ok(());
        }
        Err(self.array_site(name).shape(shape, &format!("{expected:?}")))
    }

    /// An error if the array is there with another shape: before it is read.
    pub(super) fn expect_unread(&self, name: &str, expected: &[usize]) -> Result<()> {
        self.expect_unread_any(name, &[expected])
    }

    /// The same where several shapes will do.
    pub(super) fn expect_unread_any(&self, name: &str, expected: &[&[usize]]) -> Result<()> {
        let Some(dataset) = self.dataset(name)? else {
            return Ok(());
        };
        let shape: Vec<usize> = dataset.shape().iter().map(|&dim| dim as usize).collect();
        if expected.contains(&&shape[..]) {
            return Ok(());
        }
        let list: Vec<String> = expected.iter().map(|shape| format!("{shape:?}")).collect();
        Err(self.array_site(name).shape(&shape, &list.join(" or ")))
    }
}

fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}
