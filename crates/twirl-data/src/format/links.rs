//! Groups of so many links that the HDF5 crate (0.12.1) loses its way among them.
//!
//! A new-style group keeps its links in a fractal heap (HDF5 file format specification 3.0,
//! III.G). Once they fill about 512 KiB the heap nests its blocks, and the crate takes the place of
//! an object in a nested block from the start of the wrong one. Here the links of such a group are
//! read block by block; a member is opened as the root of a view of the file whose superblock points
//! to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hdf5_reader::Hdf5File;
use hdf5_reader::btree_v2::{BTreeV2Header, BTreeV2Record, collect_btree_v2_records_storage};
use hdf5_reader::checksum::jenkins_lookup3;
use hdf5_reader::error::{Error, Result};
use hdf5_reader::fractal_heap::FractalHeap;
use hdf5_reader::group::Group;
use hdf5_reader::io::Cursor;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::{self, LinkTarget};
use hdf5_reader::storage::{DynStorage, Storage, StorageBuffer};
use hdf5_reader::superblock::{HDF5_MAGIC, Superblock};

/// Addresses of the members of a group whose heap nests its blocks; `None` for other groups. Soft
/// and external links are left out.
pub(super) fn dense(file: &Hdf5File, group: &Group) -> Result<Option<BTreeMap<String, u64>>> {
    let (offset_size, length_size) = (group.offset_size(), group.length_size());
    let header = file.get_or_parse_header(group.address())?;
    let info = header.messages.iter().find_map(|message| match message {
        HdfMessage::LinkInfo(info) => Some(info),
        _ => None,
    });
    let Some(info) = info else { return Ok(None) };
    if Cursor::is_undefined_offset(info.fractal_heap_address, offset_size) {
        return Ok(None);
    }
    let storage = file.storage();
    let address = info.fractal_heap_address;
    let heap = FractalHeap::parse_at_storage(storage, address, offset_size, length_size)?;
    let mut blocks = Blocks {
        heap,
        storage,
        offset_size,
        known: HashMap::new(),
    };
    if !blocks.nested()? {
        return Ok(None);
    }
    let index = info.btree_name_index_address;
    let tree = BTreeV2Header::parse_at_storage(storage, index, offset_size, length_size)?;
    let records = collect_btree_v2_records_storage(
        storage,
        &tree,
        offset_size,
        length_size,
        None,
        &[],
        None,
    )?;
    let mut links = BTreeMap::new();
    for record in records {
        let BTreeV2Record::LinkNameHash { heap_id, .. } = record else {
            continue;
        };
        let message = match heap_id.first() {
            Some(first) if first >> 4 == 0 => blocks.managed(&heap_id)?,
            _ => blocks
                .heap
                .get_object_storage(&heap_id, storage, offset_size, length_size)?,
        };
        let mut cursor = Cursor::new(&message);
        let link = link::parse(&mut cursor, offset_size, length_size, message.len())?;
        if let LinkTarget::Hard { address } = link.target {
            links.insert(link.name, address);
        }
    }
    Ok(Some(links))
}

/// The blocks of a heap, each read once.
struct Blocks<'a> {
    heap: FractalHeap,
    storage: &'a dyn Storage,
    offset_size: u8,
    known: HashMap<u64, StorageBuffer>,
}

fn damaged() -> Error {
    Error::InvalidData("the heap of the links is damaged".to_owned())
}

impl Blocks<'_> {
    /// Rows of direct blocks in an indirect block: the last has blocks of the largest direct size.
    fn direct_rows(&self) -> Result<u64> {
        let (start, most) = (
            self.heap.starting_block_size,
            self.heap.max_direct_block_size,
        );
        if !start.is_power_of_two() || !most.is_power_of_two() || most < start {
            return Err(damaged());
        }
        Ok(u64::from(most.ilog2() - start.ilog2()) + 2)
    }

    fn nested(&self) -> Result<bool> {
        let rows = u64::from(self.heap.current_rows_in_root_indirect);
        Ok(self.heap.io_filters_len == 0 && rows > 0 && rows > self.direct_rows()?)
    }

    /// Size of the blocks of a row: the first two rows have the starting size, then it doubles.
    fn block_size(&self, row: u64) -> Result<u64> {
        let double = u32::try_from(row.saturating_sub(1)).map_err(|_| damaged())?;
        let size = self.heap.starting_block_size.checked_shl(double);
        size.filter(|size| size >> double == self.heap.starting_block_size)
            .ok_or_else(damaged)
    }

    /// An object in the heap's own space: its identifier holds offset and length.
    fn managed(&mut self, id: &[u8]) -> Result<Vec<u8>> {
        let offset_bytes = usize::from(self.heap.max_heap_size).div_ceil(8);
        let most = self
            .heap
            .max_direct_block_size
            .min(self.heap.max_managed_object_size);
        let length_bytes = (most.max(1).ilog2() as usize / 8) + 1;
        let mut cursor = Cursor::new(id.get(1..).unwrap_or_default());
        let offset = cursor.read_uvar(offset_bytes)?;
        let length = cursor.read_uvar(length_bytes)?;
        let rows = u64::from(self.heap.current_rows_in_root_indirect);
        let (address, start, size) = self.find(self.heap.root_block_address, rows, offset)?;
        let storage = self.storage;
        let block = match self.known.entry(address) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let size = usize::try_from(size).map_err(|_| damaged())?;
                entry.insert(storage.read_range(address, size)?)
            }
        };
        let start = usize::try_from(offset - start).map_err(|_| damaged())?;
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length));
        let bytes = end.and_then(|end| block.get(start..end));
        bytes.map(<[u8]>::to_vec).ok_or_else(damaged)
    }

    /// Address, first heap offset and size of the direct block that holds a heap offset.
    fn find(&self, mut block: u64, mut rows: u64, offset: u64) -> Result<(u64, u64, u64)> {
        let width = u64::from(self.heap.table_width);
        let direct_rows = self.direct_rows()?;
        let head = 5 + u64::from(self.offset_size) + u64::from(self.heap.max_heap_size).div_ceil(8);
        let mut start = 0_u64;
        // Each level down is a smaller block, so the sizes bound the depth.
        'level: loop {
            let below = rows;
            for row in 0..below {
                let size = self.block_size(row)?;
                let span = size.checked_mul(width).ok_or_else(damaged)?;
                let end = start.checked_add(span).ok_or_else(damaged)?;
                if offset >= end {
                    start = end;
                    continue;
                }
                let column = (offset - start) / size;
                start += column * size;
                let entry = row * width + column;
                let place = block
                    .checked_add(head + entry * u64::from(self.offset_size))
                    .ok_or_else(damaged)?;
                let bytes = self.storage.read_range(place, self.offset_size.into())?;
                let address = Cursor::new(&bytes).read_offset(self.offset_size)?;
                if Cursor::is_undefined_offset(address, self.offset_size) {
                    return Err(damaged());
                }
                if row < direct_rows {
                    return Ok((address, start, size));
                }
                // A nested block of `size` bytes of heap has rows up to half of that.
                let first = self.heap.starting_block_size.checked_mul(width);
                let first = first.filter(|first| (1..=size).contains(first));
                let fewer = u64::from(size.ilog2() - first.ok_or_else(damaged)?.ilog2()) + 1;
                if fewer >= below {
                    return Err(damaged());
                }
                (block, rows) = (address, fewer);
                continue 'level;
            }
            return Err(damaged());
        }
    }
}

/// The group whose object header is at `address`.
pub(super) fn group_at(
    storage: &DynStorage,
    address: u64,
    options: hdf5_reader::OpenOptions,
) -> Result<Group> {
    let superblock = Superblock::parse_from_storage(storage.as_ref())?;
    let view = Rooted {
        inner: storage.clone(),
        base: superblock.base_address,
        head: head(&superblock, address),
    };
    let file = Hdf5File::from_storage_with_options(Arc::new(view), options)?;
    let header = file.get_or_parse_header(address)?;
    let array = |message: &HdfMessage| matches!(message, HdfMessage::Dataspace(_));
    if header.messages.iter().any(array) {
        return Err(Error::GroupNotFound("an array, not a group".to_owned()));
    }
    file.root_group()
}

/// A superblock of version 2 with another root.
fn head(superblock: &Superblock, root: u64) -> Vec<u8> {
    let mut head = HDF5_MAGIC.to_vec();
    head.extend([2, superblock.offset_size, superblock.length_size, 0]);
    let size = usize::from(superblock.offset_size);
    let extension = superblock.extension_address.unwrap_or(u64::MAX);
    for address in [0, extension, superblock.eof_address, root] {
        head.extend_from_slice(&address.to_le_bytes()[..size.min(8)]);
    }
    let checksum = jenkins_lookup3(&head);
    head.extend(checksum.to_le_bytes());
    head
}

/// A file with another superblock.
struct Rooted {
    inner: DynStorage,
    base: u64,
    head: Vec<u8>,
}

impl Storage for Rooted {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer> {
        let below = self.base + self.head.len() as u64;
        if offset >= below || offset + len as u64 <= self.base {
            return self.inner.read_range(offset, len);
        }
        let mut bytes = self.inner.read_range(offset, len)?.to_vec();
        for (place, byte) in bytes.iter_mut().enumerate() {
            let at = (offset + place as u64).checked_sub(self.base);
            let new = at.and_then(|at| self.head.get(usize::try_from(at).ok()?));
            *byte = new.copied().unwrap_or(*byte);
        }
        Ok(StorageBuffer::from_vec(bytes))
    }
}
