//! Tables as Parquet files: one row group, plain encoding, no compression.
//!
//! The format is that of apache/parquet-format 2.10, its metadata in Thrift's compact protocol. Every
//! column is optional, so that absent values are null.

use crate::csv::Csv;

/// Columns of counts; other columns of numbers hold doubles, whatever their values.
const COUNTS: [&str; 16] = [
    "against_seeds",
    "degree",
    "parameters",
    "rotations",
    "rotations_averaged",
    "samples",
    "seed",
    "seeds",
    "step",
    "steps",
    "steps_to_1",
    "steps_to_10",
    "steps_to_2",
    "steps_to_5",
    "threads",
    "molecules",
];

/// Numbers of `parquet.thrift`.
const INT64: i64 = 2;
const DOUBLE: i64 = 5;
const BYTE_ARRAY: i64 = 6;
const OPTIONAL: i64 = 1;
const UTF8: i64 = 0;
const PLAIN: i64 = 0;
const RLE: i64 = 3;
const MAGIC: &[u8] = b"PAR1";

/// Kinds of fields in the compact protocol.
const INTEGER: u8 = 5;
const LONG: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A structure of the compact protocol; fields are added in ascending order.
#[derive(Default)]
struct Fields {
    bytes: Vec<u8>,
    last: u8,
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn zigzag(bytes: &mut Vec<u8>, value: i64) {
    varint(bytes, ((value << 1) ^ (value >> 63)) as u64);
}

fn text(bytes: &mut Vec<u8>, value: &str) {
    varint(bytes, value.len() as u64);
    bytes.extend(value.bytes());
}

impl Fields {
    fn head(&mut self, field: u8, kind: u8) {
        self.bytes.push((field - self.last) << 4 | kind);
        self.last = field;
    }

    fn integer(mut self, field: u8, value: i64) -> Self {
        self.head(field, INTEGER);
        zigzag(&mut self.bytes, value);
        self
    }

    fn long(mut self, field: u8, value: usize) -> Self {
        self.head(field, LONG);
        zigzag(&mut self.bytes, value as i64);
        self
    }

    fn text(mut self, field: u8, value: &str) -> Self {
        self.head(field, BINARY);
        text(&mut self.bytes, value);
        self
    }

    fn structure(mut self, field: u8, inner: Self) -> Self {
        self.head(field, STRUCT);
        self.bytes.extend(inner.end());
        self
    }

    /// A list of already encoded elements.
    fn list(mut self, field: u8, kind: u8, elements: &[Vec<u8>]) -> Self {
        self.head(field, LIST);
        if elements.len() < 15 {
            self.bytes.push((elements.len() as u8) << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            varint(&mut self.bytes, elements.len() as u64);
        }
        self.bytes.extend(elements.iter().flatten());
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

/// A column: its type and the encoded values that are present.
struct Column<'a> {
    name: &'a str,
    kind: i64,
    present: Vec<bool>,
    values: Vec<u8>,
}

impl<'a> Column<'a> {
    fn new(name: &'a str, cells: &[&str]) -> Self {
        let present: Vec<bool> = cells.iter().map(|cell| !cell.is_empty()).collect();
        let filled = || cells.iter().filter(|cell| !cell.is_empty());
        let counts: Option<Vec<i64>> = filled().map(|cell| cell.parse().ok()).collect();
        let numbers: Option<Vec<f64>> = filled().map(|cell| cell.parse().ok()).collect();
        let (kind, values) = match (counts, numbers) {
            (Some(counts), _) if COUNTS.contains(&name) => (
                INT64,
                counts.into_iter().flat_map(i64::to_le_bytes).collect(),
            ),
            (_, Some(numbers)) => (
                DOUBLE,
                numbers.into_iter().flat_map(f64::to_le_bytes).collect(),
            ),
            _ => {
                let strings = filled().flat_map(|cell| {
                    let length = (cell.len() as u32).to_le_bytes();
                    length.into_iter().chain(cell.bytes())
                });
                (BYTE_ARRAY, strings.collect())
            }
        };
        Self {
            name,
            kind,
            present,
            values,
        }
    }

    fn schema(&self) -> Vec<u8> {
        let element = Fields::default()
            .integer(1, self.kind)
            .integer(3, OPTIONAL)
            .text(4, self.name);
        let element = match self.kind {
            BYTE_ARRAY => element.integer(6, UTF8),
            _ => element,
        };
        element.end()
    }

    /// One data page: header, which values are present as bits, values.
    fn page(&self) -> Vec<u8> {
        let mut levels = Vec::new();
        varint(
            &mut levels,
            (self.present.len().div_ceil(8) as u64) << 1 | 1,
        );
        for eight in self.present.chunks(8) {
            let bits = eight.iter().enumerate();
            levels.push(bits.fold(0, |byte, (bit, &set)| byte | u8::from(set) << bit));
        }
        let size = (4 + levels.len() + self.values.len()) as i64;
        let data = Fields::default()
            .integer(1, self.present.len() as i64)
            .integer(2, PLAIN)
            .integer(3, RLE)
            .integer(4, RLE);
        let header = Fields::default()
            .integer(1, 0)
            .integer(2, size)
            .integer(3, size)
            .structure(5, data);
        let mut page = header.end();
        page.extend((levels.len() as u32).to_le_bytes());
        page.extend(levels);
        page.extend(&self.values);
        page
    }

    fn metadata(&self, offset: usize, size: usize) -> Vec<u8> {
        let encoding = |number: i64| {
            let mut bytes = Vec::new();
            zigzag(&mut bytes, number);
            bytes
        };
        let mut path = Vec::new();
        text(&mut path, self.name);
        let metadata = Fields::default()
            .integer(1, self.kind)
            .list(2, INTEGER, &[encoding(PLAIN), encoding(RLE)])
            .list(3, BINARY, &[path])
            .integer(4, 0)
            .long(5, self.present.len())
            .long(6, size)
            .long(7, size)
            .long(9, offset);
        Fields::default()
            .long(2, offset)
            .structure(3, metadata)
            .end()
    }
}

/// The content of a Parquet file with the rows of a table. Columns whose values are all numbers hold
/// doubles (counts: whole numbers), all others text; empty cells are null.
pub fn parquet(table: &Csv) -> Vec<u8> {
    let (head, rows) = table.cells();
    let columns: Vec<Column> = head
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let cells: Vec<&str> = rows.iter().map(|row| row[place].as_str()).collect();
            Column::new(name, &cells)
        })
        .collect();
    let mut file = MAGIC.to_vec();
    let mut chunks = Vec::new();
    for column in &columns {
        let (offset, page) = (file.len(), column.page());
        chunks.push(column.metadata(offset, page.len()));
        file.extend(page);
    }
    let root = Fields::default()
        .text(4, "table")
        .integer(5, columns.len() as i64)
        .end();
    let schema: Vec<Vec<u8>> = std::iter::once(root)
        .chain(columns.iter().map(Column::schema))
        .collect();
    let group = Fields::default()
        .list(1, STRUCT, &chunks)
        .long(2, file.len() - MAGIC.len())
        .long(3, rows.len());
    let footer = Fields::default()
        .integer(1, 1)
        .list(2, STRUCT, &schema)
        .long(3, rows.len())
        .list(4, STRUCT, &[group.end()])
        .text(6, "twirlbench")
        .end();
    file.extend(&footer);
    file.extend((footer.len() as u32).to_le_bytes());
    file.extend(MAGIC);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_the_compact_protocol() {
        // Field 1 = 1, field 3 = -1 and field 4 = "ab", by hand.
        let fields = Fields::default().integer(1, 1).integer(3, -1).text(4, "ab");
        assert_eq!(fields.end(), [0x15, 2, 0x25, 1, 0x18, 2, b'a', b'b', 0]);
    }

    #[test]
    fn columns_have_the_kind_of_their_values() {
        let kind = |name, cells: &[&str]| Column::new(name, cells).kind;
        assert_eq!(kind("step", &["1", "", "20"]), INT64);
        assert_eq!(kind("loss", &["1", "2"]), DOUBLE);
        assert_eq!(kind("arm", &["painn", "1"]), BYTE_ARRAY);
        let column = Column::new("loss", &["0.5", "", "1.5"]);
        assert_eq!(column.present, [true, false, true]);
        assert_eq!(column.values.len(), 16);
    }
}
