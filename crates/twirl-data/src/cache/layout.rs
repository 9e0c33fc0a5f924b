//! The file of a decoded set.
//!
//! | bytes | content |
//! |---|---|
//! | 0..8 | `TWIRLSET` |
//! | 8..12 | version of this layout, u32 |
//! | 12..16 | crc32c of bytes 16..32 and of the header, u32 |
//! | 16..24 | bytes of the header, u64 |
//! | 24..32 | bytes of the file, u64 |
//! | 32.. | the header, JSON: source, options, what is no array, and place and crc32c of each section |
//! | from a multiple of 64 each | the sections: arrays as in memory (little-endian, 8-byte floats and counts, 1-byte atomic numbers), and the molecules in JSON |

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytemuck::Pod;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use twirl_map::Map;

use super::wanted::{VERSION, Wanted};
use crate::column::Column;
use crate::dataset::{Contents, Origin, Reason};
use crate::molecule::Molecule;
use crate::part;
use crate::units::Units;

const MAGIC: &[u8; 8] = b"TWIRLSET";
const HEAD: usize = 32;
const ALIGNED: usize = 64;
/// Bytes whose checksum is taken at a time.
const BLOCK: usize = 4 << 20;

/// Whether this machine has arrays as they are in the file.
pub(super) const SUPPORTED: bool = cfg!(all(target_endian = "little", target_pointer_width = "64"));

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    wanted: Wanted,
    /// Bytes of the source.
    bytes: u64,
    about: About,
    sections: BTreeMap<String, Section>,
}

/// What is neither an array nor a molecule.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    name: String,
    format: String,
    level: Option<String>,
    licence: Option<String>,
    units: Units,
    origins: Vec<Origin>,
    notes: Vec<String>,
    split_rule: String,
    left_out: BTreeMap<Reason, usize>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Section {
    /// From the end of the header, rounded up.
    start: usize,
    bytes: usize,
    crc32c: u32,
}

fn rounded(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGNED)
}

fn checksum(bytes: &[u8]) -> u32 {
    let parts = bytes.par_chunks(BLOCK);
    let parts = parts.map(|part| (crc32c::crc32c(part), part.len()));
    let join = |(a, first), (b, second)| (crc32c::crc32c_combine(a, b, second), first + second);
    parts.reduce(|| (0, 0), join).0
}

/// Writes a set beside `path` and puts it in place whole.
pub(super) fn write(path: &Path, set: &Contents, wanted: &Wanted) -> io::Result<()> {
    let molecules = serde_json::to_vec(&set.molecules)?;
    let [train, validation, test] = &set.parts;
    let mut arrays = vec![
        ("offset", set.offset.bytes()),
        ("atomic_number", set.numbers.bytes()),
        ("position", set.positions.bytes()),
        ("molecule_index", set.molecule.bytes()),
        ("train", train.bytes()),
        ("validation", validation.bytes()),
        ("test", test.bytes()),
        ("molecules", &molecules),
    ];
    arrays.extend(set.forces.as_ref().map(|forces| ("force", forces.bytes())));
    arrays.extend(
        set.energies
            .as_ref()
            .map(|energies| ("energy", energies.bytes())),
    );
    let (mut sections, mut end) = (BTreeMap::new(), 0);
    for (name, bytes) in &arrays {
        let section = Section {
            start: end,
            bytes: bytes.len(),
            crc32c: checksum(bytes),
        };
        end += rounded(bytes.len());
        sections.insert((*name).to_owned(), section);
    }
    let header = Header {
        wanted: wanted.clone(),
        bytes: set.stamp.map_or(0, |stamp| stamp.bytes()),
        about: About {
            name: set.name.clone(),
            format: set.format.clone(),
            level: set.level.clone(),
            licence: set.licence.clone(),
            units: set.units,
            origins: set.origins.clone(),
            notes: set.notes.clone(),
            split_rule: set.split_rule.clone(),
            left_out: set.left_out.clone(),
        },
        sections,
    };
    let header = serde_json::to_vec(&header)?;
    let total = rounded(HEAD + header.len()) + end;
    let lengths = [header.len() as u64, total as u64].map(u64::to_le_bytes);
    let lengths = lengths.as_flattened();
    let check = crc32c::crc32c_append(crc32c::crc32c(lengths), &header);
    let head = [
        &MAGIC[..],
        &VERSION.to_le_bytes(),
        &check.to_le_bytes(),
        lengths,
        &header,
    ];
    let head = head.concat();

    // Not synced: what a loss of power leaves is found by its length and checksums.
    part::write(path, |file| {
        padded(file, &head)?;
        arrays.iter().try_for_each(|(_, bytes)| padded(file, bytes))
    })
}

fn padded(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.write_all(&[0; ALIGNED][..rounded(bytes.len()) - bytes.len()])
}

/// Maps a file; `None` where there is none, an error in words where it is damaged or holds another set.
/// `path_of_source` becomes the path of the set.
pub(super) fn open(
    path: &Path,
    wanted: &Wanted,
    path_of_source: &str,
) -> Result<Option<Contents>, String> {
    let map = match Map::open(path) {
        Ok(map) => Arc::new(map),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let (header, start) = header(&map)?;
    if header.wanted != *wanted {
        return Err("it holds another set, or one that another version decoded".to_owned());
    }
    let sections = Sections {
        map,
        start,
        list: &header.sections,
    };
    let About {
        name,
        format,
        level,
        licence,
        units,
        origins,
        notes,
        split_rule,
        left_out,
    } = header.about;
    let molecules: Vec<Molecule> = serde_json::from_slice(sections.bytes("molecules")?)
        .map_err(|error| format!("its molecules cannot be read: {error}"))?;
    let contents = Contents {
        name,
        path: path_of_source.to_owned(),
        format,
        sha256: wanted.sha256().to_owned(),
        level,
        licence,
        units,
        origins,
        notes,
        offset: sections.column("offset")?,
        numbers: sections.column("atomic_number")?,
        positions: sections.column("position")?,
        forces: sections.optional("force")?,
        energies: sections.optional("energy")?,
        molecule: sections.column("molecule_index")?,
        molecules,
        parts: [
            sections.column("train")?,
            sections.column("validation")?,
            sections.column("test")?,
        ],
        split_rule,
        left_out,
        turns: true,
        stamp: None,
    };
    if fits(&contents) {
        Ok(Some(contents))
    } else {
        Err("its arrays do not fit each other".to_owned())
    }
}

/// The header, and where the sections start.
fn header(map: &Map) -> Result<(Header, usize), String> {
    let cut = || "it is cut short".to_owned();
    let head = map.first_chunk::<HEAD>().ok_or_else(cut)?;
    if !head.starts_with(MAGIC) {
        return Err("it is no file of a decoded set".to_owned());
    }
    let number = |range: Range<usize>| {
        let mut bytes = [0; 8];
        bytes[..range.len()].copy_from_slice(&head[range]);
        u64::from_le_bytes(bytes)
    };
    let version = number(8..12);
    if version != u64::from(VERSION) {
        return Err(format!("it has layout {version}, not {VERSION}"));
    }
    if number(24..32) != map.len() as u64 {
        return Err(cut());
    }
    let end = usize::try_from(number(16..24))
        .ok()
        .and_then(|bytes| HEAD.checked_add(bytes));
    let end = end.filter(|&end| end <= map.len()).ok_or_else(cut)?;
    if u64::from(crc32c::crc32c(&map[16..end])) != number(12..16) {
        return Err("its header is damaged".to_owned());
    }
    let header = serde_json::from_slice(&map[HEAD..end]);
    let header = header.map_err(|error| format!("its header cannot be read: {error}"))?;
    Ok((header, rounded(end)))
}

struct Sections<'a> {
    map: Arc<Map>,
    start: usize,
    list: &'a BTreeMap<String, Section>,
}

impl Sections<'_> {
    /// Where a section is, once its checksum is right.
    fn range(&self, name: &str) -> Result<Option<Range<usize>>, String> {
        let Some(section) = self.list.get(name) else {
            return Ok(None);
        };
        let start = self.start.checked_add(section.start);
        let end = start.and_then(|start| start.checked_add(section.bytes));
        let range = start.zip(end).map(|(start, end)| start..end);
        let found = range.clone().and_then(|range| self.map.get(range));
        match found {
            Some(bytes) if checksum(bytes) == section.crc32c => Ok(range),
            _ => Err(format!("its section {name} is damaged")),
        }
    }

    fn bytes(&self, name: &str) -> Result<&[u8], String> {
        let range = self.range(name)?;
        let range = range.ok_or_else(|| format!("it has no section {name}"))?;
        Ok(&self.map[range])
    }

    fn optional<T: Pod>(&self, name: &str) -> Result<Option<Column<T>>, String> {
        let Some(range) = self.range(name)? else {
            return Ok(None);
        };
        let column = Column::mapped(&self.map, range);
        column
            .map(Some)
            .ok_or_else(|| format!("its section {name} is no whole array"))
    }

    fn column<T: Pod>(&self, name: &str) -> Result<Column<T>, String> {
        let column = self.optional(name)?;
        column.ok_or_else(|| format!("it has no section {name}"))
    }
}

/// Whether every index is inside of what it points into.
fn fits(set: &Contents) -> bool {
    let (frames, atoms) = (set.molecule.len(), set.numbers.len());
    let labels = set
        .forces
        .as_ref()
        .is_none_or(|forces| forces.len() == atoms)
        && set
            .energies
            .as_ref()
            .is_none_or(|energies| energies.len() == frames);
    let ascending = set.offset.is_sorted()
        && set.offset.len() == frames + 1
        && set.offset.first() == Some(&0)
        && set.offset.last() == Some(&atoms);
    let inside = |indices: &[usize], count: usize| indices.iter().all(|&index| index < count);
    labels
        && ascending
        && set.positions.len() == atoms
        && inside(&set.molecule, set.molecules.len())
        && set.parts.iter().all(|part| inside(part, frames))
}
